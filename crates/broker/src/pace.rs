//! In which order and how fast clients are let in, all together.

use std::time::Duration;

use crate::limits::WELCOMES_PER_SECOND;

/// The time until which those who were let in are paid for.
#[derive(Debug, Default)]
pub(crate) struct Pace(Duration);

impl Pace {
    /// How long whoever comes at `now` (monotonic) has to wait; nobody who comes later is let in earlier.
    pub(crate) fn take(&mut self, now: Duration) -> Duration {
        let each = Duration::from_secs(1) / WELCOMES_PER_SECOND;
        self.0 = self.0.max(now) + each;
        self.0.saturating_sub(now + Duration::from_secs(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fleet_is_let_in_one_after_another_and_one_client_at_once() {
        let (mut pace, now) = (Pace::default(), Duration::from_secs(100));
        let waits: Vec<Duration> = (0..1_000).map(|_| pace.take(now)).collect();
        assert!(waits[..WELCOMES_PER_SECOND as usize].iter().all(Duration::is_zero), "a handful waits for nobody");
        assert!(waits.windows(2).all(|two| two[0] <= two[1]));
        let last = Duration::from_secs(1_000) / WELCOMES_PER_SECOND - Duration::from_secs(1);
        assert!(waits[999].abs_diff(last) < Duration::from_millis(1), "{:?}", waits[999]);
        assert!(pace.take(now + last + Duration::from_secs(2)).is_zero(), "the fleet is in");
    }
}
