//! Names for what is to replace something: it is made beside it and renamed over it when it is complete, so
//! that what was there survives whatever goes wrong. A name that is free is used at once.

use atalaya_repo::model::{Kind, Meta, Time};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, FlockOperation, Mode, OFlags, flock, openat, renameat, unlinkat};
use rustix::io::Result;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{SystemTime, UNIX_EPOCH};

const PREFIX: &[u8] = b".atalaya-";
/// 16 digits of the run, 8 of the file.
const DIGITS: usize = 24;

/// Such a name.
pub(crate) type TempName = [u8; PREFIX.len() + DIGITS];

/// The number of what is complete at once, before the next one is made.
pub(crate) const ALONE: u32 = u32::MAX;

/// The names of one run.
#[derive(Debug)]
pub(crate) struct Temps {
    run: u64,
    /// What is older was left by a run that was killed; `None` while another restore may be at work here.
    stale_before: Option<Time>,
    /// Tells other runs of this one.
    _lock: Option<OwnedFd>,
}

impl Temps {
    /// For a run into the folder `target`.
    pub(crate) fn new(target: BorrowedFd<'_>) -> Self {
        // Its keys are random; names need be no secret.
        let run = RandomState::new().build_hasher().finish();
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let lock = openat(target, ".", flags, Mode::empty()).ok();
        // File systems without locks are rarely restored into twice at once, and what goes wrong then is told.
        let taken = |fd: &OwnedFd| flock(fd, FlockOperation::NonBlockingLockExclusive) == Err(rustix::io::Errno::AGAIN);
        let alone = !lock.as_ref().is_some_and(taken);
        if let Some(fd) = &lock {
            let _ = flock(fd, FlockOperation::NonBlockingLockShared);
        }
        Self { run, stale_before: alone.then(now), _lock: lock }
    }

    /// The name that file `number` is made under.
    pub(crate) fn name(&self, number: u32) -> TempName {
        let mut name = [0; PREFIX.len() + DIGITS];
        name[..PREFIX.len()].copy_from_slice(PREFIX);
        let whole = u128::from(self.run) << 32 | u128::from(number);
        for (at, digit) in name[PREFIX.len()..].iter_mut().rev().enumerate() {
            *digit = b"0123456789abcdef"[(whole >> (4 * at)) as usize & 15];
        }
        name
    }

    /// Whether a run that is no more left it.
    pub(crate) fn is_stale(&self, name: &[u8], meta: &Meta) -> bool {
        meta.kind != Kind::Dir && is_temp(name) && self.stale_before.is_some_and(|before| meta.ctime < before)
    }

    /// Makes something with `make` under a name of its own and puts it in the place of `name`.
    pub(crate) fn replace<T>(
        &self,
        dir: BorrowedFd<'_>,
        name: &[u8],
        number: u32,
        make: impl FnOnce(&[u8]) -> Result<T>,
    ) -> Result<T> {
        let temp = &self.name(number)[..];
        let result = make(temp).and_then(|made| renameat(dir, temp, dir, name).map(|()| made));
        if result.is_err() {
            let _ = unlinkat(dir.as_fd(), temp, AtFlags::empty());
        }
        result
    }
}

fn is_temp(name: &[u8]) -> bool {
    let hex = |digit: &u8| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
    name.strip_prefix(PREFIX).is_some_and(|digits| digits.len() == DIGITS && digits.iter().all(hex))
}

fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time { secs: since.as_secs() as i64, nanos: since.subsec_nanos() }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_from_others() {
        let dir = tempfile::tempdir().unwrap();
        let folder = std::fs::File::open(dir.path()).unwrap();
        let temps = Temps::new(folder.as_fd());
        assert!(is_temp(&temps.name(0)) && is_temp(&temps.name(u32::MAX)) && temps.name(1) != temps.name(2));
        assert_ne!(temps.name(1), Temps::new(folder.as_fd()).name(1));
        for other in [&b".atalaya"[..], b".atalaya-spool-1-2", b".atalaya-0123456789abcdef0123456g", b"x", b""] {
            assert!(!is_temp(other));
        }
        assert!(temps.stale_before.is_some());
        assert!(Temps::new(folder.as_fd()).stale_before.is_none(), "another run is at work");
        drop(temps);
        assert!(Temps::new(folder.as_fd()).stale_before.is_some());
    }
}
