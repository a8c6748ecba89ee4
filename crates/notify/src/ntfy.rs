//! ntfy, on ntfy.sh or a server of one's own (docs.ntfy.sh/publish, "Publish as JSON").

use std::path::PathBuf;

use atalaya_alert::{Severity, Wall};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::address::Address;
use crate::channel::Channel;
use crate::format::PLAIN;
use crate::http::Post;
use crate::limits::NTFY_BYTES_MAX;
use crate::message::{Message, What};
use crate::outcome::Outcome;
use crate::secret::Secret;

/// Where to, and as whom.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Settings {
    server: Address,
    topic: String,
    account: Account,
    ca_file: Option<PathBuf>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Account {
    None,
    Token(Secret),
    Password { username: String, password: Secret },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    server: Address,
    #[serde(deserialize_with = "topic")]
    topic: String,
    token_file: Option<Secret>,
    username: Option<String>,
    password_file: Option<Secret>,
    ca_file: Option<PathBuf>,
}

fn topic<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let text = String::deserialize(from)?;
    let fits = (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    if fits { Ok(text) } else { Err(D::Error::custom("a topic has 1 to 64 letters, digits, _ and -")) }
}

impl TryFrom<Written> for Settings {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let account = match (written.token_file, written.username, written.password_file) {
            (None, None, None) => Account::None,
            (Some(token), None, None) => Account::Token(token),
            (None, Some(username), Some(password)) => Account::Password { username, password },
            _ => return Err("set token_file alone, or username and password_file, or none of them"),
        };
        Ok(Self { server: written.server, topic: written.topic, account, ca_file: written.ca_file })
    }
}

impl Account {
    fn header(&self) -> Result<Option<Zeroizing<String>>, String> {
        Ok(match self {
            Self::None => None,
            Self::Token(token) => Some(Zeroizing::new(format!("Bearer {}", *token.read()?))),
            Self::Password { username, password } => {
                let pair = Zeroizing::new(format!("{username}:{}", *password.read()?));
                let encoded = Zeroizing::new(BASE64_STANDARD.encode(pair.as_bytes()));
                Some(Zeroizing::new(format!("Basic {}", *encoded)))
            }
        })
    }
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Ntfy(Settings);

impl Ntfy {
    /// One with these settings.
    #[must_use]
    pub const fn new(settings: Settings) -> Self {
        Self(settings)
    }

    fn body(&self, message: &Message) -> Value {
        let text = PLAIN.render(message, NTFY_BYTES_MAX);
        let mut body = json!({
            "topic": self.0.topic,
            "title": message.subject,
            // Without a text it would say that something was triggered.
            "message": if text.is_empty() { &message.subject } else { &text },
            "priority": priority(message.urgency()),
            "tags": [tag(message)],
        });
        if let (Some(link), Some(body)) = (&message.link, body.as_object_mut()) {
            body.insert("click".into(), link.url.clone().into());
            body.insert("actions".into(), json!([{"action": "view", "label": link.label, "url": link.url}]));
        }
        body
    }
}

impl Channel for Ntfy {
    fn send(&self, message: &Message, now: Wall) -> Outcome {
        let authorization = match self.0.account.header() {
            Ok(authorization) => authorization,
            Err(why) => return Outcome::wrong(why),
        };
        let headers: Vec<_> = authorization.iter().map(|text| ("Authorization", text.as_str())).collect();
        let (url, body) = (self.0.server.join(""), self.body(message).to_string());
        let ca_file = self.0.ca_file.as_ref();
        match (Post { server: &self.0.server, url: &url, ca_file, headers: &headers, body: body.as_bytes() }).send(now)
        {
            Ok(answer) => answer.judge("ntfy", answer.json()["id"].is_string()),
            Err(outcome) => outcome,
        }
    }
}

const fn priority(severity: Severity) -> u8 {
    match severity {
        Severity::Critical => 5,
        Severity::High => 4,
        Severity::Medium => 3,
        Severity::Low => 2,
    }
}

/// A short code of ntfy's list, shown as an emoji before the title.
const fn tag(message: &Message) -> &'static str {
    match (message.what, message.severity) {
        (What::Test, _) => "test_tube",
        (What::Alert(atalaya_alert::Kind::Resolved), _) => "white_check_mark",
        (_, Severity::Critical) => "rotating_light",
        (_, Severity::High | Severity::Medium) => "warning",
        (_, Severity::Low) => "information_source",
    }
}
