//! Records that were offered and are not acknowledged: few at once, in order, and offered again when no
//! acknowledgement comes. Pure.

use std::collections::VecDeque;
use std::time::Duration;

/// At once.
const UNDER_WAY_MAX: usize = 8;
/// Whoever should have acknowledged by then may never have got them. Doubles up to the last.
const PATIENCE_FIRST: Duration = Duration::from_secs(60);
const PATIENCE_LAST: Duration = Duration::from_secs(900);
/// Being asked again more often than this is being asked once.
const ASKED_PAUSE: Duration = Duration::from_secs(5);

/// Those of one connection. Times are since the start of the machine.
#[derive(Debug, Default)]
pub struct Flight {
    /// Number, and whether the broker has it.
    under_way: VecDeque<(u64, bool)>,
    /// When there was last an acknowledgement, or everything was offered again.
    since: Duration,
    patience: Duration,
    asked: Option<Duration>,
}

impl Flight {
    /// A new connection: nothing of before counts as offered.
    pub fn begin(&mut self, now: Duration) {
        *self = Self { since: now, patience: PATIENCE_FIRST, asked: self.asked, ..Self::default() };
    }

    /// Everything up to `acked` is done.
    pub fn acknowledged(&mut self, acked: u64, now: Duration) {
        while self.under_way.front().is_some_and(|(seq, _)| *seq <= acked) {
            self.under_way.pop_front();
            (self.since, self.patience) = (now, PATIENCE_FIRST);
        }
    }

    /// Whoever acknowledges has not got more than it said before: what was under way did not arrive.
    pub fn ask_again(&mut self, now: Duration) {
        if self.asked.is_none_or(|asked| now.saturating_sub(asked) >= ASKED_PAUSE) {
            self.asked = Some(now);
            self.under_way.clear();
        }
    }

    /// Behind which number to go on; `None` while enough is under way.
    pub fn after(&mut self, acked: u64, now: Duration) -> Option<u64> {
        if self.under_way.is_empty() {
            self.since = now;
        } else if now.saturating_sub(self.since) >= self.patience {
            self.under_way.clear();
            (self.since, self.patience) = (now, (self.patience * 2).min(PATIENCE_LAST));
        }
        let last = self.under_way.back().map_or(acked, |(seq, _)| *seq);
        (!self.is_full()).then_some(last)
    }

    /// This one was offered.
    pub fn offered(&mut self, seq: u64) {
        self.under_way.push_back((seq, false));
    }

    /// Whether enough is under way.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.under_way.len() >= UNDER_WAY_MAX
    }

    /// The broker has `seq`. Gives the number up to which it has everything, if that grew: where the broker's word
    /// suffices, no number counts before those that went before it.
    pub fn delivered(&mut self, seq: u64) -> Option<u64> {
        self.under_way.iter_mut().filter(|(one, _)| *one == seq).for_each(|(_, there)| *there = true);
        self.under_way.iter().take_while(|(_, there)| *there).last().map(|(seq, _)| *seq)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn second(at: u64) -> Duration {
        Duration::from_secs(at)
    }

    /// Offers all it may behind `acked`, of numbers up to `last`.
    fn offer(flight: &mut Flight, acked: u64, last: u64, now: u64) -> Vec<u64> {
        let Some(after) = flight.after(acked, second(now)) else { return Vec::new() };
        let mut out = Vec::new();
        for seq in after + 1..=last {
            if flight.is_full() {
                break;
            }
            flight.offered(seq);
            out.push(seq);
        }
        out
    }

    #[test]
    fn few_are_under_way_and_acknowledgements_make_room() {
        let mut flight = Flight::default();
        flight.begin(second(0));
        assert_eq!(offer(&mut flight, 0, 20, 0), (1..=8).collect::<Vec<_>>());
        assert_eq!(offer(&mut flight, 0, 20, 1), [0_u64; 0]);
        flight.acknowledged(3, second(2));
        assert_eq!(offer(&mut flight, 3, 20, 2), [9, 10, 11]);
    }

    #[test]
    fn no_number_counts_before_those_that_went_before_it() {
        let mut flight = Flight::default();
        flight.begin(second(0));
        offer(&mut flight, 0, 3, 0);
        assert_eq!((flight.delivered(2), flight.delivered(3), flight.delivered(1)), (None, None, Some(3)));
        // One of a connection before, which is not under way on this one.
        assert_eq!(Flight::default().delivered(7), None);
    }

    #[test]
    fn what_nobody_acknowledges_is_offered_again_ever_more_rarely() {
        let mut flight = Flight::default();
        flight.begin(second(0));
        let mut at = Vec::new();
        for now in 0..86_400 {
            if !offer(&mut flight, 0, 20, now).is_empty() {
                at.push(now);
            }
        }
        assert_eq!(at[..6], [0, 60, 180, 420, 900, 1800]);
        assert!(at.len() < 110, "{}", at.len());
        flight.acknowledged(8, second(86_400));
        assert_eq!(offer(&mut flight, 8, 20, 86_400).len(), 8);
        assert_eq!(offer(&mut flight, 8, 20, 86_460).len(), 8);
    }

    #[test]
    fn whoever_came_back_is_told_at_once_but_not_as_often_as_it_asks() {
        let mut flight = Flight::default();
        flight.begin(second(0));
        offer(&mut flight, 0, 3, 0);
        let mut told = 0;
        for now in 10..20 {
            flight.ask_again(second(now));
            told += offer(&mut flight, 0, 3, now).len();
        }
        assert_eq!(told, 6);
    }
}
