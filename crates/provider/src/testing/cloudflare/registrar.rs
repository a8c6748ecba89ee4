//! The registrar: `registrations` with a cursor, and the older `domains`.

use serde_json::{Value, json};

use super::{Cloudflare, Registered, State, error, result};
use crate::testing::server::{Reply, Request};

impl State {
    /// Below `/accounts/{account}/registrar`.
    pub(super) fn registrar(&mut self, rest: &[&str], token: &str, request: &Request) -> Reply {
        let method = request.method.as_str();
        match (self.legacy, method, rest) {
            (false, "GET", ["registrations"]) => self.list(request),
            (false, "GET", ["registrations", name]) => self.tell(name, Registered::told),
            (false, "PATCH", ["registrations", name]) => self.order(name, token, &request.body),
            (false, "GET", ["registrations", name, "update-status"]) => self.status(name),
            (_, "GET", ["domains"]) => {
                result(200, &self.domains.iter().map(Registered::told_before).collect::<Vec<_>>().into())
            }
            (_, "GET", ["domains", name]) => self.tell(name, Registered::told_before),
            (_, "PUT", ["domains", name]) => {
                self.turn_on(name, token, &request.body).map_or_else(not_there, |one| result(200, &one.told_before()))
            }
            _ => error(404, 7003, "No route for the URI"),
        }
    }

    /// The cursor is a number, written as services do: of characters that mean something in a query.
    fn list(&self, request: &Request) -> Reply {
        let from = request.asks("cursor").map_or("+0=", |cursor| cursor).replace("%2B", "+").replace("%3D", "=");
        let from: usize = from.trim_matches(['+', '=']).parse().unwrap_or(usize::MAX);
        let per = request.asks("per_page").and_then(|text| text.parse().ok()).unwrap_or(20_usize);
        let part: Vec<Value> = self.domains.iter().skip(from).take(per).map(Registered::told).collect();
        let next = from.saturating_add(per);
        let cursor = if next < self.domains.len() { format!("+{next}=") } else { String::new() };
        let info = json!({ "per_page": per, "count": part.len(), "cursor": cursor });
        Reply::json(200, &json!({ "success": true, "errors": [], "messages": [], "result": part, "result_info": info }))
    }

    fn tell(&self, name: &str, how: impl Fn(&Registered) -> Value) -> Reply {
        self.domains.iter().find(|one| one.name == name).map_or_else(not_there, |one| result(200, &how(one)))
    }

    /// Charges for it from now on.
    fn turn_on(&mut self, name: &str, token: &str, body: &Value) -> Option<Registered> {
        let one = self.domains.iter_mut().find(|one| one.name == name)?;
        one.auto_renew = body["auto_renew"].as_bool()?;
        if one.auto_renew {
            self.bought.push(format!("{name} with {token}"));
        }
        Some(one.clone())
    }

    fn order(&mut self, name: &str, token: &str, body: &Value) -> Reply {
        if body["auto_renew"].as_bool().is_none() || body.as_object().is_none_or(|fields| fields.len() != 1) {
            return error(422, 10_001, "only auto_renew can be changed");
        }
        let Some((state, _)) = self.workflow.clone() else {
            let done = self.turn_on(name, token, body);
            return done.map_or_else(not_there, |_| result(200, &self.workflow_of(name, "succeeded", "")));
        };
        if !self.domains.iter().any(|one| one.name == name) {
            return not_there();
        }
        self.bought.push(format!("{name} with {token}"));
        let why = self.workflow.clone().unwrap_or_default().1;
        result(202, &self.workflow_of(name, &state, &why))
    }

    fn status(&mut self, name: &str) -> Reply {
        match self.workflow.clone() {
            None => not_there(),
            Some((state, why)) => {
                if state == "succeeded" {
                    self.domains.iter_mut().filter(|one| one.name == name).for_each(|one| one.auto_renew = true);
                }
                result(200, &self.workflow_of(name, &state, &why))
            }
        }
    }

    fn workflow_of(&self, name: &str, state: &str, why: &str) -> Value {
        let usual = format!("/accounts/{}/registrar/registrations/{name}/update-status", Cloudflare::ACCOUNT);
        let mut body = json!({
            "completed": matches!(state, "succeeded" | "failed"), "state": state,
            "created_at": "2026-11-20T10:00:00Z", "updated_at": "2026-11-20T10:00:01Z",
            "links": { "self": self.link.clone().unwrap_or(usual) }, "context": { "domain_name": name },
        });
        if state == "failed" {
            body["error"] = json!({ "code": "payment_failed", "message": why });
        }
        body
    }
}

fn not_there() -> Reply {
    error(404, 10_002, "domain not found")
}

impl Registered {
    fn told(&self) -> Value {
        json!({
            "domain_name": self.name, "status": self.status, "auto_renew": self.auto_renew, "locked": true,
            "privacy_mode": "redaction", "created_at": "2024-02-01T00:00:00Z", "expires_at": self.expires,
        })
    }

    fn told_before(&self) -> Value {
        json!({
            "id": "ea95132c15732412d22c1476fa83f27a", "name": self.name, "available": false, "can_register": false,
            "auto_renew": self.auto_renew, "created_at": "2024-02-01T00:00:00Z", "current_registrar": "Cloudflare",
            "expires_at": self.expires, "locked": true, "registry_statuses": self.status, "supported_tld": true,
        })
    }
}
