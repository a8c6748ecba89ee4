//! How exactly the file systems of the target hold times: to a nanosecond, a second (ext3), or two (FAT).

use super::temp::{ALONE, Temps};
use atalaya_repo::model::Time;
use rustix::fd::BorrowedFd;
use rustix::fs::{AtFlags, Mode, OFlags, Timespec, Timestamps, UTIME_OMIT, fstat, futimens, openat, unlinkat};
use std::sync::{Mutex, PoisonError};

const SECOND: i128 = 1_000_000_000;

/// Steps that file systems are known to count in: nanoseconds, 100 ns (NTFS), 1 µs, 1 ms, 10 ms (exFAT), 1 s, 2 s.
const STEPS: [i128; 7] = [1, 100, 1_000, 1_000_000, 10_000_000, SECOND, 2 * SECOND];

/// Odd in every step.
const TRIAL: Time = Time { secs: 1_000_000_001, nanos: 987_654_321 };

/// What was found out, by device.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    steps: Mutex<Vec<(u64, i128)>>,
}

impl Clock {
    /// Whether `there` is what the file system on `device` makes of `wanted`, as far as that was found out.
    pub(crate) fn same(&self, device: u64, there: Time, wanted: Time) -> bool {
        there == wanted || equal(self.step(device).unwrap_or(1), there, wanted)
    }

    /// The same; tries it out in `dir`, which lies on `device`, if nobody did. Where nothing may be made, `None`
    /// for `dir`, the file system is believed to be as coarse as what is there looks.
    pub(crate) fn same_by_trial(
        &self,
        temps: &Temps,
        dir: Option<BorrowedFd<'_>>,
        device: u64,
        there: Time,
        wanted: Time,
    ) -> bool {
        let coarsest = STEPS[1..].iter().find(|step| equal(**step, there, wanted) && nanos(there) % **step == 0);
        if there == wanted || coarsest.is_none() {
            return there == wanted;
        }
        if self.step(device).is_none() {
            let Some(dir) = dir else { return true };
            let step = trial(temps, dir).unwrap_or(1);
            self.steps.lock().unwrap_or_else(PoisonError::into_inner).push((device, step));
        }
        self.same(device, there, wanted)
    }

    fn step(&self, device: u64) -> Option<i128> {
        let steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        steps.iter().find(|(dev, _)| *dev == device).map(|(_, step)| *step)
    }
}

/// The step that a new file in `dir` shows; `None` where that cannot be found out.
fn trial(temps: &Temps, dir: BorrowedFd<'_>) -> Option<i128> {
    let name = &temps.name(ALONE)[..];
    let (flags, mode) = (OFlags::WRONLY | OFlags::CLOEXEC, Mode::RUSR | Mode::WUSR);
    // Without a name, where there is such a thing, so that the folder's own time stays.
    let nameless = openat(dir, ".", flags | OFlags::TMPFILE, mode);
    let named = nameless.is_err();
    let fd =
        nameless.or_else(|_| openat(dir, name, flags | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW, mode)).ok()?;
    let last_access = Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT };
    let last_modification = Timespec { tv_sec: TRIAL.secs, tv_nsec: TRIAL.nanos as _ };
    let held = futimens(&fd, &Timestamps { last_access, last_modification }).and_then(|()| fstat(&fd));
    if named {
        let _ = unlinkat(dir, name, AtFlags::empty());
    }
    let held = crate::fs::meta_of(&held.ok()?).mtime;
    STEPS.iter().copied().find(|step| nanos(held) == floor(*step, TRIAL))
}

fn nanos(time: Time) -> i128 {
    i128::from(time.secs) * SECOND + i128::from(time.nanos)
}

fn floor(step: i128, time: Time) -> i128 {
    nanos(time).div_euclid(step) * step
}

fn equal(step: i128, a: Time, b: Time) -> bool {
    floor(step, a) == floor(step, b)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use rustix::fd::AsFd;

    #[test]
    fn only_as_coarse_as_the_file_system_shows() {
        let dir = tempfile::tempdir().unwrap();
        let folder = std::fs::File::open(dir.path()).unwrap();
        let temps = Temps::new(folder.as_fd());
        let time = |secs, nanos| Time { secs, nanos };
        for (step, there, wanted, same) in [
            (1, time(5, 0), time(5, 7), false),
            (SECOND, time(5, 0), time(5, 7), true),
            (SECOND, time(-5, 0), time(-5, 7), true),
            (SECOND, time(5, 0), time(6, 0), false),
            (SECOND, time(5, 1), time(5, 7), false),
            (2 * SECOND, time(4, 0), time(5, 7), true),
            (2 * SECOND, time(6, 0), time(5, 7), false),
            (100, time(5, 700), time(5, 789), true),
            (100, time(5, 0), time(5, 789), false),
        ] {
            let clock = Clock { steps: Mutex::new(vec![(1, step)]) };
            let found = clock.same_by_trial(&temps, Some(folder.as_fd()), 1, there, wanted);
            assert_eq!(found, same, "{step} {there:?} {wanted:?}");
        }
        // Here, by trial; nothing is left of it.
        let clock = Clock::default();
        let found = clock.same_by_trial(&temps, Some(folder.as_fd()), 1, time(5, 0), time(5, 7));
        assert_eq!(found, clock.step(1).unwrap() >= SECOND);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        assert!(Clock::default().same_by_trial(&temps, None, 1, time(5, 0), time(5, 7)), "a dry run cannot try");
    }
}
