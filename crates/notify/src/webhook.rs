//! A webhook: facts and words as JSON, signed.

use std::path::PathBuf;

use atalaya_alert::Wall;
use jiff::Timestamp;
use ring::hmac;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::address::Address;
use crate::channel::Channel;
use crate::clean::line;
use crate::format::PLAIN;
use crate::http::Post;
use crate::limits::{FIELD_BYTES_MAX, WEBHOOK_TEXT_BYTES_MAX};
use crate::message::{Item, Message};
use crate::outcome::Outcome;
use crate::secret::Secret;

/// Where to, and with whose signature.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    url: Address,
    secret_file: Secret,
    /// The secret that is being replaced: both sign.
    old_secret_file: Option<Secret>,
    ca_file: Option<PathBuf>,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Webhook(Settings);

impl Webhook {
    /// One with these settings.
    #[must_use]
    pub const fn new(settings: Settings) -> Self {
        Self(settings)
    }

    fn signature(&self, body: &[u8], now: Wall) -> Result<String, String> {
        let mut out = format!("t={}", now.0);
        for secret in [Some(&self.0.secret_file), self.0.old_secret_file.as_ref()].into_iter().flatten() {
            let key = hmac::Key::new(hmac::HMAC_SHA256, secret.read()?.as_bytes());
            let mut signed = hmac::Context::with_key(&key);
            signed.update(format!("{}.", now.0).as_bytes());
            signed.update(body);
            out.push_str(",v1=");
            out.extend(signed.sign().as_ref().iter().map(|byte| format!("{byte:02x}")));
        }
        Ok(out)
    }
}

impl Channel for Webhook {
    fn send(&self, message: &Message, now: Wall) -> Outcome {
        let body = body(message).to_string().into_bytes();
        let signature = match self.signature(&body, now) {
            Ok(signature) => signature,
            Err(why) => return Outcome::wrong(why),
        };
        let post = Post {
            server: &self.0.url,
            url: self.0.url.as_str(),
            ca_file: self.0.ca_file.as_ref(),
            headers: &[("Atalaya-Id", &message.id), ("Atalaya-Signature", &signature)],
            body: &body,
        };
        // Its status says that it has it; what it says beside is its own affair.
        post.send(now).map_or_else(|outcome| outcome, |answer| answer.judge("the webhook", true))
    }
}

fn body(message: &Message) -> Value {
    json!({
        "version": 1,
        "id": message.id,
        "kind": message.what.as_str(),
        "severity": message.severity,
        "customer": message.customer,
        "at": moment(message.at),
        "subject": message.subject,
        "text": PLAIN.render(message, WEBHOOK_TEXT_BYTES_MAX),
        "incidents": message.incidents,
        "alerts": message.items.iter().filter_map(alert).collect::<Vec<_>>(),
        "more": message.more,
        "url": message.link.as_ref().map(|link| &link.url),
    })
}

fn alert(item: &Item) -> Option<Value> {
    let facts = item.facts.as_ref()?;
    Some(json!({
        "node": line(facts.alert.node.as_str(), FIELD_BYTES_MAX),
        "object": line(facts.alert.object.as_str(), FIELD_BYTES_MAX),
        "rule": line(facts.alert.rule.as_str(), FIELD_BYTES_MAX),
        "severity": facts.severity,
        "since": moment(facts.since),
        "shown": facts.shown,
        "runbook": facts.runbook,
        "link": facts.link,
    }))
}

/// RFC 3339; null for a time that no calendar has.
fn moment(at: Wall) -> Option<String> {
    Timestamp::from_second(at.0).ok().map(|at| at.to_string())
}
