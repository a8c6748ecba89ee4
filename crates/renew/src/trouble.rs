//! Why a provider did not do what it was asked.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One for each thing that somebody would do differently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// The key is wrong, disabled, or over: a person has to make another.
    WrongKey(String),
    /// The key is right, and its account or its scopes do not allow this.
    NotEntitled(String),
    /// Too many requests; not before so many seconds.
    Busy {
        /// Seconds.
        after: u32,
    },
    /// What was asked for is not there.
    NotThere(String),
    /// It says that this cannot be done, and will not be later either.
    Refused(String),
    /// No connection, or an answer of a server in trouble. Nothing was done.
    Unreachable(String),
    /// It was sent, and no answer came, or one that cannot be read: it may have been done.
    Unclear(String),
    /// What it answers to a question cannot be read.
    Garbled(String),
    /// What is set up here is wrong: a file that cannot be read, an address that is none.
    SetUp(String),
}

impl Trouble {
    /// Whether trying again, without a person, may help.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        matches!(self, Self::Busy { .. } | Self::Unreachable(_) | Self::Unclear(_) | Self::Garbled(_))
    }

    /// One word for topics, metrics and tables.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::WrongKey(_) => "wrong_key",
            Self::NotEntitled(_) => "not_entitled",
            Self::Busy { .. } => "busy",
            Self::NotThere(_) => "not_there",
            Self::Refused(_) => "refused",
            Self::Unreachable(_) => "unreachable",
            Self::Unclear(_) => "unclear",
            Self::Garbled(_) => "garbled",
            Self::SetUp(_) => "set_up",
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongKey(why) => write!(f, "the key is not accepted: {why}"),
            Self::NotEntitled(why) => write!(f, "the key is right, but the account may not do this: {why}"),
            Self::Busy { after } => write!(f, "too many requests; again in {after} s"),
            Self::NotThere(what) => write!(f, "not there: {what}"),
            Self::Refused(why) => write!(f, "refused: {why}"),
            Self::Unreachable(why) => write!(f, "not reached: {why}"),
            Self::Unclear(why) => write!(f, "whether it was done is not known: {why}"),
            Self::Garbled(why) => write!(f, "the answer cannot be read: {why}"),
            Self::SetUp(why) => f.write_str(why),
        }
    }
}
