//! A rate, kept.

use std::time::Duration;

use crate::Rate;

/// Keeps one rate: a bucket of [`Rate::burst`] tokens, of which one comes back each [`Rate::every`]. Kept as the moment at which
/// it would be full again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    rate: Rate,
    full: Duration,
}

/// How far it may be in debt, by what is sent outside the order.
const DEBT: Duration = Duration::from_secs(600);

impl Bucket {
    pub(super) const fn new(rate: Rate) -> Self {
        Self { rate, full: Duration::ZERO }
    }

    pub(super) const fn rate(&self) -> Rate {
        self.rate
    }

    /// When there is a token, at the earliest.
    pub(super) fn next(&self) -> Duration {
        let spare = self.rate.every.saturating_mul(self.rate.burst.max(1) - 1);
        self.full.saturating_sub(spare)
    }

    pub(super) fn spend(&mut self, now: Duration) {
        let most = now + self.rate.every.saturating_mul(self.rate.burst) + DEBT;
        self.full = (self.full.max(now) + self.rate.every).min(most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_goes_at_once_and_then_one_by_one() {
        let mut bucket = Bucket::new(Rate::new(3, Duration::from_secs(5)));
        let mut now = Duration::from_secs(1_000);
        let mut sent = Vec::new();
        for _ in 0..6 {
            now = now.max(bucket.next());
            bucket.spend(now);
            sent.push(now.as_secs());
        }
        assert_eq!(sent, [1_000, 1_000, 1_000, 1_005, 1_010, 1_015]);
        let rested = Duration::from_secs(9_000);
        assert!(bucket.next() < rested);
    }

    #[test]
    fn debt_has_a_bound() {
        let mut bucket = Bucket::new(Rate::new(1, Duration::from_secs(60)));
        (0..1_000).for_each(|_| bucket.spend(Duration::ZERO));
        assert!(bucket.next() <= DEBT + Duration::from_secs(60));
    }
}
