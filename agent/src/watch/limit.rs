//! Runs that take longer than they may, that do not end when they are told to, or that do not move.

use std::time::Duration;

use super::daemon::Daemon;
use super::tasks::time_max;

/// What is stopped has so long to end its pack, also over a slow line; then it is killed, and what it stored stays.
const STOP_PATIENCE: Duration = Duration::from_secs(300);
/// A run that reads nothing for so long is told: a share that hangs, a disk that dies.
const STILL: Duration = Duration::from_secs(1800);

/// When a run last moved. Times are since the start of the machine.
#[derive(Debug, Default)]
pub(super) struct Motion {
    last: Option<(u64, Duration)>,
    told: bool,
}

impl Motion {
    /// So many bytes it has come.
    pub(super) fn moved(&mut self, bytes: u64, now: Duration) {
        if self.last.is_none_or(|(before, _)| before != bytes) {
            (self.last, self.told) = (Some((bytes, now)), false);
        }
    }

    /// It could not, or did not begin.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Since when it has not moved, where that is too long.
    pub(super) fn still(&self, now: Duration) -> Option<Duration> {
        self.last.map(|(_, at)| at).filter(|at| now.saturating_sub(*at) > STILL)
    }

    /// Whether it has just become still: that is told once.
    fn became_still(&mut self, now: Duration) -> bool {
        let news = self.still(now).is_some() && !self.told;
        self.told |= news;
        news
    }
}

/// Whether what was told to stop at `at` should have ended by now.
fn is_deaf(at: Duration, now: Duration) -> bool {
    now.saturating_sub(at) > STOP_PATIENCE
}

impl Daemon {
    /// Ends what takes too long, and tells what stands still.
    pub(super) fn limit_run(&mut self) {
        let now = self.now.boot;
        let Some(run) = &mut self.runs.run else { return };
        let limit = time_max(&self.config, &run.job);
        let took = now.saturating_sub(Duration::from_millis(run.began.boot_millis));
        if limit.is_some_and(|limit| took > limit) && run.stopped.is_none() {
            tracing::warn!(job = run.job, "has taken longer than its time_max, and is stopped");
            run.late = true;
            run.stop(now);
        }
        if run.stopped.is_some_and(|at| is_deaf(at, now)) && run.kill() {
            tracing::warn!(job = run.job, "did not end when it was told to, and is killed");
        }
        if self.runs.wait.is_some() {
            self.runs.motion.forget();
        } else if self.runs.motion.became_still(now) {
            tracing::warn!(job = run.job, "has read nothing for half an hour");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_told_to_stop_has_five_minutes() {
        let second = Duration::from_secs;
        assert!(!is_deaf(second(100), second(400)) && is_deaf(second(100), second(401)));
    }

    #[test]
    fn who_does_not_move_is_told_once() {
        let second = Duration::from_secs;
        let mut motion = Motion::default();
        // What never told how far it is, like a check, is not judged.
        assert!(!motion.became_still(second(90_000)));
        motion.moved(5, second(100));
        motion.moved(5, second(1_800));
        assert!(!motion.became_still(second(1_900)));
        assert!(motion.became_still(second(1_901)) && !motion.became_still(second(1_902)));
        assert_eq!(motion.still(second(5_000)), Some(second(100)));
        motion.moved(6, second(5_001));
        assert_eq!(motion.still(second(5_002)), None);
        assert!(motion.became_still(second(9_000)));
    }
}
