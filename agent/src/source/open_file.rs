//! Reading one file in order, holes told apart, the machine's cache left alone.

use super::cached::Cached;
use crate::fs::{meta_of, same_inode};
use atalaya_repo::model::Meta;
use atalaya_repo::source::{Content, Segment};
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{Advice, SeekFrom, Stat, fadvise, fstat, seek};
use rustix::io::{Errno, pread};
use std::io;

/// From this size on the kernel is told that the file is read in order.
const SEQUENTIAL_FROM_BYTES: u64 = 1 << 20;

/// Holes are whole pages, so smaller files have none.
pub(crate) const SPARSE_FROM_BYTES: u64 = 4096;

const REPLACED: &str = "it was replaced by something else while the backup ran; the next one will have it";

/// A regular file that is open for reading.
#[derive(Debug)]
pub struct OpenFile {
    fd: OwnedFd,
    /// What the walk found: only its inode and kind count here.
    found: Meta,
    size: u64,
    sparse: bool,
    /// Where the next byte is read.
    at: u64,
    /// End of the present data segment.
    until: u64,
    cached: Cached,
}

impl OpenFile {
    /// What was opened where the walk found `found`. That it is the same file shows when it was read.
    pub(crate) fn new(fd: OwnedFd, found: &Meta) -> Self {
        let (at, until) = (0, 0);
        Self { fd, found: *found, size: found.size, sparse: false, at, until, cached: Cached::default() }
    }

    /// The same with what `fstat` says of it now.
    pub(crate) fn looked_at(fd: OwnedFd, found: &Meta, stat: &Stat) -> Self {
        let mut file = Self::new(fd, found);
        file.resize(stat);
        file.advise();
        file
    }

    #[allow(clippy::unnecessary_cast)]
    fn resize(&mut self, stat: &Stat) {
        self.size = meta_of(stat).size;
        let stored = (stat.st_blocks as u64).saturating_mul(512);
        self.sparse = self.size >= SPARSE_FROM_BYTES && stored < self.size;
    }

    fn advise(&self) {
        if self.size >= SEQUENTIAL_FROM_BYTES {
            // Advice only: a file system that cannot take it reads as well without.
            let _ = fadvise(&self.fd, 0, None, Advice::Sequential);
        }
    }

    /// What `fstat` says now, of the file that the walk found and no other.
    fn look(&self) -> io::Result<Stat> {
        let stat = fstat(&self.fd)?;
        if same_inode(&meta_of(&stat), &self.found) { Ok(stat) } else { Err(io::Error::other(REPLACED)) }
    }

    /// The next border between data and hole, at most the end of the file; `None` where the file
    /// system cannot tell.
    fn border(&self, from: SeekFrom) -> io::Result<Option<u64>> {
        match seek(&self.fd, from) {
            Ok(at) => Ok(Some(at.min(self.size))),
            Err(Errno::NXIO) => Ok(Some(self.size)),
            Err(Errno::INVAL | Errno::NOTSUP) => Ok(None),
            Err(err) => Err(err.into()),
        }
    }

    fn data_until(&mut self, end: u64) -> Segment {
        self.until = end;
        Segment::Data(end - self.at)
    }
}

impl Content for OpenFile {
    fn segment(&mut self) -> io::Result<Segment> {
        // A file that turned out shorter has nothing after the missing part.
        self.at = self.at.max(self.until);
        if self.at >= self.size {
            return Ok(Segment::End);
        }
        if !self.sparse {
            return Ok(self.data_until(self.size));
        }
        let Some(data) = self.border(SeekFrom::Data(self.at))? else {
            self.sparse = false;
            return Ok(self.data_until(self.size));
        };
        if data > self.at {
            let hole = data - self.at;
            (self.at, self.until) = (data, data);
            return Ok(Segment::Hole(hole));
        }
        let end = self.border(SeekFrom::Hole(self.at))?.unwrap_or(self.size);
        Ok(self.data_until(end))
    }

    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let want = (buf.len() as u64).min(self.until - self.at) as usize;
        let mut got = 0;
        self.cached.before(self.fd.as_fd(), self.at, self.size);
        while got < want {
            match pread(&self.fd, &mut buf[got..want], self.at + got as u64) {
                Ok(0) => break,
                Ok(n) => got += n,
                Err(Errno::INTR) => {}
                // A pipe cannot be read like this, for one.
                Err(err) => return Err(self.look().err().unwrap_or_else(|| err.into())),
            }
        }
        self.at += got as u64;
        Ok(got)
    }

    fn finish(&mut self) -> io::Result<Meta> {
        self.cached.drop_until(self.fd.as_fd(), self.at);
        Ok(meta_of(&self.look()?))
    }

    fn rewind(&mut self) -> io::Result<Meta> {
        let stat = self.look()?;
        (self.at, self.until, self.cached) = (0, 0, Cached::default());
        self.resize(&stat);
        Ok(meta_of(&stat))
    }
}
