//! Open folders on the way to where work is going on.

use atalaya_repo::model::is_within;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{Mode, OFlags};
use rustix::io;

/// So many folders stay open, however deep the tree is.
pub(crate) const OPEN_FOLDERS_MAX: usize = 32;

/// Descriptors of some ancestors of the folder used last. Each component is opened by itself and
/// never through a symbolic link, so that paths may be longer than `PATH_MAX` and nothing leads elsewhere.
#[derive(Debug)]
pub(crate) struct Folders {
    root: OwnedFd,
    /// Path of the last of `open`.
    path: Vec<u8>,
    /// Length of each one's path, and its descriptor.
    open: Vec<(usize, OwnedFd)>,
}

impl Folders {
    /// All paths are relative to `root`.
    pub(crate) fn new(root: OwnedFd) -> Self {
        Self { root, path: Vec::new(), open: Vec::new() }
    }

    /// From the root of the file system.
    pub(crate) fn at_root() -> io::Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self::new(rustix::fs::open("/", flags, Mode::empty())?))
    }

    /// The folder `path`, and whether it was opened anew (so that the caller may check that it is
    /// the one it was).
    pub(crate) fn folder(&mut self, path: &[u8]) -> io::Result<(BorrowedFd<'_>, bool)> {
        let mut fresh = false;
        if self.path != path {
            self.leave(path);
            fresh = self.path != path;
            self.descend(path)?;
        }
        Ok((self.top(), fresh))
    }

    /// Keeps `fd` as the folder `path`, whose parent was asked for last.
    pub(crate) fn put(&mut self, path: &[u8], fd: OwnedFd) {
        self.path.extend_from_slice(path.get(self.path.len()..).unwrap_or_default());
        self.open.push((path.len(), fd));
        self.thin();
    }

    /// Closes what is not an ancestor of `path`.
    pub(crate) fn leave(&mut self, path: &[u8]) {
        while self.open.last().is_some_and(|(len, _)| !is_within(path, &self.path[..*len])) {
            self.open.pop();
        }
        self.path.truncate(self.open.last().map_or(0, |(len, _)| *len));
    }

    fn top(&self) -> BorrowedFd<'_> {
        self.open.last().map_or(self.root.as_fd(), |(_, fd)| fd.as_fd())
    }

    fn descend(&mut self, path: &[u8]) -> io::Result<()> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        while self.path.len() < path.len() {
            let from = if self.path.is_empty() { 0 } else { self.path.len() + 1 };
            let to = path[from..].iter().position(|b| *b == b'/').map_or(path.len(), |n| from + n);
            let fd = rustix::fs::openat(self.top(), &path[from..to], flags, Mode::empty())?;
            self.put(&path[..to], fd);
        }
        Ok(())
    }

    /// Of too many, the one is closed that is missed least: those that stay are the further apart the
    /// further up they are. Coming back through a very deep tree then opens each level a few times only.
    fn thin(&mut self) {
        if self.open.len() <= OPEN_FOLDERS_MAX {
            return;
        }
        let len = |at: usize| self.open[at].0 as u64;
        let gap = |at: usize| ((len(at + 1) - len(at - 1)) << 16) / (self.path.len() as u64 - len(at)).max(1);
        if let Some(least) = (1..self.open.len() - 1).min_by_key(|at| gap(*at)) {
            self.open.remove(least);
        }
    }
}
