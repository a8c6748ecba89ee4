//! A notification on its way to a channel.

use std::hash::{DefaultHasher, Hash, Hasher};

use atalaya_alert::{Kind, Notification, Severity, Told, Wall};

use super::Begun;
use crate::message::What;

/// A notification and a channel.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeliveryId {
    /// The notification's id.
    pub notification: String,
    /// The channel's name.
    pub channel: String,
}

/// An alert in one of the times that it fired; only ever compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Episode(u64);

impl Episode {
    /// Of an alert.
    #[must_use]
    pub fn of(told: &Told) -> Self {
        let mut hasher = DefaultHasher::new();
        (&told.alert, told.episode).hash(&mut hasher);
        Self(hasher.finish())
    }

    #[cfg(test)]
    pub(super) const fn test(number: u64) -> Self {
        Self(number)
    }
}

/// What waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Which.
    pub id: DeliveryId,
    /// What it tells.
    pub what: What,
    /// How bad that is.
    pub severity: Severity,
    /// When it was made.
    pub at: Wall,
    /// The channel sets, whose quiet hours it keeps; one but for digests.
    pub sets: Vec<String>,
    /// What it is about, sorted.
    pub alerts: Vec<Episode>,
    /// Of a `resolved`: whether its beginning was told. It is looked at by nothing else.
    pub begun: Begun,
    /// How often it was tried.
    pub tries: u32,
    /// Not before.
    pub next: Wall,
}

impl Delivery {
    /// A new one.
    #[must_use]
    pub fn new(told: &Notification, channel: &str, at: Wall, begun: Begun) -> Self {
        let mut alerts: Vec<Episode> = told.alerts.iter().map(Episode::of).collect();
        alerts.sort_unstable();
        Self {
            id: DeliveryId { notification: told.id.clone(), channel: channel.to_owned() },
            what: What::Alert(told.kind),
            severity: told.severity,
            at,
            sets: vec![told.to.clone()],
            alerts,
            begun,
            tries: 0,
            next: at,
        }
    }

    pub(super) fn is_end(&self) -> bool {
        self.what == What::Alert(Kind::Resolved)
    }

    /// Whether it tells of something that goes on, and of nothing else than `other` does.
    pub(super) fn is_within(&self, other: &Self) -> bool {
        let begins = matches!(self.what, What::Alert(kind) if kind != Kind::Resolved && kind != Kind::Full);
        begins && !self.alerts.is_empty() && self.alerts.iter().all(|alert| other.alerts.binary_search(alert).is_ok())
    }

    pub(super) fn shares(&self, other: &Self) -> bool {
        self.alerts.iter().any(|alert| other.alerts.binary_search(alert).is_ok())
    }
}
