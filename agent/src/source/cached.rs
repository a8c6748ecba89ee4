//! Leaves the machine's cache as it was: what a backup brought into it is dropped, what others had there stays.

use rustix::fd::{AsFd, BorrowedFd};
use rustix::fs::{Advice, fadvise};
use rustix::io::{ReadWriteFlags, preadv2};
use std::io::IoSliceMut;
use std::num::NonZeroU64;

/// Files of this size are looked after, in stretches of as much. A smaller file is more likely to have been there before.
pub(crate) const STRETCH_BYTES: u64 = 8 << 20;

/// Looks a stretch ahead, because the kernel reads ahead of us. Looking may make it read there out of order, so
/// as long as nothing is cached the looks get rarer.
#[derive(Debug, Default)]
pub(crate) struct Cached {
    /// Where the present stretch was begun.
    from: u64,
    /// Number of the present stretch; `None` before the first read.
    present: Option<u64>,
    /// Whether it was cached, and the one after it.
    keep: bool,
    keep_next: bool,
    /// The stretch that is looked at next, and how far apart looks are.
    look: u64,
    apart: u64,
}

impl Cached {
    /// Called before reading at `at` in a file of `size` bytes.
    pub(crate) fn before(&mut self, fd: BorrowedFd<'_>, at: u64, size: u64) {
        let stretch = at / STRETCH_BYTES;
        if size < STRETCH_BYTES || self.present == Some(stretch) {
            return;
        }
        let follows = self.present.is_some_and(|present| present + 1 == stretch);
        self.drop_until(fd, at);
        self.keep = if follows { self.keep_next } else { self.looked(fd, at, size, stretch) };
        (self.from, self.present) = (at, Some(stretch));
        let next = stretch + 1;
        self.keep_next =
            next >= self.look && next * STRETCH_BYTES < size && self.looked(fd, next * STRETCH_BYTES, size, next);
    }

    /// Drops what was read of the present stretch, which ends at `at`.
    pub(crate) fn drop_until(&mut self, fd: BorrowedFd<'_>, at: u64) {
        if self.present.is_some() && !self.keep && at > self.from {
            let _ = fadvise(fd, self.from, NonZeroU64::new(at - self.from), Advice::DontNeed);
        }
        self.from = at;
    }

    fn looked(&mut self, fd: BorrowedFd<'_>, at: u64, size: u64, stretch: u64) -> bool {
        // The first look starts a read, which a very fast disk may end before the look does.
        let second = at + STRETCH_BYTES / 2;
        let cached = is_cached(fd, at) && (second >= size || is_cached(fd, second));
        self.apart = if cached { 1 } else { (self.apart * 2).max(1) };
        self.look = stretch + self.apart;
        cached
    }
}

/// Whether the byte at `at` can be had without waiting for the disk. Where the kernel cannot tell, it says no.
pub(crate) fn is_cached(fd: impl AsFd, at: u64) -> bool {
    let mut byte = [0];
    let read = preadv2(fd, &mut [IoSliceMut::new(&mut byte)], at, ReadWriteFlags::NOWAIT);
    matches!(read, Ok(1))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use rustix::fs::fadvise;
    use std::os::unix::fs::FileExt;

    const STRETCHES: u64 = 6;

    /// Which stretches of the file are cached, by a page in the middle of each: the kernel reads ahead of a border.
    fn cached(file: &std::fs::File) -> Vec<bool> {
        (0..STRETCHES).map(|n| is_cached(file, n * STRETCH_BYTES + STRETCH_BYTES / 2)).collect()
    }

    fn forget(file: &std::fs::File, stretches: std::ops::Range<u64>) {
        // No length would mean everything.
        if let Some(len) = NonZeroU64::new((stretches.end - stretches.start) * STRETCH_BYTES) {
            fadvise(file, stretches.start * STRETCH_BYTES, Some(len), Advice::DontNeed).unwrap();
        }
    }

    /// Reads a file of which `forgotten` is not cached; gives what is cached afterwards.
    fn check(forgotten: std::ops::Range<u64>) -> Option<Vec<bool>> {
        let file = tempfile::tempfile().unwrap();
        file.write_all_at(&vec![7; (STRETCHES * STRETCH_BYTES) as usize], 0).unwrap();
        file.sync_all().unwrap();
        forget(&file, 0..STRETCHES);
        if cached(&file).contains(&true) {
            return None; // In memory anyway.
        }
        let piece = STRETCH_BYTES / 8;
        let mut buf = vec![0; piece as usize];
        (0..STRETCHES * 8).for_each(|n| file.read_exact_at(&mut buf, n * piece).unwrap());
        if cached(&file).contains(&false) {
            return None; // The kernel cannot tell, or has no room.
        }
        forget(&file, forgotten);
        let mut looked = Cached::default();
        for n in 0..STRETCHES * 8 {
            let at = n * piece;
            looked.before(file.as_fd(), at, STRETCHES * STRETCH_BYTES);
            file.read_exact_at(&mut buf, at).unwrap();
        }
        looked.drop_until(file.as_fd(), STRETCHES * STRETCH_BYTES);
        Some(cached(&file))
    }

    /// The kernel takes our word as advice: a page that is busy elsewhere stays, so one stretch may differ.
    fn assert_nearly(after: &[bool], expected: [bool; STRETCHES as usize]) {
        let wrong = after.iter().zip(expected).filter(|(is, should)| **is != *should).count();
        assert!(wrong <= 1, "cached: {after:?}, expected {expected:?}");
    }

    #[test]
    fn what_was_cached_stays_and_nothing_else() {
        if let Some(after) = check(0..0) {
            assert_nearly(&after, [true; STRETCHES as usize]);
        }
        if let Some(after) = check(0..STRETCHES) {
            assert_nearly(&after, [false; STRETCHES as usize]);
        }
        if let Some(after) = check(2..STRETCHES) {
            assert_nearly(&after, [true, true, false, false, false, false]);
        }
    }
}
