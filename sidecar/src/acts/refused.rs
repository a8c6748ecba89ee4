//! Why an act is not done. Each says what to do, and has a key for the catalogues of words where it is one of a few.

use std::fmt;

use crate::error::{Error, Kind};
use crate::people::{self, Why};

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Who asks may not.
    May(Why),
    /// It is about people, and something is wrong with it.
    People(people::Refused),
    /// It is about a node that is not there now.
    Away,
    /// Anything else.
    Failed(Error),
}

impl Refused {
    pub(super) fn new(kind: Kind, text: impl Into<String>) -> Self {
        Self::Failed(Error::new(kind, text))
    }

    /// For the catalogues of words; what has none is told as it is.
    #[must_use]
    pub const fn key(&self) -> Option<&'static str> {
        match self {
            Self::May(why) => Some(why.key()),
            Self::People(people::Refused::Failed(_)) | Self::Failed(_) => None,
            Self::Away => Some("refused.away"),
            Self::People(why) => Some(why.key()),
        }
    }

    /// What sort of refusal it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        use people::Refused as People;
        match self {
            Self::May(Why::NotThere) | Self::People(People::Missing) => Kind::Missing,
            Self::May(_) => Kind::Denied,
            Self::People(People::Failed(err)) | Self::Failed(err) => err.kind,
            Self::People(People::Busy | People::Wait(_) | People::Full) => Kind::Full,
            Self::People(_) | Self::Away => Kind::Refused,
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::May(Why::NotThere) => f.write_str("there is no such thing"),
            Self::May(Why::Role) => {
                f.write_str("your role does not go so far; ask somebody who manages, an approver for all customers")
            }
            Self::May(Why::Scope) => f.write_str("this token is not for that; use one with the scope \"manage\""),
            Self::May(Why::Customers) => {
                f.write_str("this concerns all customers, and you have some; ask an approver for all of them")
            }
            Self::Away => f.write_str("the node is away, and commands do not wait; try again when it is there"),
            Self::People(why) => write!(f, "{why}"),
            Self::Failed(err) => write!(f, "{err}"),
        }
    }
}

impl std::error::Error for Refused {}

impl From<people::Refused> for Refused {
    fn from(why: people::Refused) -> Self {
        Self::People(why)
    }
}

impl From<Error> for Refused {
    fn from(err: Error) -> Self {
        Self::Failed(err)
    }
}
