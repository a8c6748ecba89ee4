//! Reading one file in order, holes told apart, the machine's cache left alone.

use crate::fs::meta_of;
use atalaya_repo::model::Meta;
use atalaya_repo::source::{Content, Segment};
use rustix::fd::OwnedFd;
use rustix::fs::{Advice, SeekFrom, fadvise, fstat, seek};
use rustix::io::{Errno, pread};
use std::io;
use std::num::NonZeroU64;

/// From this size on the kernel is told that the file is read in order.
const SEQUENTIAL_FROM_BYTES: u64 = 1 << 20;

/// What was read of files of this size is dropped from the cache again, in stretches of as much. A smaller
/// file is more likely to have been there before.
const DROP_FROM_BYTES: u64 = 8 << 20;

/// Holes are whole pages, so smaller files have none.
const SPARSE_FROM_BYTES: u64 = 4096;

/// A regular file that is open for reading.
#[derive(Debug)]
pub struct OpenFile {
    fd: OwnedFd,
    size: u64,
    sparse: bool,
    /// Where the next byte is read.
    at: u64,
    /// End of the present data segment.
    until: u64,
    /// How much was dropped from the cache.
    dropped: u64,
}

impl OpenFile {
    /// Of `size` bytes, of which `stored` take room on the disk.
    pub(crate) fn new(fd: OwnedFd, size: u64, stored: u64) -> Self {
        if size >= SEQUENTIAL_FROM_BYTES {
            // Advice only: a file system that cannot take it reads as well without.
            let _ = fadvise(&fd, 0, None, Advice::Sequential);
        }
        Self { fd, size, sparse: size >= SPARSE_FROM_BYTES && stored < size, at: 0, until: 0, dropped: 0 }
    }

    fn drop_cached(&mut self) {
        if self.size >= DROP_FROM_BYTES && self.at > self.dropped {
            let _ = fadvise(&self.fd, self.dropped, NonZeroU64::new(self.at - self.dropped), Advice::DontNeed);
            self.dropped = self.at;
        }
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
        while got < want {
            match pread(&self.fd, &mut buf[got..want], self.at + got as u64) {
                Ok(0) => break,
                Ok(n) => got += n,
                Err(Errno::INTR) => {}
                Err(err) => return Err(err.into()),
            }
        }
        self.at += got as u64;
        if self.at - self.dropped >= DROP_FROM_BYTES {
            self.drop_cached();
        }
        Ok(got)
    }

    fn finish(&mut self) -> io::Result<Meta> {
        self.drop_cached();
        Ok(meta_of(&fstat(&self.fd)?))
    }

    fn rewind(&mut self) -> io::Result<Meta> {
        let stat = fstat(&self.fd)?;
        let meta = meta_of(&stat);
        #[allow(clippy::unnecessary_cast)]
        let stored = (stat.st_blocks as u64).saturating_mul(512);
        (self.at, self.until, self.dropped) = (0, 0, 0);
        self.size = meta.size;
        self.sparse = meta.size >= SPARSE_FROM_BYTES && stored < meta.size;
        Ok(meta)
    }
}
