//! Frames of late: bounded, and thinned rather than cut when nobody hears them for long.

use std::collections::VecDeque;

use atalaya_wire::message::Builder;
use atalaya_wire::{ObjectId, event};

/// Ranges that were asked for, are not here, and wait to be told so. Beyond that the two that are nearest become one.
const GONE_MAX: usize = 32;

/// A frame that waits, or waits to be asked for again.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Frame {
    seq: u64,
    bytes: Vec<u8>,
    sent: bool,
}

/// See the module.
#[derive(Debug)]
pub struct Ring {
    frames: VecDeque<Frame>,
    bytes: usize,
    bytes_max: usize,
    /// The newest frame that was sent: what lies between it and the next one to be sent is lost.
    sent_to: u64,
    gone: Vec<(u64, u64)>,
}

impl Ring {
    /// One that never holds more than `bytes_max` of frames.
    #[must_use]
    pub const fn new(bytes_max: usize) -> Self {
        Self { frames: VecDeque::new(), bytes: 0, bytes_max, sent_to: 0, gone: Vec::new() }
    }

    /// Adds a frame. What must go for it: first the oldest that were sent, then every other one of the older half.
    pub fn push(&mut self, seq: u64, mut bytes: Vec<u8>) {
        // It grew by doubling: what it has room for would count for nothing here, and be there all the same.
        bytes.shrink_to_fit();
        self.bytes += bytes.len();
        self.frames.push_back(Frame { seq, bytes, sent: false });
        while self.bytes > self.bytes_max && self.frames.front().is_some_and(|frame| frame.sent) {
            self.drop_at(0);
        }
        if self.bytes > self.bytes_max {
            self.thin();
        }
        // One that is larger than everything.
        while self.bytes > self.bytes_max {
            self.drop_at(0);
        }
    }

    /// Drops every second frame of the older half: the older, the sparser.
    fn thin(&mut self) {
        let half = self.frames.len().div_ceil(2);
        for at in (0..half).rev().filter(|at| at % 2 == 1) {
            self.drop_at(at);
        }
    }

    fn drop_at(&mut self, at: usize) {
        let Some(frame) = self.frames.remove(at) else { return };
        self.bytes -= frame.bytes.len();
        // It was asked for again: nothing else would tell that it will not come.
        if !frame.sent && frame.seq <= self.sent_to {
            self.lose(frame.seq, frame.seq);
        }
    }

    /// Notes that these will not come, joining ranges that touch.
    fn lose(&mut self, from: u64, to: u64) {
        self.gone.push((from, to));
        self.gone.sort_unstable();
        self.gone.dedup_by(|next, last| {
            let touches = next.0 <= last.1 + 1;
            if touches {
                last.1 = last.1.max(next.1);
            }
            touches
        });
        let gap = |at: &usize| self.gone[at + 1].0 - self.gone[*at].1;
        if self.gone.len() > GONE_MAX
            && let Some(at) = (0..self.gone.len() - 1).min_by_key(gap)
        {
            self.gone[at].1 = self.gone[at + 1].1;
            self.gone.remove(at + 1);
        }
    }

    /// The oldest frame that was not sent, which tells what is lost before it; it counts as sent if `sent` returns `true`.
    pub fn send_next(&mut self, sent: impl FnOnce(u64, Vec<u8>) -> bool) -> bool {
        let Some(frame) = self.frames.iter_mut().find(|frame| !frame.sent) else { return false };
        let skipped = (self.sent_to + 1 < frame.seq).then_some((self.sent_to + 1, frame.seq.saturating_sub(1)));
        let lost: Vec<(u64, u64)> = self.gone.iter().copied().chain(skipped).collect();
        frame.sent = sent(frame.seq, with_lost(frame.bytes.clone(), &lost));
        if frame.sent {
            self.sent_to = self.sent_to.max(frame.seq);
            self.gone.clear();
        }
        frame.sent
    }

    /// Somebody misses these: what of them is still here is sent again, and what is not is told as lost.
    pub fn ask_again(&mut self, from: u64, to: u64) {
        let to = to.min(self.sent_to);
        let (mut next, mut missing) = (from.max(1), Vec::new());
        for frame in self.frames.iter_mut().filter(|frame| (from..=to).contains(&frame.seq)) {
            frame.sent = false;
            if next < frame.seq {
                missing.push((next, frame.seq - 1));
            }
            next = frame.seq + 1;
        }
        if next <= to {
            missing.push((next, to));
        }
        missing.into_iter().for_each(|(from, to)| self.lose(from, to));
    }

    /// Frames that wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.frames.iter().filter(|frame| !frame.sent).count()
    }

    /// Bytes held.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }
}

