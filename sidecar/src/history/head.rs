//! Which frames wait to become blocks: their numbers by node and hour, 8 bytes each, read from the table once.
//!
//! The table has no index, so that a frame costs one write. A reader asks here before it begins to read: what became a
//! block meanwhile is then found there.

use std::collections::BTreeMap;

use atalaya_history::Level;
use rusqlite::Connection;

use crate::db::history::{self as rows, Waiting};
use crate::error::Result;
use crate::limits::{FRAMES_PER_NODE_MAX, SEAL_AFTER_SECONDS, SEAL_LATE_SECONDS};

const HOUR: i64 = Level::Raw.span();
/// Frames that are looked at in one step.
const LOOK_MAX: u32 = 4_096;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Head {
    last: i64,
    hours: BTreeMap<(u16, i64), Group>,
    counts: BTreeMap<u16, usize>,
}

#[derive(Debug)]
struct Group {
    ids: Vec<i64>,
    /// When the first of them was seen here, in seconds since 1970.
    since: i64,
}

impl Head {
    /// Takes up what was written since.
    pub(super) fn look(&mut self, connection: &Connection, now: i64) -> Result<()> {
        loop {
            let new = rows::waiting(connection, self.last, LOOK_MAX)?;
            for frame in &new {
                self.last = frame.id;
                let group =
                    self.hours.entry((frame.node, hour(frame))).or_insert(Group { ids: Vec::new(), since: now });
                group.ids.push(frame.id);
                *self.counts.entry(frame.node).or_default() += 1;
            }
            if new.len() < LOOK_MAX as usize {
                return Ok(());
            }
        }
    }

    /// A node's hour whose frames are to become a block now: one that is over, or the oldest of a node with too many.
    pub(super) fn due(&self, now: i64) -> Option<(u16, i64)> {
        let due = |((_, hour), group): &(&(u16, i64), &Group)| {
            now >= hour + HOUR + SEAL_AFTER_SECONDS && now >= group.since + SEAL_LATE_SECONDS
        };
        let over = self.hours.iter().find(due).map(|(place, _)| *place);
        over.or_else(|| {
            let (node, _) = self.counts.iter().find(|(_, count)| **count > FRAMES_PER_NODE_MAX)?;
            self.hours.range((*node, i64::MIN)..).next().map(|(place, _)| *place)
        })
    }

    /// The frames of a node's hour, in the order in which they came.
    pub(super) fn ids(&self, place: (u16, i64)) -> Vec<i64> {
        self.hours.get(&place).map_or_else(Vec::new, |group| group.ids.clone())
    }

    /// All frames of a node, and up to which number those of all nodes are known.
    pub(super) fn of(&self, node: u16) -> (Vec<i64>, i64) {
        let groups = self.hours.range((node, i64::MIN)..=(node, i64::MAX));
        (groups.flat_map(|(_, group)| group.ids.iter().copied()).collect(), self.last)
    }

    /// The first so many of an hour are gone from the table.
    pub(super) fn gone(&mut self, place: (u16, i64), count: usize) {
        let Some(group) = self.hours.get_mut(&place) else { return };
        let count = count.min(group.ids.len());
        group.ids.drain(..count);
        self.less(place, count);
    }

    /// These are gone from the table.
    pub(super) fn forget(&mut self, frames: &[Waiting]) {
        for frame in frames {
            let place = (frame.node, hour(frame));
            let Some(group) = self.hours.get_mut(&place) else { continue };
            if let Ok(at) = group.ids.binary_search(&frame.id) {
                group.ids.remove(at);
                self.less(place, 1);
            }
        }
    }

    fn less(&mut self, place: (u16, i64), count: usize) {
        if self.hours.get(&place).is_some_and(|group| group.ids.is_empty()) {
            self.hours.remove(&place);
        }
        if let Some(left) = self.counts.get_mut(&place.0) {
            *left = left.saturating_sub(count);
        }
        self.counts.retain(|_, count| *count > 0);
    }

    /// An hour that could not become a block is tried again later.
    pub(super) fn later(&mut self, place: (u16, i64), at: i64) {
        if let Some(group) = self.hours.get_mut(&place) {
            group.since = at;
        }
    }
}

/// The hour that a frame belongs to, by its first second.
pub(super) fn hour(frame: &Waiting) -> i64 {
    let at = frame.at_millis.div_euclid(1000);
    at - at.rem_euclid(HOUR)
}
