//! How far a node's two streams are: what is next, what comes again, what is missing. Pure.

use std::time::Duration;

use atalaya_wire::StreamId;
use serde::{Deserialize, Serialize};

use crate::limits::{ACK_AGAIN_EVERY, ASK_AFTER, MISSING_MAX};

/// Frames that did not come, with the times between which they were made: seconds since 1970 by our clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Range {
    /// The first.
    pub from: u64,
    /// The last.
    pub to: u64,
    /// Of the frame before.
    pub since: i64,
    /// Of the frame behind.
    pub until: i64,
    /// How often it was asked for.
    #[serde(skip)]
    asked: usize,
    /// When it is asked for again, or given up.
    #[serde(skip)]
    due: Option<Duration>,
}

impl Range {
    fn new(from: u64, to: u64, since: i64, until: i64) -> Self {
        Self { from, to, since, until, asked: 0, due: None }
    }
}

/// The stream of frames.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Frames {
    /// Which run of it; none before the first frame.
    pub stream: Option<StreamId>,
    /// The highest number that came.
    pub seq: u64,
    /// When that frame was made.
    pub at: i64,
    /// What is missing below it, in order.
    pub missing: Vec<Range>,
}

impl Frames {
    /// A frame came, made at `at`, which says that those in `lost` never will. Says whether it is to be taken, or came
    /// before; what is missing for good is added to `gone`.
    pub(super) fn hear(&mut self, id: StreamId, seq: u64, at: i64, lost: &[(u64, u64)], gone: &mut Vec<Range>) -> bool {
        if self.stream != Some(id) {
            gone.append(&mut self.missing);
            *self = Self { stream: Some(id), seq: 0, at, missing: Vec::new() };
        }
        let is_new = if seq > self.seq {
            if seq > self.seq + 1 {
                self.missing.push(Range::new(self.seq + 1, seq - 1, self.at, at));
            }
            (self.seq, self.at) = (seq, at);
            true
        } else {
            !self.take_out(seq, seq, Some(at)).is_empty()
        };
        for (from, to) in lost {
            gone.extend(self.take_out(*from, *to, None));
        }
        self.join();
        is_new
    }

    /// Takes what is within these numbers out of what is missing; a frame that came late bounds what is left.
    fn take_out(&mut self, from: u64, to: u64, at: Option<i64>) -> Vec<Range> {
        let mut out = Vec::new();
        let mut left = Vec::with_capacity(self.missing.len() + 1);
        for range in self.missing.drain(..) {
            if range.to < from || range.from > to {
                left.push(range);
                continue;
            }
            if range.from < from {
                left.push(Range { to: from - 1, until: at.unwrap_or(range.until), ..range.clone() });
            }
            if range.to > to {
                left.push(Range { from: to + 1, since: at.unwrap_or(range.since), ..range.clone() });
            }
            out.push(Range { from: range.from.max(from), to: range.to.min(to), ..range });
        }
        self.missing = left;
        out
    }

    /// More ranges than may be named: the two that are nearest to each other become one.
    fn join(&mut self) {
        while self.missing.len() > MISSING_MAX {
            let between = |at: usize| self.missing[at + 1].from - self.missing[at].to;
            let Some(at) = (0..self.missing.len() - 1).min_by_key(|at| between(*at)) else { return };
            let next = self.missing.remove(at + 1);
            (self.missing[at].to, self.missing[at].until) = (next.to, next.until);
        }
    }

    /// Time passes: says whether something is to be asked for now; what was asked for often enough is given up.
    pub(super) fn pass(&mut self, now: Duration, gone: &mut Vec<Range>) -> bool {
        let mut ask = false;
        for range in &mut self.missing {
            let due = *range.due.get_or_insert(now + ASK_AFTER[0]);
            if now >= due {
                range.asked += 1;
                ask |= range.asked < ASK_AFTER.len() + 1;
                range.due = Some(now + ASK_AFTER.get(range.asked).copied().unwrap_or_default());
            }
        }
        let before = self.missing.len();
        gone.extend(self.missing.extract_if(.., |range| range.asked > ASK_AFTER.len()));
        ask || before != self.missing.len()
    }

    /// What is asked for, for an acknowledgement.
    #[must_use]
    pub(super) fn asked_for(&self) -> Vec<(u64, u64)> {
        self.missing.iter().filter(|range| range.asked > 0).map(|range| (range.from, range.to)).collect()
    }
}

/// What is to be done with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Record {
    /// It is the next one. Those before it, if any are named, never will come.
    Take {
        /// The first and last of those.
        lost: Option<(u64, u64)>,
    },
    /// It came before; the acknowledgement did not reach the node.
    Again,
    /// Others are missing before it: the acknowledgement is repeated, and the node goes on behind that.
    Ahead,
}

/// Rounds after which the first record of a stream that nobody knows counts as its beginning.
const ROUNDS_UNKNOWN: u32 = 2;
/// And of one that is known, but whose next record does not come: the database is older than what it acknowledged.
const ROUNDS_KNOWN: u32 = 6;

/// The stream of records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Records {
    /// Which; none before the first record.
    pub stream: Option<StreamId>,
    /// All up to this one are there.
    pub seq: u64,
    ahead: Option<Ahead>,
}

/// What comes instead of the next record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ahead {
    stream: StreamId,
    lowest: u64,
    rounds: u32,
    /// When the acknowledgement was last repeated.
    since: Duration,
}

impl Records {
    /// Goes on where it was.
    #[must_use]
    pub(super) fn at(stream: StreamId, seq: u64) -> Self {
        Self { stream: Some(stream), seq, ahead: None }
    }

    /// A record came, which says that those in `lost` never will.
    pub(super) fn hear(&mut self, id: StreamId, seq: u64, lost: &[(u64, u64)], now: Duration) -> Record {
        let known = self.stream == Some(id);
        if known && seq <= self.seq {
            return Record::Again;
        }
        let next = if known { self.seq + 1 } else { 1 };
        let covered = lost.iter().any(|(from, to)| *from <= next && *to + 1 >= seq);
        if seq == next || covered {
            return self.take(id, seq, (seq > next).then(|| (next, seq - 1)));
        }
        let ahead = self.ahead.get_or_insert(Ahead { stream: id, lowest: seq, rounds: 0, since: now });
        if ahead.stream != id || seq < ahead.lowest {
            *ahead = Ahead { stream: id, lowest: seq, rounds: 0, since: now };
        } else if seq == ahead.lowest && now.saturating_sub(ahead.since) >= ACK_AGAIN_EVERY {
            ahead.rounds += 1;
            ahead.since = now;
        }
        let enough = if known { ROUNDS_KNOWN } else { ROUNDS_UNKNOWN };
        if ahead.rounds >= enough && seq == ahead.lowest {
            return self.take(id, seq, Some((next, seq - 1)));
        }
        Record::Ahead
    }

    fn take(&mut self, id: StreamId, seq: u64, lost: Option<(u64, u64)>) -> Record {
        *self = Self::at(id, seq);
        Record::Take { lost }
    }
}

#[cfg(test)]
#[path = "streams_tests.rs"]
mod tests;