/// The frame, and beside what it says, which others nobody will get.
fn with_lost(frame: Vec<u8>, lost: &[(u64, u64)]) -> Vec<u8> {
    if lost.is_empty() {
        return frame;
    }
    let mut builder = Builder::resume(frame);
    for (from, to) in lost {
        let body = postcard::to_allocvec(&event::Lost { from: *from, to: *to }).unwrap_or_default();
        let _ = builder.part(<event::Lost as event::Event>::KIND, &ObjectId::only(), &body);
    }
    builder.finish()
}

#[cfg(test)]
mod tests {
    use atalaya_wire::message::{Head, Message, Stream};
    use atalaya_wire::{Stamp, StreamId};

    use super::*;

    fn frame(seq: u64, size: usize) -> Vec<u8> {
        let id = StreamId([1; 16]);
        let mut builder = Builder::new(&Head { stream: Stream::Frame, id, seq, stamp: Stamp::default() });
        assert!(builder.part(60_000, &ObjectId::only(), &vec![0; size]));
        builder.finish()
    }

    fn push(ring: &mut Ring, seq: u64) {
        ring.push(seq, frame(seq, 130));
    }

    /// What is sent, and what is told as lost.
    fn sent(ring: &mut Ring) -> (Vec<u64>, Vec<(u64, u64)>) {
        let (mut out, mut lost) = (Vec::new(), Vec::new());
        while ring.send_next(|seq, bytes| {
            let message = Message::parse(&bytes).unwrap();
            assert_eq!(message.head.seq, seq);
            out.push(seq);
            for part in message.parts().filter(|part| part.kind == 0x4001) {
                let one: event::Lost = postcard::from_bytes(part.body).unwrap();
                lost.push((one.from, one.to));
            }
            true
        }) {}
        (out, lost)
    }

    #[test]
    fn frames_are_sent_once_and_again_when_asked() {
        let mut ring = Ring::new(2000);
        for seq in 1..=5 {
            push(&mut ring, seq);
        }
        assert!(!ring.send_next(|_, _| false));
        assert_eq!(sent(&mut ring), ((1..=5).collect(), vec![]));
        assert_eq!(sent(&mut ring), (vec![], vec![]));
        ring.ask_again(2, 3);
        assert_eq!(sent(&mut ring), (vec![2, 3], vec![]));
        for seq in 6..=20 {
            push(&mut ring, seq);
            assert_eq!(sent(&mut ring), (vec![seq], vec![]));
        }
    }

    #[test]
    fn what_is_asked_for_and_gone_is_told_as_lost() {
        let mut ring = Ring::new(2000);
        for seq in 1..=20 {
            push(&mut ring, seq);
            sent(&mut ring);
        }
        ring.ask_again(1, 900);
        let (again, lost) = sent(&mut ring);
        assert!(again.is_sorted() && again.len() > 5 && again.ends_with(&[20]));
        assert_eq!(lost, [(1, again[0] - 1)]);
        ring.ask_again(1, 2);
        push(&mut ring, 21);
        assert_eq!(sent(&mut ring), (vec![21], vec![(1, 2)]));
        // What was asked for, and had to go before its turn came.
        ring.ask_again(15, 21);
        (22..60).for_each(|seq| push(&mut ring, seq));
        let (left, lost) = sent(&mut ring);
        for seq in 15..60 {
            let gone = lost.iter().any(|(from, to)| (from..=to).contains(&&seq));
            assert_ne!(left.contains(&seq), gone, "{seq} {left:?} {lost:?}");
        }
    }

    #[test]
    fn a_day_without_anybody_is_thinned_in_order_and_exactly_what_went_is_told() {
        let mut ring = Ring::new(20_000);
        for seq in 1..=1440 {
            push(&mut ring, seq);
            assert!(ring.bytes() <= 20_000);
        }
        let (left, lost) = sent(&mut ring);
        assert!(
            left.is_sorted() && left.len() >= 50 && left.ends_with(&[1438, 1439, 1440]) && left[0] < 1000,
            "{left:?}"
        );
        for seq in 1..=1440 {
            let gone = lost.iter().any(|(from, to)| (from..=to).contains(&&seq));
            assert_ne!(left.contains(&seq), gone, "{seq}");
        }
    }

    #[test]
    fn a_frame_that_is_too_large_is_lost_alone() {
        let mut ring = Ring::new(300);
        ring.push(1, frame(1, 400));
        assert_eq!(ring.bytes(), 0);
        push(&mut ring, 2);
        assert_eq!(sent(&mut ring), (vec![2], vec![(1, 1)]));
    }
}
