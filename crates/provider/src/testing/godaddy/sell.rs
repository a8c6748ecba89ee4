//! Prices and purchases.

use serde_json::{Value, json};

use super::{Action, Sold, State, error};
use crate::testing::server::{Reply, Request};

impl State {
    pub(super) fn auto_renew(&mut self, name: &str, key: &str, body: &Value) -> Reply {
        let Some(one) = self.domains.iter_mut().find(|one| one.name == name) else {
            return error(404, "UNKNOWN_DOMAIN", "no such domain");
        };
        let Some(wanted) = body["renewAuto"].as_bool() else {
            return error(422, "INVALID_BODY", "Request body doesn't fulfill schema, see details in `fields`");
        };
        one.renew_auto = wanted;
        if wanted {
            self.bought.push(Sold { name: name.into(), years: 0, key: key.into() });
        }
        Reply::empty(200)
    }

    /// `v2`.
    pub(super) fn customer(&mut self, name: &str, rest: &[&str], key: &str, request: &Request) -> Reply {
        match (request.method.as_str(), rest) {
            ("GET", []) => self.find(name, |one, partial| {
                let body = json!({
                    "domain": one.name, "status": one.status, "expiresAt": one.expires, "renewAuto": one.renew_auto,
                    "authCode": "do-not-show-this", "nameServers": [],
                    "renewal": { "renewable": one.renewable, "price": one.price, "currency": "USD" },
                });
                (partial, body)
            }),
            ("POST", ["renew"]) => self.renew_v2(name, key, request),
            ("GET", ["actions", "RENEW"]) => match self.actions.iter().rev().find(|action| action.name == name) {
                None => error(404, "NOT_FOUND", "no such action"),
                Some(action) => Reply::json(200, &action.told()),
            },
            _ => error(404, "NOT_FOUND", "Not Found"),
        }
    }

    fn renew_v2(&mut self, name: &str, key: &str, request: &Request) -> Reply {
        let Some(one) = self.domains.iter().find(|one| one.name == name) else {
            return error(404, "UNKNOWN_DOMAIN", "The domain does not exist");
        };
        let (body, consent) = (&request.body, &request.body["consent"]);
        let whole = body["expires"].is_string() && consent["agreedBy"].is_string() && consent["agreedAt"].is_string();
        // Without a period it is the one of the first purchase: two years here.
        let years = u32::try_from(body["period"].as_u64().unwrap_or(2)).unwrap_or(0);
        if !whole || !(1..=10).contains(&years) {
            return error(422, "INVALID_BODY", "Request body doesn't fulfill schema, see details in `fields`");
        }
        if self.actions.iter().any(|action| action.name == name && action.status == "ACCEPTED") {
            return error(409, "DUPLICATE_ACTION", "There is already a similar action processing");
        }
        if body["expires"] != one.expires.as_str() {
            return error(422, "MISMATCH_EXPIRES", "`expires` does not match");
        }
        if consent["price"] != one.price || consent["currency"] != "USD" {
            return error(422, "MISMATCH_PRICE", "`consent.price` does not match");
        }
        self.bought.push(Sold { name: name.into(), years, key: key.into() });
        let status = if self.slow { "ACCEPTED" } else { "SUCCESS" };
        let id = request.header("x-request-id").map(str::to_owned);
        self.actions.push(Action { name: name.into(), status, request: id, years });
        if !self.slow {
            self.prolong(name, years);
        }
        Reply::empty(202)
    }
}

impl Action {
    fn told(&self) -> Value {
        let mut body = json!({
            "type": "RENEW", "origination": "USER", "createdAt": "2026-11-20T10:00:00.000Z", "status": self.status,
        });
        if let Some(id) = &self.request {
            body["requestId"] = id.as_str().into();
        }
        if self.status == "FAILED" {
            body["reason"] = json!({ "code": "PAYMENT_DECLINED", "message": "The payment was declined" });
        }
        body
    }
}
