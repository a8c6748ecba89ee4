//! Renewing, and having it renewed.

use std::net::IpAddr;

use atalaya_renew::limits::YEARS_MAX;
use atalaya_renew::{Act, Bought, Currency, Looked, Micros, Money, Order, Quote, Sells, Trouble};
use serde::Deserialize;
use serde_json::{Value, json};
use ureq::http::Method;

use super::api::Change;
use super::{GoDaddy, Renewal};
use crate::provider::Shop;
use crate::{names, time};

/// `DomainDetailV2`, of which the rest is of no use here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    domain: String,
    expires_at: String,
    #[serde(default)]
    renew_auto: bool,
    renewal: Option<Price>,
}

/// `RenewalDetails`
#[derive(Deserialize)]
struct Price {
    renewable: Option<bool>,
    price: i64,
    currency: Option<Currency>,
}

/// `Action`
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Action {
    status: State,
    reason: Option<Reason>,
    request_id: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum State {
    Accepted,
    Awaiting,
    Cancelled,
    Failed,
    Pending,
    Success,
}

#[derive(Deserialize)]
struct Reason {
    code: String,
    #[serde(default)]
    message: String,
}

/// A quote, with the end as it was written.
struct Read {
    quote: Quote,
    written: String,
}

impl Shop for GoDaddy {
    /// Nobody says yes to a renewal whose price is told afterwards, as `v1` does: without a customer number there is none.
    fn sells(&self) -> Sells {
        Sells { renewal: self.renewal.is_some(), auto_renew: true }
    }

    fn quote(&self, name: &str, act: Act) -> Result<Quote, Trouble> {
        self.read(name, act).map(|read| read.quote)
    }

    fn buy(&self, order: &Order, now: i64) -> Bought {
        let read = match self.read(&order.name, order.act).and_then(|read| still(order, read)) {
            Ok(read) => read,
            Err(trouble) => return Bought::Not(trouble),
        };
        let sent = match (order.act, &self.renewal) {
            (Act::AutoRenew, _) if read.quote.auto_renew => {
                return Bought::Taken { number: String::new(), charged: None };
            }
            (Act::AutoRenew, _) => self.turn_on(order),
            (Act::Renew { years }, Some(Renewal { customer, agreed_by })) => {
                self.renew(order, customer, &consent(&read, years, *agreed_by, now))
            }
            (Act::Renew { .. }, None) => Err(unpriced()),
        };
        match sent {
            Ok(bought) => bought,
            Err(Trouble::Unclear(why)) => Bought::Unclear(why),
            Err(trouble) => Bought::Not(trouble),
        }
    }

    fn look(&self, order: &Order) -> Result<Looked, Trouble> {
        let Some(Renewal { customer, .. }) = &self.renewal else {
            let one = self.domain(&order.name)?;
            let expires = end(one.expires.as_deref().unwrap_or_default())?;
            return Ok(Looked { expires, auto_renew: one.renew_auto, under_way: None, failed: None });
        };
        let detail = self.detail(customer, &order.name)?;
        let looked = Looked {
            expires: end(&detail.expires_at)?,
            auto_renew: detail.renew_auto,
            under_way: Some(false),
            failed: None,
        };
        match order.act {
            Act::AutoRenew => Ok(Looked { under_way: None, ..looked }),
            Act::Renew { .. } => Ok(match self.action(customer, order)? {
                None => looked,
                Some(action) => action.told(looked),
            }),
        }
    }
}

impl GoDaddy {
    fn read(&self, name: &str, act: Act) -> Result<Read, Trouble> {
        match (act, &self.renewal) {
            (Act::Renew { years }, _) if !(1..=YEARS_MAX).contains(&years) => {
                Err(Trouble::Refused(format!("a domain is renewed for 1 to {YEARS_MAX} years")))
            }
            // It says one price, and not for how many years that is.
            (Act::Renew { years: 2.. }, Some(_)) => {
                Err(Trouble::Refused("GoDaddy tells the price of one year only: renew year by year".into()))
            }
            (Act::Renew { .. }, Some(Renewal { customer, .. })) => self.price(customer, name, act),
            (Act::Renew { .. }, None) => Err(unpriced()),
            (Act::AutoRenew, _) => {
                let one = self.domain(name)?;
                let written = one.expires.unwrap_or_default();
                let quote = Quote { act, price: None, expires: end(&written)?, auto_renew: one.renew_auto };
                Ok(Read { quote, written })
            }
        }
    }

    fn price(&self, customer: &str, name: &str, act: Act) -> Result<Read, Trouble> {
        let detail = self.detail(customer, name)?;
        let price = detail.renewal.ok_or_else(|| Trouble::Garbled("it tells no price".into()))?;
        if price.renewable == Some(false) {
            return Err(Trouble::Refused(format!("GoDaddy says that {name} cannot be renewed now")));
        }
        let price = money(price.price, price.currency).ok_or_else(|| Trouble::Garbled("its price is none".into()))?;
        let expires = end(&detail.expires_at)?;
        let quote = Quote { act, price: Some(price), expires, auto_renew: detail.renew_auto };
        Ok(Read { quote, written: detail.expires_at })
    }

    fn detail(&self, customer: &str, name: &str) -> Result<Detail, Trouble> {
        let name = names::name(name)?;
        let detail: Detail =
            self.get("customer-domain", &format!("/v2/customers/{customer}/domains/{name}"))?.json()?;
        if detail.domain.eq_ignore_ascii_case(&name) { Ok(detail) } else { Err(names::another()) }
    }

    /// The last renewal; `None` where there was none, or only another's.
    fn action(&self, customer: &str, order: &Order) -> Result<Option<Action>, Trouble> {
        let path = format!("/v2/customers/{customer}/domains/{}/actions/RENEW", names::name(&order.name)?);
        match self.get("actions", &path) {
            Ok(answer) => answer.json().map(|action: Action| {
                // One without an id may be last year's.
                let ours = action.request_id.as_deref() == Some(order.reference.as_str());
                ours.then_some(action)
            }),
            // 409 where its status knows no such action.
            Err(Trouble::NotThere(_) | Trouble::Refused(_)) => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }

    fn renew(&self, order: &Order, customer: &str, body: &Value) -> Result<Bought, Trouble> {
        let path = format!("/v2/customers/{customer}/domains/{}/renew", names::name(&order.name)?);
        self.spend(order, Method::POST, "renew", &path, body, |answer| {
            (answer.status == 202).then(|| Bought::Taken { number: String::new(), charged: None })
        })
    }

    fn turn_on(&self, order: &Order) -> Result<Bought, Trouble> {
        let path = format!("/v1/domains/{}", names::name(&order.name)?);
        self.spend(order, Method::PATCH, "domain", &path, &json!({ "renewAuto": true }), |answer| {
            (answer.status == 200).then(|| Bought::Taken { number: String::new(), charged: None })
        })
    }

    /// Sends an order. What is neither the answer it should be nor one that its description knows for a refusal is unclear.
    fn spend(
        &self,
        order: &Order,
        method: Method,
        endpoint: &'static str,
        path: &str,
        body: &Value,
        taken: impl FnOnce(&crate::http::Answer) -> Option<Bought>,
    ) -> Result<Bought, Trouble> {
        let key = self.spend_key.as_ref().ok_or_else(|| Trouble::SetUp("there is no spend_key_file".into()))?;
        let reference = Some(order.reference.as_str());
        let answer = self.change(key, &Change { method, endpoint, path, body: Some(body), reference })?;
        if let Some(bought) = taken(&answer) {
            return Ok(bought);
        }
        match answer.status {
            400 | 401 | 403 | 404 | 409 | 422 | 429 => Ok(Bought::Not(self.judge(&answer))),
            status => Ok(Bought::Unclear(format!("GoDaddy's answer to an order cannot be understood ({status})"))),
        }
    }
}

fn unpriced() -> Trouble {
    let why = "GoDaddy tells the price of a renewal only for a customer number: set customer and agreed_by";
    Trouble::SetUp(why.into())
}

/// What was read, if an order still fits it.
fn still(order: &Order, read: Read) -> Result<Read, Trouble> {
    if read.quote.expires != order.expires {
        let now = time::written(read.quote.expires);
        return Err(Trouble::Refused(format!("{} ends at another time than was approved: {now}", order.name)));
    }
    match (read.quote.price, order.price) {
        (None, None) => Ok(read),
        (None, Some(limit)) => Err(Trouble::Refused(format!("it says no price now, and {limit} was approved"))),
        (Some(price), Some(limit)) if price.is_within(limit) => Ok(read),
        (Some(price), Some(limit)) => Err(Trouble::Refused(format!("it costs {price} now, and {limit} was approved"))),
        (Some(price), None) => Err(Trouble::Refused(format!("it costs {price}, and no price was approved"))),
    }
}

/// `DomainRenewV2`. The end is given back as it was told.
fn consent(read: &Read, years: u8, agreed_by: IpAddr, now: i64) -> Value {
    let price = read.quote.price.map_or(Value::Null, |price| price.micros().0.into());
    let currency = read.quote.price.map(|price| price.currency().to_string());
    json!({
        "expires": read.written,
        "period": years,
        "consent": { "price": price, "currency": currency, "agreedBy": agreed_by, "agreedAt": time::written(now) },
    })
}

/// In its unit, and its currency where it says none.
fn money(micros: i64, currency: Option<Currency>) -> Option<Money> {
    Money::of_micros(Micros(micros), currency.or_else(|| "USD".parse().ok())?)
}

fn end(text: &str) -> Result<i64, Trouble> {
    time::seconds(text).map_err(|why| Trouble::Garbled(format!("when it ends: {why}")))
}

impl Action {
    fn told(self, looked: Looked) -> Looked {
        let why = self.reason.map_or_else(String::new, |reason| format!(": {} [{}]", reason.message, reason.code));
        let why = atalaya_renew::limits::short(&why);
        match self.status {
            State::Accepted | State::Pending | State::Awaiting => Looked { under_way: Some(true), ..looked },
            State::Success => looked,
            State::Cancelled => Looked { failed: Some(format!("the renewal was cancelled{why}")), ..looked },
            State::Failed => Looked { failed: Some(format!("the renewal failed{why}")), ..looked },
        }
    }
}
