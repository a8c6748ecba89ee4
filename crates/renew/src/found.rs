//! Something with an end, as one source sees it.

use serde::{Deserialize, Serialize};

/// What has an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A host name that a dynamic DNS service keeps as long as it is confirmed.
    HostName,
    /// A registered domain.
    Domain,
    /// A provider's key to its API.
    Token,
    /// A TLS certificate.
    Certificate,
    /// A password or key with an age.
    Secret,
}

/// When it ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ends {
    /// At this time, in seconds since 1970.
    At(i64),
    /// Its provider says that it does not.
    Never,
    /// Nobody says; why. Never shown as fine.
    Unknown(String),
}

/// What happens without a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ByItself {
    /// Nothing: it ends.
    Nothing,
    /// Its provider renews it, and charges for that.
    ProviderRenews,
    /// Its provider replaces it at no charge, such as a certificate.
    ProviderReplaces,
    /// Atalaya renews it at no charge.
    Renewed,
    /// Nobody says.
    Unknown,
}

/// What is unusual about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// It ended, and its owner can still have it back, for more money.
    Redemption,
    /// It ended and is about to be anybody's.
    PendingDelete,
    /// It is not answered for, or its provider stopped it.
    Suspended,
    /// The registry prolonged it on its own and takes that back unless it is paid.
    AutoRenewPeriod,
    /// It cannot be renewed there.
    NotRenewable,
    /// It is disabled.
    Disabled,
    /// It names another host than the one that shows it.
    WrongName,
    /// Whoever signed it is not trusted.
    Untrusted,
    /// It is not valid yet.
    NotYetValid,
    /// Its source answered only in part.
    Partial,
    /// Its source could not be asked about it any more: what is known of it is what was said before.
    NotAsked,
}

impl Flag {
    /// Whether it is as bad as an end that has come.
    #[must_use]
    pub const fn is_grave(self) -> bool {
        matches!(self, Self::Redemption | Self::PendingDelete | Self::Suspended | Self::Disabled)
    }

    /// Whether who meets it refuses it, however long it lasts.
    #[must_use]
    pub const fn is_wrong(self) -> bool {
        matches!(self, Self::WrongName | Self::Untrusted | Self::NotYetValid)
    }
}

/// What a source found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// What it is.
    pub kind: Kind,
    /// Its own name: `example.com`, `nas.ddns.net`, `host:443` or a file for certificates, a token's label.
    pub name: String,
    /// When its present life began, in seconds since 1970.
    pub begun: Option<i64>,
    /// When that ends.
    pub ends: Ends,
    /// What happens without a person.
    pub by_itself: ByItself,
    /// What is unusual, sorted.
    pub flags: Vec<Flag>,
    /// What a person may want to know beside: issuer, plan, registrar. One line.
    pub note: String,
    /// What is known of what happens without a person.
    #[serde(default)]
    pub next: Next,
    /// When whoever knows said so, in seconds since 1970; `None` if just now. A source that asks less often than it is asked
    /// itself says it.
    #[serde(default)]
    pub told: Option<i64>,
}

/// When something happens without a person, and what came of it so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Next {
    /// From when on, in seconds since 1970. A past time is now.
    pub at: Option<i64>,
    /// What has not happened by then is late.
    pub late: Option<i64>,
    /// Why it failed the last time it was tried.
    pub failed: Option<String>,
    /// Whoever knows is not asked before.
    #[serde(default)]
    pub check: Option<i64>,
}

impl Found {
    /// Of which only this is known.
    #[must_use]
    pub fn new(kind: Kind, name: impl Into<String>, ends: Ends) -> Self {
        Self {
            kind,
            name: name.into(),
            begun: None,
            ends,
            by_itself: ByItself::Unknown,
            flags: Vec::new(),
            note: String::new(),
            next: Next::default(),
            told: None,
        }
    }
}

/// All that a source has, as far as it could be asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    /// What it named.
    pub found: Vec<Found>,
    /// Kinds of which it could not name all, and why. What was known of them stays, as unknown.
    pub not_asked: Vec<(Kind, String)>,
}

impl From<Vec<Found>> for List {
    fn from(found: Vec<Found>) -> Self {
        Self { found, not_asked: Vec::new() }
    }
}

impl FromIterator<Found> for List {
    fn from_iter<I: IntoIterator<Item = Found>>(all: I) -> Self {
        all.into_iter().collect::<Vec<_>>().into()
    }
}

impl std::ops::Deref for List {
    type Target = [Found];

    fn deref(&self) -> &[Found] {
        &self.found
    }
}
