//! Getting what was restored onto the disk: meanwhile, so that the end need not wait for all of it, and at the end.

use atalaya_repo::{Error, Result};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{Mode, OFlags, openat, syncfs};
use rustix::io::Errno;
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
    pub(crate) fn meanwhile<T>(&self, work: impl FnOnce(SyncSender<()>) -> T) -> T {
        let (sender, receiver) = mpsc::sync_channel(1);
        thread::scope(|scope| {
            let settle = move || {
                while let (Ok(()), Some(fd)) = (receiver.recv(), &self.meantime) {
                    // Whether it went well is asked at the end.
                    let _ = syncfs(fd);
                }
            };
            // Without another thread there is more to wait for at the end.
            let _ = thread::Builder::new().name("settle".into()).spawn_scoped(scope, settle);
            work(sender)
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
