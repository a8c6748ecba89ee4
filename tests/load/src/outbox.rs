//! What a node keeps until somebody has it: records until they are acknowledged, frames as long as there is room. Behaves as
//! the agent's outbox does, in memory. Pure.

use std::collections::VecDeque;
use std::time::Duration;

use atalaya_wire::StreamId;

/// Records under way at once.
const UNDER_WAY_MAX: u64 = 8;
/// Without an acknowledgement for so long they are sent again; doubles up to the last.
const PATIENCE_FIRST: Duration = Duration::from_secs(60);
const PATIENCE_LAST: Duration = Duration::from_secs(900);
/// Being asked again more often is being asked once.
const ASKED_PAUSE: Duration = Duration::from_secs(5);
/// Of frames that are kept.
const FRAMES_BYTES_MAX: usize = 256 << 10;

/// The stream of records.
#[derive(Debug)]
pub(crate) struct Records {
    /// Which.
    pub(crate) stream: StreamId,
    kept: VecDeque<Vec<u8>>,
    /// All up to this one are there.
    pub(crate) acked: u64,
    /// The last one that was offered on this connection.
    sent: u64,
    since: Duration,
    patience: Duration,
    asked: Option<Duration>,
    /// Times that one was offered.
    pub(crate) offers: u64,
}

impl Records {
    pub(crate) const fn new(stream: StreamId) -> Self {
        Self {
            stream,
            kept: VecDeque::new(),
            acked: 0,
            sent: 0,
            since: Duration::ZERO,
            patience: PATIENCE_FIRST,
            asked: None,
            offers: 0,
        }
    }

    /// How many were made so far.
    pub(crate) fn made(&self) -> u64 {
        self.acked + self.kept.len() as u64
    }

    /// One more; it must say that it is number `made() + 1`.
    pub(crate) fn push(&mut self, message: Vec<u8>) {
        self.kept.push_back(message);
    }

    /// A new connection: nothing counts as offered.
    pub(crate) fn begin(&mut self, now: Duration) {
        (self.sent, self.since, self.patience) = (self.acked, now, PATIENCE_FIRST);
    }

    /// What the sidecar says it has. Whoever has no more than before did not get what is under way.
    pub(crate) fn heard(&mut self, stream: Option<StreamId>, seq: u64, now: Duration) {
        if stream == Some(self.stream) && seq > self.acked && seq <= self.made() {
            for _ in self.acked..seq {
                self.kept.pop_front();
            }
            self.acked = seq;
            self.sent = self.sent.max(seq);
            (self.since, self.patience) = (now, PATIENCE_FIRST);
        } else if self.asked.is_none_or(|asked| now.saturating_sub(asked) >= ASKED_PAUSE) {
            self.asked = Some(now);
            self.sent = self.acked;
        }
    }

    /// The next one to be offered.
    pub(crate) fn next(&mut self, now: Duration) -> Option<Vec<u8>> {
        if self.sent == self.acked {
            self.since = now;
        } else if now.saturating_sub(self.since) >= self.patience {
            self.sent = self.acked;
            (self.since, self.patience) = (now, (self.patience * 2).min(PATIENCE_LAST));
        }
        if self.sent >= self.made() || self.sent - self.acked >= UNDER_WAY_MAX {
            return None;
        }
        let message = self.kept.get(usize::try_from(self.sent - self.acked).ok()?)?;
        self.sent += 1;
        self.offers += 1;
        Some(message.clone())
    }
}

/// The stream of frames.
#[derive(Debug)]
pub(crate) struct Frames {
    /// Which.
    pub(crate) stream: StreamId,
    kept: VecDeque<(u64, Vec<u8>, bool)>,
    bytes: usize,
    /// The last one that was made.
    pub(crate) made: u64,
    /// Frames that were sent, and those of them that were asked for again.
    pub(crate) sent: u64,
    /// See `sent`.
    pub(crate) again: u64,
    lost: Vec<(u64, u64)>,
}

impl Frames {
    pub(crate) const fn new(stream: StreamId) -> Self {
        Self { stream, kept: VecDeque::new(), bytes: 0, made: 0, sent: 0, again: 0, lost: Vec::new() }
    }

    /// What the next frame has to tell as lost, taken.
    pub(crate) fn lost(&mut self) -> Vec<(u64, u64)> {
        std::mem::take(&mut self.lost)
    }

    /// One more; it must say that it is number `made + 1`.
    pub(crate) fn push(&mut self, message: Vec<u8>) {
        self.made += 1;
        self.bytes += message.len();
        self.kept.push_back((self.made, message, false));
        while self.bytes > FRAMES_BYTES_MAX
            && let Some((seq, message, sent)) = self.kept.pop_front()
        {
            self.bytes -= message.len();
            if !sent {
                self.lost.push((seq, seq));
            }
        }
    }

    /// These are missed. Those that are not here any more are told as lost.
    pub(crate) fn ask_again(&mut self, from: u64, to: u64) {
        let first = self.kept.front().map_or(self.made + 1, |(seq, ..)| *seq);
        if from < first {
            self.lost.push((from, to.min(first - 1)));
        }
        for (seq, _, sent) in &mut self.kept {
            if (from..=to).contains(seq) && *sent {
                *sent = false;
                self.again += 1;
            }
        }
    }

    /// The next one to be sent.
    pub(crate) fn next(&mut self) -> Option<(u64, Vec<u8>)> {
        let (seq, message, sent) = self.kept.iter_mut().find(|(_, _, sent)| !*sent)?;
        *sent = true;
        self.sent += 1;
        Some((*seq, message.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: StreamId = StreamId([7; 16]);

    const fn second(at: u64) -> Duration {
        Duration::from_secs(at)
    }

    fn offered(records: &mut Records, now: u64) -> Vec<u8> {
        std::iter::from_fn(|| records.next(second(now))).map(|message| message[0]).collect()
    }

    #[test]
    fn a_record_stays_until_it_is_acknowledged() {
        let mut records = Records::new(ID);
        (1..=12).for_each(|n| records.push(vec![n]));
        assert_eq!(offered(&mut records, 0), [1, 2, 3, 4, 5, 6, 7, 8]);
        records.heard(Some(ID), 3, second(1));
        assert_eq!(offered(&mut records, 1), [9, 10, 11]);
        // Of another stream: sent again, once in five seconds.
        records.heard(None, 0, second(2));
        records.heard(None, 0, second(3));
        assert_eq!(offered(&mut records, 3), [4, 5, 6, 7, 8, 9, 10, 11]);
        assert_eq!(offered(&mut records, 62), [0_u8; 0]);
        assert_eq!(offered(&mut records, 63), [4, 5, 6, 7, 8, 9, 10, 11]);
        records.heard(Some(ID), 12, second(64));
        assert_eq!((records.made(), records.acked, offered(&mut records, 900)), (12, 12, vec![]));
    }

    #[test]
    fn frames_are_sent_once_and_again_when_asked_for() {
        let mut frames = Frames::new(ID);
        (1..=3).for_each(|n| frames.push(vec![n; 100 << 10]));
        assert_eq!(frames.lost(), [(1, 1)]);
        let sent = |frames: &mut Frames| std::iter::from_fn(|| frames.next()).map(|(_, m)| m[0]).collect::<Vec<_>>();
        assert_eq!(sent(&mut frames), [2, 3]);
        frames.ask_again(1, 2);
        assert_eq!((sent(&mut frames), frames.lost()), (vec![2], vec![(1, 1)]));
        assert_eq!((frames.sent, frames.again), (3, 1));
    }
}
