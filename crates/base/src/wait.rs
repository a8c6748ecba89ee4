//! How long to wait before the next try. Pure.

use std::time::Duration;

const FIRST: Duration = Duration::from_secs(1);
const LAST: Duration = Duration::from_secs(120);
/// A connection that held so long was a good one: what ends it is not what ended the one before.
const GOOD: Duration = Duration::from_secs(60);
/// Two with one id put each other out. Each comes back ever more rarely, so that nobody drowns in it.
const RIVAL_FIRST: Duration = Duration::from_secs(60);
const RIVAL_LAST: Duration = Duration::from_secs(3600);
/// The rival waits as long as we do, so peace is only what lasts longer.
const RIVAL_GOOD: Duration = Duration::from_secs(3 * 3600);

/// How a try ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// There was no connection.
    Refused,
    /// There was one, and it was lost.
    Lost,
    /// There was one, and another client has our id: the two put each other out.
    Rival,
}

/// See the module.
#[derive(Debug)]
pub struct Wait {
    /// 0 to 1: makes waits of many nodes differ.
    spread: f64,
    next: Duration,
    rival: Duration,
}

impl Wait {
    /// Of one whose waits are cut to a share of 0.5 (a `spread` of 0) to 1 (a `spread` of 1).
    #[must_use]
    pub const fn new(spread: f64) -> Self {
        Self { spread, next: FIRST, rival: RIVAL_FIRST }
    }

    /// After a try that ended so, having lasted so long.
    pub fn after(&mut self, ended: Ended, lasted: Duration) -> Duration {
        if lasted >= RIVAL_GOOD {
            self.rival = RIVAL_FIRST;
        }
        let wait = if ended == Ended::Rival {
            let wait = self.rival;
            self.rival = (wait * 2).min(RIVAL_LAST);
            wait
        } else {
            if ended == Ended::Lost && lasted >= GOOD {
                self.next = FIRST;
            }
            let wait = self.next;
            self.next = (wait * 2).min(LAST);
            wait
        };
        wait.mul_f64(0.5 + self.spread / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(ended: Ended, lasted: u64, count: usize) -> Vec<u64> {
        let mut wait = Wait::new(1.0);
        (0..count).map(|_| wait.after(ended, Duration::from_secs(lasted)).as_secs()).collect()
    }

    #[test]
    fn waits_grow_until_a_connection_holds() {
        assert_eq!(waits(Ended::Refused, 5, 9), [1, 2, 4, 8, 16, 32, 64, 120, 120]);
        // One that takes every connection and ends it at once is no better than one that takes none.
        assert_eq!(waits(Ended::Lost, 1, 4), [1, 2, 4, 8]);
        assert_eq!(waits(Ended::Lost, 60, 3), [1, 1, 1]);
    }

    #[test]
    fn two_with_one_id_do_not_fight() {
        assert_eq!(waits(Ended::Rival, 100, 8), [60, 120, 240, 480, 960, 1920, 3600, 3600]);
        assert_eq!(waits(Ended::Rival, 4 * 3600, 2), [60, 60]);
    }

    #[test]
    fn many_nodes_do_not_wait_alike() {
        let first = |spread| Wait::new(spread).after(Ended::Refused, Duration::ZERO).as_millis();
        assert_eq!((first(0.0), first(0.5), first(1.0)), (500, 750, 1000));
    }
}
