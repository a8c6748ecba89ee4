//! Turning on renewal: the one way to have a domain prolonged there, and an order to charge for it.

use std::sync::PoisonError;

use atalaya_renew::limits::short;
use atalaya_renew::{Act, Bought, Looked, Order, Quote, Sells, Trouble};
use serde::Deserialize;
use serde_json::{Value, json};
use ureq::http::Method;

use super::Cloudflare;
use super::api::{Said, id};
use super::registrar::{Api, Domain};
use crate::limits::WORKFLOWS_MAX;
use crate::provider::Shop;
use crate::{names, time};

/// How an order stands.
#[derive(Deserialize)]
struct Workflow {
    state: State,
    #[serde(default)]
    links: Option<Links>,
    #[serde(default)]
    error: Option<Failure>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Pending,
    InProgress,
    ActionRequired,
    Blocked,
    Succeeded,
    Failed,
}

#[derive(Deserialize)]
struct Links {
    #[serde(rename = "self")]
    own: Option<String>,
}

#[derive(Deserialize)]
struct Failure {
    #[serde(default)]
    message: String,
}

impl Shop for Cloudflare {
    fn sells(&self) -> Sells {
        Sells { renewal: false, auto_renew: true }
    }

    fn quote(&self, name: &str, act: Act) -> Result<Quote, Trouble> {
        only_auto_renew(act)?;
        quote(&self.domain(name)?, act)
    }

    fn buy(&self, order: &Order, _: i64) -> Bought {
        let domain = match self.still(order) {
            Ok(domain) if domain.auto_renew => return taken(),
            Ok(domain) => domain,
            Err(trouble) => return Bought::Not(trouble),
        };
        match self.turn_on(order, &domain) {
            Ok(bought) => bought,
            Err(Trouble::Unclear(why)) => Bought::Unclear(why),
            Err(trouble) => Bought::Not(trouble),
        }
    }

    fn look(&self, order: &Order) -> Result<Looked, Trouble> {
        let domain = self.domain(&order.name)?;
        let expires = end(&domain)?;
        let looked = Looked { expires, auto_renew: domain.auto_renew, under_way: Some(false), failed: None };
        if domain.auto_renew || domain.api == Api::Domains {
            return Ok(looked);
        }
        match self.get::<Workflow>(&self.workflow(&domain, &order.name)?) {
            Ok(workflow) => Ok(workflow.told(looked)),
            Err(Trouble::NotThere(_)) => Ok(looked),
            Err(trouble) => Err(trouble),
        }
    }
}

impl Cloudflare {
    /// The domain, if an order still fits it.
    fn still(&self, order: &Order) -> Result<Domain, Trouble> {
        only_auto_renew(order.act)?;
        let domain = self.domain(&order.name)?;
        let expires = end(&domain)?;
        if expires == order.expires {
            return Ok(domain);
        }
        let now = time::written(expires);
        Err(Trouble::Refused(format!("{} ends at another time than was approved: {now}", order.name)))
    }

    fn turn_on(&self, order: &Order, domain: &Domain) -> Result<Bought, Trouble> {
        let (account, name) = (id(&domain.account)?, names::name(&order.name)?);
        let (method, path) = match domain.api {
            Api::Registrations => (Method::PATCH, format!("/accounts/{account}/registrar/registrations/{name}")),
            Api::Domains => (Method::PUT, format!("/accounts/{account}/registrar/domains/{name}")),
        };
        let token = self.spend_token.as_ref().ok_or_else(|| Trouble::SetUp("there is no spend_token_file".into()))?;
        let answer = self.send(token, method, &path, Some(&json!({ "auto_renew": true })))?;
        let documented = matches!(answer.status, 200 | 202 | 400 | 401 | 403 | 404 | 409 | 422 | 429);
        let unclear = |why: &str| Ok(Bought::Unclear(format!("Cloudflare's answer to an order: {why}")));
        if !documented {
            return unclear(&format!("status {}", answer.status));
        }
        match self.read::<Value>(&answer) {
            Ok(Said::No(trouble, _)) => Ok(Bought::Not(trouble)),
            Err(trouble) => unclear(&trouble.to_string()),
            Ok(Said::Yes(..)) if domain.api == Api::Domains => Ok(taken()),
            Ok(Said::Yes(result, _)) => match serde_json::from_value::<Workflow>(result) {
                Ok(workflow) => Ok(self.begun(workflow, &name)),
                Err(_) => unclear("it tells of no workflow"),
            },
        }
    }

