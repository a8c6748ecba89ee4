//! Questions and changes, and what its errors mean.

use atalaya_renew::Trouble;
use atalaya_renew::limits::short;
use serde::Deserialize;
use serde_json::Value;
use ureq::http::Method;
use zeroize::Zeroizing;

use super::GoDaddy;
use crate::http::{Answer, Ask, JSON};
use crate::limits::BUSY_SECONDS_MAX;
use crate::secret::Secret;

/// `Error` and `ErrorLimit` of its description.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Error {
    code: String,
    message: String,
    fields: Vec<Field>,
    #[serde(rename = "retryAfterSec")]
    retry_after: Option<u32>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Field {
    path: String,
    message: String,
}

/// What is done, of which each is counted for itself: `endpoint` names it.
pub(super) struct Change<'a> {
    pub(super) method: Method,
    pub(super) endpoint: &'static str,
    pub(super) path: &'a str,
    pub(super) body: Option<&'a Value>,
    /// For its log.
    pub(super) reference: Option<&'a str>,
}

impl GoDaddy {
    /// A question's answer, if it is a success.
    pub(super) fn get(&self, endpoint: &'static str, path: &str) -> Result<Answer, Trouble> {
        self.pace.take(endpoint)?;
        let key = authorization(&self.key)?;
        let ask = Ask { headers: &[("Authorization", &key), JSON], ..Ask::get(path) };
        let answer = self.service.ask(&ask).map_err(crate::http::NoAnswer::on_question)?;
        if answer.is_success() { Ok(answer) } else { Err(self.judge(&answer)) }
    }

    /// A change's answer, of whatever status.
    pub(super) fn change(&self, key: &Secret, change: &Change<'_>) -> Result<Answer, Trouble> {
        self.pace.take(change.endpoint)?;
        let key = authorization(key)?;
        let mut headers = vec![("Authorization", key.as_str()), JSON];
        headers.extend(change.reference.map(|reference| ("X-Request-Id", reference)));
        let ask = Ask { method: change.method.clone(), path: change.path, headers: &headers, body: change.body };
        self.service.ask(&ask).map_err(crate::http::NoAnswer::on_change)
    }

    /// What an answer that is no success means: by status and, within 403, by code.
    pub(super) fn judge(&self, answer: &Answer) -> Trouble {
        if let Some(odd) = answer.odd() {
            return odd;
        }
        let error: Error = answer.json().unwrap_or_default();
        let why = error.told(answer.status);
        match answer.status {
            401 => Trouble::WrongKey(why),
            403 if error.code == "ACCESS_DENIED" => Trouble::NotEntitled(format!(
                "{why}; GoDaddy opens this to accounts with ten domains or more, or a Discount Domain Club plan, and a \
                 customer number has to be the key's own"
            )),
            403 => Trouble::NotEntitled(why),
            404 => Trouble::NotThere(why),
            429 => {
                let after = error.retry_after.map_or_else(|| answer.busy(), |seconds| seconds.min(BUSY_SECONDS_MAX));
                self.pace.stay_away(after);
                Trouble::Busy { after }
            }
            400 | 402 | 405..=499 => Trouble::Refused(why),
            _ => Trouble::Garbled(why),
        }
    }
}

impl Error {
    fn told(&self, status: u16) -> String {
        let mut text = if self.message.is_empty() { "GoDaddy says no more".to_owned() } else { self.message.clone() };
        for field in self.fields.iter().take(3) {
            text.push_str(&format!(" ({}: {})", field.path, field.message));
        }
        short(&format!("{text} [{status} {}]", self.code))
    }
}

/// The header's value.
fn authorization(key: &Secret) -> Result<Zeroizing<String>, Trouble> {
    let key = key.read()?;
    if key.starts_with("gd_pat_") {
        return Err(Trouble::SetUp("a personal access token works with GoDaddy's v3 only; make an API key".into()));
    }
    match key.split_once(':') {
        Some((name, secret)) if !name.is_empty() && !secret.is_empty() => {
            Ok(Zeroizing::new(format!("sso-key {}", key.as_str())))
        }
        _ => Err(Trouble::SetUp("GoDaddy's key file holds one line, KEY:SECRET".into())),
    }
}
