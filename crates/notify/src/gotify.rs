//! Gotify (gotify.net/api-docs, "createMessage"; gotify.net/docs/msgextras).

use std::path::PathBuf;

use atalaya_alert::{Severity, Wall};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::address::Address;
use crate::channel::Channel;
use crate::format::MARKDOWN;
use crate::http::Post;
use crate::limits::GOTIFY_BYTES_MAX;
use crate::message::Message;
use crate::outcome::Outcome;
use crate::secret::Secret;

/// Where to, and as which application.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    server: Address,
    token_file: Secret,
    ca_file: Option<PathBuf>,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Gotify(Settings);

impl Gotify {
    /// One with these settings.
    #[must_use]
    pub const fn new(settings: Settings) -> Self {
        Self(settings)
    }
}

impl Channel for Gotify {
    fn send(&self, message: &Message, now: Wall) -> Outcome {
        let token = match self.0.token_file.read() {
            Ok(token) => token,
            Err(why) => return Outcome::wrong(why),
        };
        let (url, body) = (self.0.server.join("message"), body(message).to_string());
        let post = Post {
            server: &self.0.server,
            url: &url,
            ca_file: self.0.ca_file.as_ref(),
            headers: &[("X-Gotify-Key", &token)],
            body: body.as_bytes(),
        };
        match post.send(now) {
            Ok(answer) => answer.judge("Gotify", answer.json()["id"].is_u64()),
            Err(outcome) => outcome,
        }
    }
}

fn body(message: &Message) -> Value {
    let text = MARKDOWN.render(message, GOTIFY_BYTES_MAX);
    let mut extras = json!({"client::display": {"contentType": "text/markdown"}});
    if let (Some(link), Some(extras)) = (&message.link, extras.as_object_mut()) {
        extras.insert("client::notification".into(), json!({"click": {"url": link.url}}));
    }
    json!({
        "title": message.subject,
        // It must not be empty.
        "message": if text.is_empty() { MARKDOWN.escaped(&message.subject) } else { text },
        "priority": priority(message.urgency()),
        "extras": extras,
    })
}

const fn priority(severity: Severity) -> u8 {
    match severity {
        Severity::Critical => 10,
        Severity::High => 8,
        Severity::Medium => 5,
        Severity::Low => 2,
    }
}
