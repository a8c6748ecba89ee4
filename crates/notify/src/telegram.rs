//! Telegram, by a bot (core.telegram.org/bots/api#sendmessage).

use std::path::PathBuf;
use std::time::Duration;

use atalaya_alert::{Severity, Wall};
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::{Value, json};

use crate::address::Address;
use crate::channel::Channel;
use crate::format::TELEGRAM;
use crate::http::Post;
use crate::limits::TELEGRAM_BYTES_MAX;
use crate::message::Message;
use crate::outcome::Outcome;
use crate::secret::Secret;

const SERVER: &str = "https://api.telegram.org";

/// Which bot writes to which chat.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    token_file: Secret,
    chat: Chat,
    /// A topic of a group.
    thread: Option<u64>,
    /// Of a Bot API server of one's own.
    server: Option<Address>,
    ca_file: Option<PathBuf>,
}

/// A chat's number, or a public channel's name with an `@`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Chat(Value);

impl<'de> Deserialize<'de> for Chat {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(from)?;
        let name = |text: &str| text.strip_prefix('@').is_some_and(|name| !name.is_empty() && name.bytes().all(word));
        match &value {
            Value::Number(number) if number.is_i64() => Ok(Self(value)),
            Value::String(text) if name(text) => Ok(Self(value)),
            _ => Err(D::Error::custom("a chat is a number such as -1001234567890, or a name such as \"@channel\"")),
        }
    }
}

const fn word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Telegram(Settings);

impl Telegram {
    /// One with these settings.
    #[must_use]
    pub const fn new(settings: Settings) -> Self {
        Self(settings)
    }

    fn body(&self, message: &Message) -> Value {
        let subject = TELEGRAM.escaped(&message.subject);
        // The subject's own tags and the empty line.
        let room = TELEGRAM_BYTES_MAX.saturating_sub(subject.len() + 16);
        let mut body = json!({
            "chat_id": self.0.chat.0,
            "text": format!("<b>{subject}</b>\n\n{}", TELEGRAM.render(message, room)).trim_end(),
            "parse_mode": "HTML",
            "link_preview_options": {"is_disabled": true},
            "disable_notification": message.urgency() <= Severity::Medium,
        });
        if let (Some(thread), Some(body)) = (self.0.thread, body.as_object_mut()) {
            body.insert("message_thread_id".into(), thread.into());
        }
        body
    }

    fn try_once(&self, message: &Message, now: Wall) -> Result<Outcome, Outcome> {
        let server = match &self.0.server {
            Some(server) => server.clone(),
            None => SERVER.parse().map_err(|why: &str| Outcome::wrong(why))?,
        };
        let token = self.0.token_file.read().map_err(Outcome::wrong)?;
        if !token.bytes().all(|byte| word(byte) || matches!(byte, b':' | b'-')) {
            return Err(Outcome::wrong("the file of token_file holds no token of a bot, such as 123456:ABC-DEF"));
        }
        if !server.is_private() {
            return Err(Outcome::wrong("a Bot API server beyond this machine must have https://"));
        }
        let url = zeroize::Zeroizing::new(server.join(&format!("bot{}/sendMessage", *token)));
        let body = self.body(message).to_string();
        let ca_file = self.0.ca_file.as_ref();
        let mut answer = Post { server: &server, url: &url, ca_file, headers: &[], body: body.as_bytes() }.send(now)?;
        let said = answer.json();
        let wait = said.pointer("/parameters/retry_after").and_then(Value::as_u64).map(Duration::from_secs);
        answer.retry_after = wait.or(answer.retry_after);
        if said["ok"] == Value::Bool(true) {
            // What it sends back is the whole message.
            answer.body = format!("message {}", said["result"]["message_id"]).into_bytes();
        }
        Ok(answer.judge("Telegram", said["ok"] == Value::Bool(true)))
    }
}

impl Channel for Telegram {
    fn send(&self, message: &Message, now: Wall) -> Outcome {
        self.try_once(message, now).unwrap_or_else(|outcome| outcome)
    }
}
