//! What something that ends is known by.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::found::Kind;

/// Its kind and its own name: the same thing seen by two sources is one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key {
    /// What it is.
    pub kind: Kind,
    /// Its own name.
    pub name: String,
}

impl Key {
    /// Of a kind and a name. Names of hosts and domains mean the same in capitals and with a dot at their end.
    #[must_use]
    pub fn new(kind: Kind, name: &str) -> Self {
        let name = match kind {
            Kind::HostName | Kind::Domain => name.trim_end_matches('.').to_ascii_lowercase(),
            Kind::Token | Kind::Certificate | Kind::Secret => crate::limits::short(name),
        };
        Self { kind, name }
    }

    /// `domain example.com`, as a person and a command say it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, name) = text.split_once(' ')?;
        let kind = Kind::ALL.into_iter().find(|known| known.word() == kind)?;
        (!name.is_empty()).then(|| Self::new(kind, name))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.word(), self.name)
    }
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::HostName, Self::Domain, Self::Token, Self::Certificate, Self::Secret];

    /// One word for topics, commands and tables.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::HostName => "host_name",
            Self::Domain => "domain",
            Self::Token => "token",
            Self::Certificate => "certificate",
            Self::Secret => "secret",
        }
    }
}

/// Names one plan, for good: numbers are never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PlanId(pub u64);

impl fmt::Display for PlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_ways_to_say_one_name() {
        assert_eq!(Key::new(Kind::Domain, "Example.COM."), Key::new(Kind::Domain, "example.com"));
        assert_ne!(Key::new(Kind::Token, "Key"), Key::new(Kind::Token, "key"));
        let key = Key::new(Kind::HostName, "nas.ddns.net");
        assert_eq!(Key::parse(&key.to_string()), Some(key));
        assert_eq!((Key::parse("domain"), Key::parse("car x"), Key::parse("domain ")), (None, None, None));
    }
}
