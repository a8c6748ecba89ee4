//! Whether a file has the bytes that it should have.

use rustix::fd::BorrowedFd;
use rustix::fs::{SeekFrom, seek};
use rustix::io::{Errno, Result, pread};

/// Read at once.
const READ_BYTES: usize = 64 << 10;

/// Whether `bytes` stand at `at`.
pub(crate) fn has_bytes(fd: BorrowedFd<'_>, mut at: u64, mut bytes: &[u8]) -> Result<bool> {
    let mut buf = vec![0; READ_BYTES.min(bytes.len())];
    while !bytes.is_empty() {
        let want = buf.len().min(bytes.len());
        match pread(fd, &mut buf[..want], at) {
            Ok(0) => return Ok(false),
            Ok(n) if buf[..n] != bytes[..n] => return Ok(false),
            Ok(n) => (bytes, at) = (&bytes[n..], at + n as u64),
            Err(Errno::INTR) => {}
            Err(err) => return Err(err),
        }
    }
    Ok(true)
}

/// Whether there is nothing but zeros in `len` bytes from `at`; real holes are not read.
pub(crate) fn has_zeros(fd: BorrowedFd<'_>, mut at: u64, len: u64) -> Result<bool> {
    let end = at.saturating_add(len);
    let zeros = vec![0; READ_BYTES];
    while at < end {
        at = match seek(fd, SeekFrom::Data(at)) {
            Ok(data) => data,
            Err(Errno::NXIO) => return Ok(true),
            Err(_) => at,
        };
        let count = (READ_BYTES as u64).min(end.saturating_sub(at)) as usize;
        if !has_bytes(fd, at, &zeros[..count])? {
            return Ok(false);
        }
        at = at.saturating_add(count as u64);
    }
    Ok(true)
}