    fn begun(&self, workflow: Workflow, name: &str) -> Bought {
        if workflow.state == State::Failed {
            return Bought::Not(Trouble::Refused(workflow.why()));
        }
        if let Some(path) = workflow.links.and_then(|links| links.own).as_deref().and_then(own_path) {
            let mut known = self.workflows.lock().unwrap_or_else(PoisonError::into_inner);
            while known.len() >= WORKFLOWS_MAX {
                known.pop_first();
            }
            known.insert(name.to_owned(), path);
        }
        taken()
    }

    /// Where it is told how the order for `name` stands: as it was said, or as the description has it.
    fn workflow(&self, domain: &Domain, name: &str) -> Result<String, Trouble> {
        let (account, name) = (id(&domain.account)?, names::name(name)?);
        let known = self.workflows.lock().unwrap_or_else(PoisonError::into_inner);
        let usual = || format!("/accounts/{account}/registrar/registrations/{name}/update-status");
        Ok(known.get(&name).cloned().unwrap_or_else(usual))
    }
}

impl Workflow {
    fn why(&self) -> String {
        let message = self.error.as_ref().map(|error| error.message.as_str()).filter(|message| !message.is_empty());
        short(message.unwrap_or("Cloudflare does not say why it failed"))
    }

    fn told(&self, looked: Looked) -> Looked {
        match self.state {
            State::Pending | State::InProgress => Looked { under_way: Some(true), ..looked },
            State::ActionRequired | State::Blocked => Looked {
                under_way: Some(true),
                failed: Some("Cloudflare waits for you: see the registrar's page in its dashboard".into()),
                ..looked
            },
            State::Succeeded => looked,
            State::Failed => Looked { failed: Some(self.why()), ..looked },
        }
    }
}

/// A link of an answer as it may be asked for: a path of this API and nothing else, so that no answer leads elsewhere.
fn own_path(link: &str) -> Option<String> {
    let path = link.strip_prefix("/client/v4").unwrap_or(link);
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte);
    let good = path.starts_with("/accounts/") && path.len() <= 300 && path.bytes().all(fits);
    (good && !path.contains("//") && !path.contains("..")).then(|| path.to_owned())
}

fn only_auto_renew(act: Act) -> Result<(), Trouble> {
    match act {
        Act::AutoRenew => Ok(()),
        Act::Renew { .. } => Err(Trouble::Refused(
            "Cloudflare renews no domain when it is asked to; have it renewed automatically instead".into(),
        )),
    }
}

fn quote(domain: &Domain, act: Act) -> Result<Quote, Trouble> {
    Ok(Quote { act, price: None, expires: end(domain)?, auto_renew: domain.auto_renew })
}

fn end(domain: &Domain) -> Result<i64, Trouble> {
    let text = domain.expires.as_deref().unwrap_or_default();
    time::seconds(text).map_err(|why| Trouble::Garbled(format!("when it ends: {why}")))
}

const fn taken() -> Bought {
    Bought::Taken { number: String::new(), charged: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_nowhere_else() {
        let good = "/accounts/a/registrar/registrations/example.com/update-status";
        assert_eq!(own_path(good).as_deref(), Some(good));
        assert_eq!(own_path(&format!("/client/v4{good}")).as_deref(), Some(good));
        for bad in [
            "https://evil.example/accounts/a",
            "//evil.example/accounts/a",
            "/accounts//evil",
            "/accounts/../zones",
            "/zones/z",
            "/accounts/a?x=1",
            "/accounts/a@evil.example",
            "",
        ] {
            assert_eq!(own_path(bad), None, "{bad}");
        }
    }
}
