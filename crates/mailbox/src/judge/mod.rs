//! What a mail is, and what a person should do about it. Pure: a mail and the rules go in, a verdict comes out.

mod claims;
mod letter;
mod link;
mod results;
mod subject;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use link::Link;
pub use subject::Stage;

use letter::Letter;
use results::Results;

/// What the configuration says.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The name under which one's own mail server writes `Authentication-Results`, such as `mx.google.com`. It has to be
    /// one that removes those that others wrote in its name, or always writes its own (RFC 8601, 5).
    pub server: String,
    /// The host names that are ours.
    pub hosts: Vec<String>,
}

/// Who sends mails that matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// No-IP.
    NoIp,
    /// GoDaddy.
    GoDaddy,
    /// Cloudflare.
    Cloudflare,
}

impl Provider {
    /// As it calls itself.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoIp => "No-IP",
            Self::GoDaddy => "GoDaddy",
            Self::Cloudflare => "Cloudflare",
        }
    }
}

/// Why a mail that claims to be a provider's is not believed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It comes from another domain and looks as if it did not.
    OtherSender,
    /// It names no sender, or several.
    Senders,
    /// One's own mail server said nothing about it.
    NotChecked,
    /// One's own mail server did not find the sender's signature good.
    NotSigned,
    /// It is about a host that is none of ours.
    NotOurs,
    /// It cannot be read.
    Unreadable,
}

/// What is to be done about a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing: it is no provider's, or says nothing of an end.
    Unrelated,
    /// No-IP wants a host confirmed, by a person.
    Confirm {
        /// Which, as in the rules.
        host: String,
        /// How late it is.
        stage: Stage,
        /// Where. `None` if the mail has none that is as it should be: the person goes to the provider's site.
        link: Option<Link>,
        /// When the mail says that it was sent, in seconds since 1970.
        sent: Option<i64>,
    },
    /// A provider writes about something that ends: look at its site. Without a link.
    Look {
        /// Whose site.
        provider: Provider,
        /// The subject, for people.
        subject: String,
        /// When the mail says that it was sent, in seconds since 1970.
        sent: Option<i64>,
    },
    /// It claims to be a provider's, and is not believed. Without a link.
    Suspicious {
        /// Whose it claims to be.
        provider: Provider,
        /// What is wrong with it.
        why: Why,
        /// The subject, for people.
        subject: String,
    },
}

/// Whether a mail with this header is worth reading whole. All others stay unread.
#[must_use]
pub fn concerns(header: &[u8]) -> bool {
    Letter::read(header).is_some_and(|letter| claims::of(&letter).is_some())
}

/// What a mail is.
#[must_use]
pub fn judge(mail: &[u8], rules: &Rules) -> Verdict {
    // What has no header claims nothing.
    let Some(letter) = Letter::read(mail) else { return Verdict::Unrelated };
    let Some(provider) = claims::of(&letter) else { return Verdict::Unrelated };
    let subject = letter.subject();
    match believed(&letter, provider, rules) {
        Err(why) => Verdict::Suspicious { provider, why, subject },
        Ok(()) if provider == Provider::NoIp => confirm(&letter, rules),
        Ok(()) => look(&letter, provider),
    }
}

/// Whether the provider sent it, as one's own mail server found.
fn believed(letter: &Letter<'_>, provider: Provider, rules: &Rules) -> Result<(), Why> {
    let sender = letter.sender().ok_or(Why::Senders)?;
    if !provider.sends_from(sender) {
        return Err(Why::OtherSender);
    }
    let results = letter.results().find_map(|text| Results::of(text, &rules.server)).ok_or(Why::NotChecked)?;
    let signed = results.signers().any(|domain| provider.sends_from(domain)) || results.is_aligned(sender);
    if signed { Ok(()) } else { Err(Why::NotSigned) }
}

fn confirm(letter: &Letter<'_>, rules: &Rules) -> Verdict {
    let (subject, sent) = (letter.subject(), letter.sent());
    let Some((host, stage)) = subject::noip(&subject) else { return look(letter, Provider::NoIp) };
    let ours = rules.hosts.iter().find(|ours| ours.trim_end_matches('.').eq_ignore_ascii_case(host));
    match ours {
        Some(host) => Verdict::Confirm { host: host.clone(), stage, link: link::find(letter), sent },
        None => Verdict::Suspicious { provider: Provider::NoIp, why: Why::NotOurs, subject },
    }
}

fn look(letter: &Letter<'_>, provider: Provider) -> Verdict {
    let subject = letter.subject();
    if !subject::is_about_an_end(&subject) {
        return Verdict::Unrelated;
    }
    Verdict::Look { provider, subject, sent: letter.sent() }
}
