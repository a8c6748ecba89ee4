//! Mail, by SMTP to one's own provider or relay.
//!
//! The letter is made by `lettre`. The dialogue is our own (`dialogue.rs`), because `lettre` 0.11's reads lines of any
//! length, has no end in time for all of it, and keeps what a stranger wrote before TLS began.

mod dialogue;
mod letter;
mod reply;
mod stream;

use std::path::PathBuf;

use atalaya_alert::Wall;
use lettre::Address;
use lettre::message::Mailbox;
use serde::{Deserialize, Deserializer, de::Error};

use crate::address::is_local;
use crate::channel::Channel;
use crate::limits::MAIL_ADDRESSES_MAX;
use crate::message::Message;
use crate::outcome::Outcome;
use crate::secret::Secret;

/// Through which server, as whom, from whom, to whom.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Settings {
    server: String,
    port: u16,
    security: Security,
    account: Option<Account>,
    from: Mailbox,
    to: Vec<Mailbox>,
    ca_file: Option<PathBuf>,
}

/// How the connection is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Security {
    /// It begins in the clear and must become TLS.
    #[default]
    Starttls,
    /// TLS from its first byte.
    Tls,
    /// None, which only a relay on this machine is spoken to with.
    None,
}

impl Security {
    const fn port(self) -> u16 {
        match self {
            Self::Starttls => 587,
            Self::Tls => 465,
            Self::None => 25,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Account {
    username: String,
    password: Secret,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    server: String,
    port: Option<u16>,
    #[serde(default)]
    security: Security,
    username: Option<String>,
    password_file: Option<Secret>,
    #[serde(deserialize_with = "mailbox")]
    from: Mailbox,
    #[serde(deserialize_with = "mailboxes")]
    to: Vec<Mailbox>,
    ca_file: Option<PathBuf>,
}

fn mailbox<'de, D: Deserializer<'de>>(from: D) -> Result<Mailbox, D::Error> {
    parse(&String::deserialize(from)?).map_err(D::Error::custom)
}

fn mailboxes<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Mailbox>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    if !(1..=MAIL_ADDRESSES_MAX).contains(&texts.len()) {
        return Err(D::Error::custom(format!("mail goes to 1 to {MAIL_ADDRESSES_MAX} addresses")));
    }
    texts.iter().map(|text| parse(text)).collect::<Result<_, _>>().map_err(D::Error::custom)
}

fn parse(text: &str) -> Result<Mailbox, String> {
    let wrong = || format!("{text:?} is no address of mail, such as \"nas@example.org\" or \"NAS <nas@example.org>\"");
    let mailbox: Mailbox = text.parse().map_err(|_| wrong())?;
    // Others need SMTPUTF8, which few servers have.
    let ascii = |address: &Address| AsRef::<str>::as_ref(address).bytes().all(|byte| byte.is_ascii_graphic());
    if text.chars().any(char::is_control) || !ascii(&mailbox.email) { Err(wrong()) } else { Ok(mailbox) }
}

impl TryFrom<Written> for Settings {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let server = written.server.trim_matches(['[', ']']).to_owned();
        if server.is_empty() || !server.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:".contains(&byte)) {
            return Err("server is a host's name or address; its port is set by port");
        }
        if written.security == Security::None && !is_local(&server) {
            return Err("security = \"none\" is for a relay on this machine alone; use \"starttls\" or \"tls\"");
        }
        let account = match (written.username, written.password_file) {
            (None, None) => None,
            (Some(username), Some(password)) if !username.chars().any(char::is_control) => {
                Some(Account { username, password })
            }
            _ => return Err("username and password_file are set both, or neither"),
        };
        Ok(Self {
            server,
            port: written.port.unwrap_or_else(|| written.security.port()),
            security: written.security,
            account,
            from: written.from,
            to: written.to,
            ca_file: written.ca_file,
        })
    }
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Mail(Settings);

impl Mail {
    /// One with these settings.
    #[must_use]
    pub const fn new(settings: Settings) -> Self {
        Self(settings)
    }
}

impl Channel for Mail {
    fn send(&self, message: &Message, now: Wall) -> Outcome {
        match letter::letter(message, &self.0.from, &self.0.to, now) {
            Ok(letter) => dialogue::send(&self.0, &letter),
            Err(why) => Outcome::never(format!("cannot write the letter: {why}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Settings, String> {
        toml::from_str(text).map_err(|err| err.message().to_owned())
    }

    #[test]
    fn mail_is_sent_protected_or_stays_on_this_machine() {
        let settings = read("server = 'mail.example'\nfrom = 'NAS <nas@example.org>'\nto = ['a@example.org']").unwrap();
        assert_eq!((settings.port, settings.security), (587, Security::Starttls));
        let with = |text: &str| read(&format!("from = 'a@example.org'\nto = ['b@example.org']\n{text}"));
        assert_eq!(with("server = 'a'\nsecurity = 'tls'").unwrap().port, 465);
        assert_eq!(with("server = '[::1]'\nsecurity = 'none'").unwrap().server, "::1");
        for (bad, why) in [
            ("server = 'mail.example'\nsecurity = 'none'", "this machine alone"),
            ("server = 'mail.example:25'\nusername = 'a'", "both, or neither"),
            ("server = 'a b'", "host's name"),
            ("server = \"a\\r\\nb\"", "host's name"),
            ("server = 'a'\nsecurity = 'ssl'", "unknown variant"),
            ("server = 'a'\nurl = 'b'", "unknown field"),
        ] {
            let told = with(bad).unwrap_err();
            assert!(told.contains(why), "{told}");
        }
    }

    #[test]
    fn addresses_are_checked_and_counted() {
        let to = |to: &str| read(&format!("server = 'a'\nfrom = 'a@example.org'\nto = {to}"));
        let many = |count: usize| format!("[{}]", vec!["'b@example.org'"; count].join(","));
        assert!(to(&many(20)).is_ok());
        for bad in ["[]", &many(21), "['b']", "[\"b@example.org\\nBcc: c@example.org\"]", "['ñ@example.org']", "['@']"]
        {
            assert!(to(bad).is_err(), "{bad}");
        }
    }
}
