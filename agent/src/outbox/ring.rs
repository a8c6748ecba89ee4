//! Frames of late: bounded, and thinned rather than cut when nobody hears them for long.

use std::collections::VecDeque;

/// Ranges of numbers that were given up and not told yet.
const LOST_MAX: usize = 32;

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
    lost: Vec<(u64, u64)>,
}

impl Ring {
    /// One that never holds more than `bytes_max` of frames.
    #[must_use]
    pub const fn new(bytes_max: usize) -> Self {
        Self { frames: VecDeque::new(), bytes: 0, bytes_max, lost: Vec::new() }
    }

    /// Adds a frame. What must go for it: first the oldest that were sent, then every other one of the older half.
    pub fn push(&mut self, seq: u64, bytes: Vec<u8>) {
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
        if !frame.sent {
            self.lose(frame.seq);
        }
    }

    /// Notes a number, joining ranges that touch; when there are too many, the two that are nearest become one.
    fn lose(&mut self, seq: u64) {
        let at = self.lost.partition_point(|(from, _)| *from < seq);
        self.lost.insert(at, (seq, seq));
        let mut at = 1;
        while at < self.lost.len() {
            if self.lost[at - 1].1 + 1 >= self.lost[at].0 {
                self.lost[at - 1].1 = self.lost[at - 1].1.max(self.lost[at].1);
                self.lost.remove(at);
            } else {
                at += 1;
            }
        }
        if self.lost.len() > LOST_MAX {
            let gap = |at: &usize| self.lost[at + 1].0 - self.lost[*at].1;
            if let Some(at) = (0..self.lost.len() - 1).min_by_key(gap) {
                self.lost[at].1 = self.lost[at + 1].1;
                self.lost.remove(at + 1);
            }
        }
    }

    /// What was given up since this was last asked: to be told in the next frame. A range may name frames that are still
    /// here, when there were too many ranges; they are sent all the same.
    pub fn take_lost(&mut self) -> Vec<(u64, u64)> {
        std::mem::take(&mut self.lost)
    }

    /// The oldest frame that was not sent; `sent` is called with it, and it counts as sent if that returns `true`.
    pub fn send_next(&mut self, sent: impl FnOnce(u64, &[u8]) -> bool) -> bool {
        let Some(frame) = self.frames.iter_mut().find(|frame| !frame.sent) else { return false };
        frame.sent = sent(frame.seq, &frame.bytes);
        frame.sent
    }

    /// Somebody misses these: what of them is still here is sent again.
    pub fn ask_again(&mut self, from: u64, to: u64) {
        for frame in self.frames.iter_mut().filter(|frame| (from..=to).contains(&frame.seq)) {
            frame.sent = false;
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(ring: &mut Ring) -> Vec<u64> {
        let mut out = Vec::new();
        while ring.send_next(|seq, _| {
            out.push(seq);
            true
        }) {}
        out
    }

    #[test]
    fn frames_are_sent_once_and_again_when_asked() {
        let mut ring = Ring::new(1000);
        for seq in 1..=5 {
            ring.push(seq, vec![0; 100]);
        }
        assert!(!ring.send_next(|_, _| false));
        assert_eq!(sent(&mut ring), [1, 2, 3, 4, 5]);
        assert_eq!(sent(&mut ring), [0_u64; 0]);
        ring.ask_again(2, 3);
        assert_eq!(sent(&mut ring), [2, 3]);
        for seq in 6..=20 {
            ring.push(seq, vec![0; 100]);
            assert_eq!(sent(&mut ring), [seq]);
        }
        ring.ask_again(1, 20);
        assert_eq!((sent(&mut ring), ring.take_lost()), ((11..=20).collect(), vec![]));
    }

    #[test]
    fn a_day_without_anybody_is_thinned_in_order_and_what_went_is_told() {
        let mut ring = Ring::new(20_000);
        for seq in 1..=1440 {
            ring.push(seq, vec![0; 200]);
            assert!(ring.bytes() <= 20_000);
        }
        let lost = ring.take_lost();
        let left = sent(&mut ring);
        assert!(
            left.is_sorted() && left.len() >= 50 && left.ends_with(&[1438, 1439, 1440]) && left[0] < 1000,
            "{left:?}"
        );
        for seq in (1..=1440).filter(|seq| !left.contains(seq)) {
            assert!(lost.iter().any(|(from, to)| (from..=to).contains(&&seq)), "{seq}");
        }
        assert!(lost.len() <= LOST_MAX);
    }

    #[test]
    fn a_frame_that_is_too_large_is_lost_alone() {
        let mut ring = Ring::new(100);
        ring.push(1, vec![0; 200]);
        assert_eq!((ring.bytes(), ring.take_lost()), (0, vec![(1, 1)]));
    }
}
