//! Why something of people's is not done. Each has a key for the catalogues of words, and a line for the terminal.

use std::fmt;
use std::time::Duration;

use super::limits::{ACCOUNTS_MAX, DAYS_MAX, PASSWORD_BYTES_MAX, PASSWORD_CHARS_MIN, TOKENS_MAX};
use crate::error::Error;

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The name or the password is wrong; which of them is not said.
    Wrong,
    /// There were too many tries; the next one counts after this time.
    Wait(Duration),
    /// Too many passwords are being looked at.
    Busy,
    /// A name has other characters, none, or too many.
    Name,
    /// A password is too short.
    Short,
    /// A password is too long.
    Long,
    /// A password is the name.
    SameAsName,
    /// There is one of that name.
    Taken,
    /// There is none of that name.
    Missing,
    /// Nobody would be left who may manage.
    LastManager,
    /// A token without any scope.
    NoScope,
    /// A token that lasts no day, or too many.
    Days,
    /// Too many customers, or one without a name.
    Customers,
    /// There are as many as there can be.
    Full,
    /// Not `en` or `es`.
    Language,
    /// No time zone is called so.
    Zone,
    /// The link for the first account was used, is too old, or was never one.
    Link,
    /// There is an account, so the first one is not to be made.
    NotFirst,
    /// It could not be written.
    Failed(Error),
}

impl Refused {
    /// For the catalogues of words. `Wait` has seconds to be filled in.
    #[must_use]
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Wrong => "people.wrong",
            Self::Wait(_) => "people.wait",
            Self::Busy => "people.busy",
            Self::Name => "people.name",
            Self::Short => "people.short",
            Self::Long => "people.long",
            Self::SameAsName => "people.same_as_name",
            Self::Taken => "people.taken",
            Self::Missing => "people.missing",
            Self::LastManager => "people.last_manager",
            Self::NoScope => "people.no_scope",
            Self::Days => "people.days",
            Self::Customers => "people.customers",
            Self::Full => "people.full",
            Self::Language => "people.language",
            Self::Zone => "people.zone",
            Self::Link => "people.link",
            Self::NotFirst => "people.not_first",
            Self::Failed(_) => "people.failed",
        }
    }

    /// The time to wait in whole seconds, never less than there is.
    #[must_use]
    pub fn wait_seconds(&self) -> Option<u64> {
        match self {
            Self::Wait(wait) => Some(wait.as_secs() + u64::from(wait.subsec_nanos() > 0)),
            Self::Busy => Some(1),
            _ => None,
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wrong => f.write_str("the name or the password is wrong"),
            Self::Wait(_) => {
                write!(f, "there were too many tries; wait {} seconds", self.wait_seconds().unwrap_or_default())
            }
            Self::Busy => f.write_str("too many people log in at this moment; try again"),
            Self::Name => f.write_str("a name is 1 to 64 letters, digits, \".\", \"_\", \"-\" and \"@\""),
            Self::Short => write!(f, "the password is too short; write at least {PASSWORD_CHARS_MIN} characters"),
            Self::Long => write!(f, "the password is too long; at most {PASSWORD_BYTES_MAX} bytes"),
            Self::SameAsName => f.write_str("the password is the name; choose another"),
            Self::Taken => f.write_str("there is one of that name already"),
            Self::Missing => f.write_str("there is none of that name"),
            Self::LastManager => {
                f.write_str("nobody would be left to manage; first make another approver for all customers")
            }
            Self::NoScope => f.write_str("a token needs a scope"),
            Self::Days => write!(f, "a token lasts 1 to {DAYS_MAX} days"),
            Self::Customers => f.write_str("at most 100 customers, each with a name of at most 128 bytes"),
            Self::Full => write!(f, "there are as many as there can be: {ACCOUNTS_MAX} accounts, {TOKENS_MAX} tokens"),
            Self::Language => f.write_str("the language is \"en\" or \"es\""),
            Self::Zone => f.write_str("no time zone is called so; write one such as \"Europe/Madrid\""),
            Self::Link => f.write_str("this link was used or is too old; start the sidecar again for another"),
            Self::NotFirst => f.write_str("there is an account already; log in with it"),
            Self::Failed(err) => write!(f, "{err}"),
        }
    }
}

impl std::error::Error for Refused {}

impl From<Error> for Refused {
    fn from(err: Error) -> Self {
        Self::Failed(err)
    }
}
