//! Reading a body, wherever it is held.

use std::os::unix::fs::FileExt;

use crate::{Body, Error, Kind, Result};

impl Body<'_> {
    /// Length in bytes.
    ///
    /// # Errors
    /// The spool file cannot be asked.
    pub fn len(&self) -> Result<u64> {
        match self {
            Body::Bytes(bytes) => Ok(bytes.len() as u64),
            Body::File(spool) => {
                spool.file.metadata().map(|meta| meta.len()).map_err(|err| Error::io("measure a spool file", &err))
            }
        }
    }

    /// Whether there is nothing in it.
    ///
    /// # Errors
    /// As [`Body::len`].
    pub fn is_empty(&self) -> Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Fills `buf` from `offset`, which does not move any file position.
    ///
    /// # Errors
    /// `Kind::Truncated` when the body ends before.
    pub fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        match self {
            Body::Bytes(bytes) => copy_range(bytes, offset, buf),
            Body::File(spool) => {
                spool.file.read_exact_at(buf, offset).map_err(|err| Error::io("read a spool file", &err))
            }
        }
    }

    /// Calls `each` with one piece after another, read into `buf` where they are not in memory.
    ///
    /// # Errors
    /// Reading, or the first error of `each`.
    pub fn pieces(&self, buf: &mut [u8], each: &mut dyn FnMut(u64, &[u8]) -> Result<()>) -> Result<()> {
        if let Body::Bytes(bytes) = self {
            return each(0, bytes);
        }
        let len = self.len()?;
        let mut offset = 0;
        while offset < len {
            let want = usize::try_from(len - offset).unwrap_or(usize::MAX).min(buf.len());
            self.read_at(offset, &mut buf[..want])?;
            each(offset, &buf[..want])?;
            offset += want as u64;
        }
        Ok(())
    }
}

/// The part of `bytes` from `offset` that fills `buf`.
pub(crate) fn copy_range(bytes: &[u8], offset: u64, buf: &mut [u8]) -> Result<()> {
    let start = usize::try_from(offset).ok();
    let part = start.and_then(|start| bytes.get(start..)?.get(..buf.len()));
    let Some(part) = part else {
        let text = format!("{} bytes at {offset} of an object of {}", buf.len(), bytes.len());
        return Err(Error::new(Kind::Truncated, text));
    };
    buf.copy_from_slice(part);
    Ok(())
}
