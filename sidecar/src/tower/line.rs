//! What the tower keeps of a node for itself: its streams, its clock, what it is to hear.

use std::time::Duration;

use atalaya_wire::StreamId;
use atalaya_wire::ack::Ack;

use super::streams::{Frames, Range, Records};
use super::time::NodeClock;
use crate::db::{Row, StreamRow};
use crate::limits::{ACK_AGAIN_EVERY, NODE_BURST_MAX, NODE_PER_SECOND_MAX};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// In ids of blocks.
    pub(super) id: u16,
    /// Its frames.
    pub(super) frames: Frames,
    /// Its records.
    pub(super) records: Records,
    /// Its clock.
    pub(super) clock: NodeClock,
    /// When it was last heard, since the program started; counts from the start, so that a restart makes nobody silent.
    pub(super) heard: Duration,
    /// The same by the wall clock, in seconds since 1970, also from before the start; 0 if never.
    pub(super) heard_at: i64,
    /// How long it had said nothing when the program started. It counts until the node is heard.
    pub(super) quiet_before: Duration,
    /// Its boot as it was last written, in milliseconds since 1970.
    pub(super) boot_written: i64,
    /// An acknowledgement is due.
    pub(super) owed: bool,
    /// When the last one went out, for nodes that ask for it again.
    acked: Option<Duration>,
    bucket: Bucket,
}

impl Line {
    /// Of a node that is heard for the first time, or again.
    #[must_use]
    pub(super) fn new(id: u16, now: Duration) -> Self {
        Self { id, heard: now, ..Self::default() }
    }

    /// Goes on where a stream was.
    pub(super) fn resume(&mut self, row: &StreamRow) {
        if row.kind == 2 {
            self.records = Records::at(row.stream, row.seq);
            return;
        }
        let missing: Vec<Range> = postcard::from_bytes(&row.missing).unwrap_or_default();
        self.frames = Frames { stream: Some(row.stream), seq: row.seq, at: 0, missing };
    }

    /// How far its frames are, to be written.
    #[must_use]
    pub(super) fn frames_row(&self) -> Row {
        let missing = postcard::to_allocvec(&self.frames.missing).unwrap_or_default();
        let stream = self.frames.stream.unwrap_or_default();
        Row::Stream { node: self.id, kind: 1, stream, seq: self.frames.seq, missing, heard: self.heard_at }
    }

    /// How far its records are, to be written.
    #[must_use]
    pub(super) fn records_row(&self) -> Row {
        let stream = self.records.stream.unwrap_or_default();
        Row::Stream { node: self.id, kind: 2, stream, seq: self.records.seq, missing: Vec::new(), heard: self.heard_at }
    }

    /// What it is to be told that we have.
    #[must_use]
    pub(super) fn ack(&self) -> Vec<u8> {
        let text = |stream: Option<StreamId>| stream.map_or_else(String::new, |stream| stream.to_string());
        let missing = self.frames.asked_for();
        let ack = Ack {
            record_stream: text(self.records.stream),
            record_seq: self.records.seq,
            frame_stream: if missing.is_empty() { String::new() } else { text(self.frames.stream) },
            missing,
        };
        serde_json::to_vec(&ack).unwrap_or_default()
    }

    /// Whether what it asks for again is told now, rather than a moment ago.
    pub(super) fn tells_again(&mut self, now: Duration) -> bool {
        let tells = self.acked.is_none_or(|acked| now.saturating_sub(acked) >= ACK_AGAIN_EVERY);
        if tells {
            self.acked = Some(now);
        }
        tells
    }

    /// Whether one more message of it is looked at.
    pub(super) fn allows(&mut self, now: Duration) -> bool {
        self.bucket.take(now)
    }
}

/// So many at once, so many a second.
#[derive(Debug, Default)]
struct Bucket {
    /// Millionths of a message that were taken and not yet given back.
    used: u64,
    last: Duration,
}

impl Bucket {
    fn take(&mut self, now: Duration) -> bool {
        let micros = u64::try_from(now.saturating_sub(self.last).as_micros()).unwrap_or(u64::MAX);
        self.last = now;
        self.used = self.used.saturating_sub(micros.saturating_mul(u64::from(NODE_PER_SECOND_MAX)));
        let fits = self.used + 1_000_000 <= u64::from(NODE_BURST_MAX) * 1_000_000;
        if fits {
            self.used += 1_000_000;
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_one_node_is_cut() {
        let mut line = Line::new(1, Duration::ZERO);
        let mut taken = |from: u64| (0..5000).filter(|n| line.allows(Duration::from_micros(from + n))).count();
        assert_eq!(taken(0), NODE_BURST_MAX as usize);
        assert_eq!(taken(1_000_000), NODE_PER_SECOND_MAX as usize);
        assert_eq!(taken(3_600_000_000), NODE_BURST_MAX as usize);
    }
}
