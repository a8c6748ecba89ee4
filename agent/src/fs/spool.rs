//! A nameless file for what does not fit in memory.

use atalaya_repo::{Error, Result};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// Grows at its end and shrinks again; has no name, so that nothing is left behind by a crash.
#[derive(Debug)]
pub(crate) struct SpoolFile {
    file: File,
    end: u64,
}

impl SpoolFile {
    /// Makes one in `dir`.
    pub(crate) fn create(dir: &Path) -> Result<Self> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let what = || format!("cannot make a spool file in {}", dir.display());
        // A process with our number may have died between making and unlinking.
        let mut tries = 0;
        let (path, fd) = loop {
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let path = dir.join(format!(".atalaya-spool-{}-{number}", std::process::id()));
            match rustix::fs::open(&path, flags, Mode::RUSR | Mode::WUSR) {
                Ok(fd) => break (path, fd),
                Err(Errno::EXIST) if tries < 64 => tries += 1,
                Err(err) => return Err(Error::io(&what(), &err.into())),
            }
        };
        std::fs::remove_file(&path).map_err(|e| Error::io(&what(), &e))?;
        Ok(Self { file: File::from(fd), end: 0 })
    }

    /// Where the next `append` goes.
    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    /// Adds `bytes` at the end and says where they begin.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<u64> {
        let at = self.end;
        self.file.write_all_at(bytes, at).map_err(|e| Error::io("cannot write to the spool folder", &e))?;
        self.end += bytes.len() as u64;
        Ok(at)
    }

    /// Fills `buf` from `at`.
    pub(crate) fn read(&self, at: u64, buf: &mut [u8]) -> Result<()> {
        self.file.read_exact_at(buf, at).map_err(|e| Error::io("cannot read back from the spool folder", &e))
    }

    /// Forgets everything from `end` on.
    pub(crate) fn truncate(&mut self, end: u64) -> Result<()> {
        if end < self.end {
            self.end = end;
            self.file.set_len(end).map_err(|e| Error::io("cannot shrink a spool file", &e))?;
        }
        Ok(())
    }
}
