//! The core that decides. It owns what is known, is told what time it is, and waits for nothing but its queue: what it
//! decides goes as a batch to the writer, and others hear of it after that batch is on the disk.

mod alerts;
mod ask;
mod batch;
mod fleet;
mod hear;
mod line;
mod nodes;
mod own;
mod presence;
mod refused;
mod requests;
mod streams;
mod take;
mod time;
mod told;
mod windows;
mod wishes;

pub(crate) use alerts::word;
pub use alerts::{DEFAULT_SET, SetTerms, Sets};
pub use ask::{Ask, DONE, Keys, MEANS, NodeWish, Who, Wish, wish};
pub use fleet::{Board, Latest, Link, NodeState, Seen};
pub(crate) use own::is_about_channels;
pub use own::{Own, OwnChannel};
pub(crate) use presence::OWN;
pub use refused::{Refusals, Why};
pub use requests::Request;
pub use time::BUILT;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use atalaya_alert::{Engine, Part, Rules, State};
use atalaya_wire::NodeId;

use crate::clock::Now;
use crate::db::{Batch, Loaded, Row};
use crate::limits::TICK;
use crate::link::{Heard, Held};

use batch::Open;
use line::Line;
use windows::Windows;

/// What the tower hears.
#[derive(Debug)]
pub enum Word {
    /// A message of a node.
    Heard(Heard, Held),
    /// The sidecar's own connection stands.
    Up,
    /// There is none, and why.
    Down(String),
    /// How the program around the tower is.
    Own(Box<Own>),
    /// Somebody wants something.
    Ask(Ask),
    /// Other rules, other channels.
    Terms(Box<Terms>),
    /// The last word.
    Stop,
}

/// What the tower goes by.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Of all topics.
    pub prefix: String,
    /// The sidecar's own id in topics, with its underscore.
    pub id: String,
    /// Whether nodes that nobody added are taken in.
    pub accept: bool,
    /// Whether the broker says truly who sent a message.
    pub senders: bool,
    /// When something is an alert.
    pub rules: Arc<Rules>,
    /// Who is told.
    pub sets: Sets,
    /// Frames wait so long to be written together.
    pub flush: Duration,
}

/// See the module.
#[derive(Debug)]
pub struct Tower {
    terms: Terms,
    board: Board,
    engine: Engine,
    state: State,
    windows: Windows,
    lines: BTreeMap<NodeId, Line>,
    last_node: u16,
    /// Numbers of those that are retired, for when they come back.
    retired: BTreeMap<String, u16>,
    open: Open,
    /// What of the alerts' state differs from what is in batches.
    unwritten: BTreeSet<Part>,
    ticked: Option<Duration>,
    /// When acknowledgements last went out.
    settled: Option<Duration>,
    /// When the own connection came up; what the broker keeps arrives within a minute.
    up: Option<Duration>,
    packer: Packer,
}

impl Tower {
    /// Goes on from what was written. `under_way` counts batches that are handed in and not committed.
    #[must_use]
    pub fn new(terms: Terms, board: Board, loaded: Loaded, under_way: Arc<AtomicUsize>, now: Now) -> Self {
        let engine = Engine::new((*terms.rules).clone());
        let mut tower = Self {
            terms,
            board,
            engine,
            state: loaded.alerts,
            windows: Windows::new(),
            lines: BTreeMap::new(),
            last_node: loaded.last_node,
            retired: loaded.retired,
            open: Open::new(under_way),
            unwritten: BTreeSet::new(),
            ticked: None,
            settled: None,
            up: None,
            packer: Packer::default(),
        };
        tower.board.write().aside = loaded.aside;
        tower.resume(loaded.nodes, &loaded.streams, loaded.requests, now);
        tower.resume_windows(loaded.windows);
        tower
    }

    /// One word, now.
    pub fn step(&mut self, word: Word, now: Now) {
        match word {
            Word::Heard(heard, held) => {
                self.hear(&heard, now);
                drop(held);
            }
            Word::Up => self.link_up(now),
            Word::Down(why) => self.link_down(why, now),
            Word::Own(own) => self.own(&own, now),
            Word::Ask(ask) => self.wish(ask, now),
            Word::Terms(terms) => {
                self.engine = Engine::new((*terms.rules).clone());
                self.terms = *terms;
            }
            Word::Stop => {}
        }
    }

    /// Time passes: what is due is decided, and the open batch is given out when it is.
    pub fn pass(&mut self, now: Now) -> Option<Batch> {
        if self.ticked.is_none_or(|ticked| now.since_start.saturating_sub(ticked) >= TICK) {
            self.ticked = Some(now.since_start);
            self.tick(now);
        }
        self.settle(now);
        if !self.open.is_due(now.since_start, self.terms.flush) {
            return None;
        }
        self.write_parts(now);
        Some(self.open.take())
    }

    /// Whether a frame or a record would not be taken now, because the writer is behind.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        !self.open.has_room()
    }

    /// Everything that is not handed in yet, at the end.
    pub fn finish(&mut self, now: Now) -> Batch {
        self.settled = None;
        self.settle(now);
        self.write_parts(now);
        self.open.take()
    }

    /// A batch that the writer had no room for.
    pub fn back(&mut self, batch: Batch) {
        self.open.back(batch);
    }

    fn row(&mut self, row: Row, now: Now) {
        self.open.push(row, now.since_start);
    }
}

/// Packs frames; one for all, because each takes half a megabyte.
struct Packer(Option<zstd::bulk::Compressor<'static>>);

impl std::fmt::Debug for Packer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Packer")
    }
}

impl Default for Packer {
    fn default() -> Self {
        Self(zstd::bulk::Compressor::new(1).ok())
    }
}

/// The body of a frame is packed with zstd.
pub const PACKED: u8 = 1;

impl Packer {
    fn pack(&mut self, bytes: &[u8]) -> (u8, Vec<u8>) {
        let packed = self.0.as_mut().and_then(|packer| packer.compress(bytes).ok());
        packed
            .filter(|packed| packed.len() < bytes.len())
            .map_or_else(|| (0, bytes.to_vec()), |packed| (PACKED, packed))
    }
}

#[cfg(test)]
mod tests;
