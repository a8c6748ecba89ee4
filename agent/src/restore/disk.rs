//! Getting what was restored onto the disk: meanwhile, so that the end need not wait for all of it, and at the end.

use atalaya_repo::{Error, Result};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{Mode, OFlags, openat, syncfs};
use rustix::io::Errno;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, SyncSender};
use std::thread;

/// The file system of the target.
#[derive(Debug)]
pub(crate) struct Disk {
    /// Opened before anything is written: it is told of every write that failed since then.
    end: rustix::io::Result<OwnedFd>,
    /// Another for the meantime, because a failure is told once to each.
    meantime: Option<OwnedFd>,
}

impl Disk {
    /// That of the folder `target`.
    pub(crate) fn of(target: BorrowedFd<'_>) -> Self {
        let open = || openat(target, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
        Self { end: open(), meantime: open().ok() }
    }

    /// Runs `work` while another thread has what is there written to the disk whenever `work` sends.
    pub(crate) fn meanwhile<T>(&self, work: impl FnOnce(SyncSender<()>) -> Result<T>) -> Result<T> {
        alongside(&AtomicBool::new(false), work, || {
            // Whether it went well is asked at the end.
            let _ = self.meantime.as_ref().map(syncfs);
        })
    }

    /// Everything written so far is on the disk.
    pub(crate) fn sync(&self) -> Result<()> {
        match self.end.as_ref().map_err(|err| *err).and_then(|fd| syncfs(fd.as_fd())) {
            // Not to be opened by us, or a file system without it: then the whole system.
            Err(Errno::ACCESS | Errno::NOSYS) => {
                rustix::fs::sync();
                Ok(())
            }
            result => result.map_err(|e| Error::io("cannot write what was restored to the disk", &e.into())),
        }
    }
}

/// Runs `work` and, in another thread, `settle` for what it sends; `failed` is set as soon as that is for nothing, so that
/// whoever stops a restore waits for what is under way at most.
fn alongside<T>(
    failed: &AtomicBool,
    work: impl FnOnce(SyncSender<()>) -> Result<T>,
    mut settle: impl FnMut() + Send,
) -> Result<T> {
    let (sender, receiver) = mpsc::sync_channel(1);
    thread::scope(|scope| {
        let settling = move || {
            while receiver.recv().is_ok() && !failed.load(Ordering::Relaxed) {
                settle();
            }
        };
        // Without another thread there is more to wait for at the end.
        let _ = thread::Builder::new().name("settle".into()).spawn_scoped(scope, settling);
        let result = work(sender);
        failed.store(result.is_err(), Ordering::Relaxed);
        result
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use atalaya_repo::Kind;

    /// How often is settled what two requests asked for, the second while the first is under way.
    fn settled(fails: bool) -> u32 {
        let (failed, over, mut count) = (AtomicBool::new(false), AtomicBool::new(false), 0);
        let (begun, begins) = mpsc::channel();
        let work = |sender: SyncSender<()>| {
            assert!(sender.send(()).is_ok() && begins.recv().is_ok() && sender.send(()).is_ok());
            over.store(true, Ordering::Relaxed);
            if fails { Err(Error::new(Kind::Interrupted, "stopped")) } else { Ok(()) }
        };
        let result = alongside(&failed, work, || {
            count += 1;
            let _ = begun.send(());
            while !(if fails { &failed } else { &over }).load(Ordering::Relaxed) {
                thread::yield_now();
            }
        });
        assert_eq!(result.is_err(), fails);
        count
    }

    #[test]
    fn whoever_stops_a_restore_waits_for_one_sync_at_most() {
        assert_eq!((settled(false), settled(true)), (2, 1));
    }
}
