//! Slack, by an incoming webhook (docs.slack.dev, "Sending messages using incoming webhooks").

use std::path::PathBuf;

use atalaya_alert::{Severity, Wall};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::address::Address;
use crate::channel::Channel;
use crate::format::SLACK;
use crate::http::Post;
use crate::limits::SLACK_BYTES_MAX;
use crate::message::Message;
use crate::outcome::Outcome;
use crate::secret::Secret;

/// Where to: the address itself is the secret.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    url_file: Secret,
    ca_file: Option<PathBuf>,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Slack(Settings);

impl Slack {
    /// One with these settings.
    #[must_use]
    pub const fn new(settings: Settings) -> Self {
        Self(settings)
    }

    fn address(&self) -> Result<Address, String> {
        let address: Address =
            self.0.url_file.read()?.parse().map_err(|why| format!("the address in url_file: {why}"))?;
        if address.is_private() { Ok(address) } else { Err("the address in url_file must begin with https://".into()) }
    }
}

impl Channel for Slack {
    fn send(&self, message: &Message, now: Wall) -> Outcome {
        let address = match self.address() {
            Ok(address) => address,
            Err(why) => return Outcome::wrong(why),
        };
        let body = body(message).to_string();
        let post = Post {
            server: &address,
            url: address.as_str(),
            ca_file: self.0.ca_file.as_ref(),
            headers: &[],
            body: body.as_bytes(),
        };
        match post.send(now) {
            Ok(answer) => answer.judge("Slack", answer.whole && answer.body.trim_ascii() == b"ok"),
            Err(outcome) => outcome,
        }
    }
}

fn body(message: &Message) -> Value {
    let subject = SLACK.escaped(&message.subject);
    let plain = |text: &str| json!({"type": "plain_text", "emoji": false, "text": text});
    let text = SLACK.render(message, SLACK_BYTES_MAX);
    let mut blocks = Vec::new();
    // A section must not be empty.
    if !text.is_empty() {
        blocks.push(json!({"type": "section", "text": plain(&text)}));
    }
    if let Some(link) = &message.link {
        let button = json!({"type": "button", "text": plain(&SLACK.escaped(&link.label)), "url": link.url});
        blocks.push(json!({"type": "actions", "elements": [button]}));
    }
    json!({
        "text": subject,
        "mrkdwn": false,
        "attachments": [{"color": color(message), "fallback": subject, "blocks": blocks}],
    })
}

const fn color(message: &Message) -> &'static str {
    match message.severity {
        _ if matches!(message.what, crate::What::Alert(atalaya_alert::Kind::Resolved)) => "#2e7d32",
        Severity::Critical => "#b3261e",
        Severity::High => "#e8710a",
        Severity::Medium => "#f2b600",
        Severity::Low => "#5f6368",
    }
}
