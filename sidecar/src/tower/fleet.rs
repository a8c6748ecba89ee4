//! What is known of all nodes now: written by the tower, read by pages, the API and metrics. A reader holds it only for
//! copying out what it shows.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard};

use atalaya_alert::{AlertKey, AlertState, Presence, Quiet};
use atalaya_wire::{ObjectId, Sample};
use tokio::sync::broadcast;

use super::refused::Refusals;
use super::requests::Request;
use crate::db;
use crate::window::Window;

/// Names of changes that a listener may be behind; then it looks at everything anew.
const CHANGES_MAX: usize = 256;

/// Shared by the tower, which writes, and everybody else.
#[derive(Clone, Debug)]
pub struct Board {
    seen: Arc<RwLock<Seen>>,
    /// Grows while the tower lives.
    beats: Arc<AtomicU64>,
    /// Grows with each connection to the broker.
    links: Arc<AtomicU64>,
    changes: broadcast::Sender<String>,
}

impl Default for Board {
    fn default() -> Self {
        Self {
            seen: Arc::default(),
            beats: Arc::default(),
            links: Arc::default(),
            changes: broadcast::Sender::new(CHANGES_MAX),
        }
    }
}

impl Board {
    /// To look.
    pub fn read(&self) -> RwLockReadGuard<'_, Seen> {
        self.seen.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(super) fn write(&self) -> RwLockWriteGuard<'_, Seen> {
        self.seen.write().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Board {
    /// Something changed: `fleet`, `alerts`, `database`, `notifications`; `fleet:`, `alerts:` or `node:` and an id where it is
    /// about that node alone. Made only if somebody listens.
    pub fn tell(&self, what: impl FnOnce() -> String) {
        if self.changes.receiver_count() > 0 {
            let _ = self.changes.send(what());
        }
    }

    /// The tower went round once more.
    pub fn beat(&self) {
        self.beats.fetch_add(1, Ordering::Relaxed);
    }

    /// How often it went round.
    #[must_use]
    pub fn beats(&self) -> u64 {
        self.beats.load(Ordering::Relaxed)
    }

    /// There is another connection to the broker.
    pub(super) fn link(&self) {
        self.links.fetch_add(1, Ordering::Relaxed);
    }

    /// How many there were: another broker may have forgotten what it was told by the one before.
    #[must_use]
    pub fn links(&self) -> u64 {
        self.links.load(Ordering::Relaxed)
    }

    /// To hear of changes.
    #[must_use]
    pub fn listen(&self) -> broadcast::Receiver<String> {
        self.changes.subscribe()
    }
}

/// Everything.
#[derive(Debug, Default)]
pub struct Seen {
    /// By id as in topics.
    pub nodes: BTreeMap<String, NodeState>,
    /// Alerts that are open.
    pub alerts: BTreeMap<AlertKey, AlertState>,
    /// Silences and maintenance that hold.
    pub quiets: Vec<Quiet>,
    /// Maintenance that is announced, whether it holds or not.
    pub windows: Vec<Window>,
    /// A damaged database that was set aside, until somebody takes note.
    pub aside: Option<db::Aside>,
    /// The sidecar's own connection to the broker; why there is none.
    pub link: Link,
    /// Grows with every change that a page may show.
    pub version: u64,
}

/// The sidecar's own connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Link {
    /// There was none yet.
    #[default]
    Starting,
    /// It stands.
    Up,
    /// There is none, and why.
    Down(String),
}

/// A node.
#[derive(Clone, Debug)]
pub struct NodeState {
    /// As it is kept.
    pub row: db::Node,
    /// Whether it is there.
    pub presence: Presence,
    /// Since when, in seconds since 1970; 0 if it was never heard.
    pub since: i64,
    /// When it was last heard.
    pub seen: i64,
    /// Seconds between its frames, as it says.
    pub interval: u64,
    /// Its version.
    pub version: String,
    /// By how many seconds its clock is ahead of ours, where that is worth telling.
    pub skew: Option<i64>,
    /// What of it was not taken.
    pub refused: Refusals,
    /// What it has, by kind and id.
    pub objects: BTreeMap<(&'static str, ObjectId), Latest>,
    /// What it wants certificates for, by name.
    pub requests: BTreeMap<String, Request>,
}

impl NodeState {
    pub(crate) fn new(row: db::Node, seen: i64) -> Self {
        Self {
            row,
            presence: Presence::Offline,
            since: seen,
            seen,
            interval: 60,
            version: String::new(),
            skew: None,
            refused: Refusals::default(),
            objects: BTreeMap::new(),
            requests: BTreeMap::new(),
        }
    }

    /// The newest reading of an object.
    #[must_use]
    pub fn sample(&self, kind: &'static str, id: &ObjectId) -> Option<Sample> {
        self.objects.get(&(kind, id.clone()))?.sample()
    }
}

/// The newest reading of an object, packed: a fleet has tens of thousands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Latest {
    kind: u16,
    body: Box<[u8]>,
    /// When it was read, in seconds since 1970 by our clock.
    pub read_at: i64,
    /// Whether the broker had kept it and nothing newer came since.
    pub retained: bool,
}

impl Latest {
    pub(crate) fn new(sample: &Sample, read_at: i64, retained: bool) -> Option<Self> {
        Some(Self { kind: sample.kind(), body: sample.to_bytes()?.into(), read_at, retained })
    }

    /// What it says.
    #[must_use]
    pub fn sample(&self) -> Option<Sample> {
        Sample::decode(self.kind, &self.body).ok().flatten()
    }

    pub(super) fn says(&self, sample: &Sample) -> bool {
        sample.to_bytes().is_some_and(|bytes| *bytes == *self.body)
    }
}
