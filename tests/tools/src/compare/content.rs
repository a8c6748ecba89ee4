//! A file's bytes, and where it has none.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{SeekFrom, Stat, seek};
use rustix::io::{Errno, pread, retry_on_intr};

use super::report::Report;

const BUF: usize = 256 << 10;

/// Compares `len` bytes; ranges that are holes on both sides are not read.
pub(super) fn compare_content(report: &mut Report, path: &Path, a: &OwnedFd, b: &OwnedFd, len: u64) -> io::Result<()> {
    let (mut buf_a, mut buf_b) = (vec![0; BUF.min(len as usize)], vec![0; BUF.min(len as usize)]);
    let mut at = 0;
    while at < len {
        // Only large files are worth asking for holes.
        if len > BUF as u64 {
            at = next_data(a, at, len)?.min(next_data(b, at, len)?);
        }
        let want = (len - at).min(BUF as u64) as usize;
        let (got_a, got_b) = (fill(a, at, &mut buf_a[..want])?, fill(b, at, &mut buf_b[..want])?);
        if got_a != got_b || buf_a[..got_a] != buf_b[..got_b] {
            let first = buf_a.iter().zip(&buf_b).take_while(|(a, b)| a == b).count() as u64;
            report.differs(path, &format!("content, from byte {}", at + first));
            return Ok(());
        }
        report.bytes += got_a as u64;
        at += want as u64;
    }
    Ok(())
}

/// Tells when the second takes much more room than a first one with holes.
pub(super) fn compare_layout(report: &mut Report, path: &Path, a: &Stat, b: &Stat) {
    let (room_a, room_b) = (a.st_blocks as u64 * 512, b.st_blocks as u64 * 512);
    // File systems round differently, and keep maps of their own among the blocks.
    let allowed = room_a + room_a / 8 + (1 << 20);
    if room_a < a.st_size as u64 && room_b > allowed {
        report.differs(path, &format!("holes: {room_a} and {room_b} bytes on disk, of {}", a.st_size));
    }
}

fn next_data(fd: &OwnedFd, at: u64, len: u64) -> io::Result<u64> {
    match seek(fd, SeekFrom::Data(at)) {
        Ok(data) => Ok(data),
        Err(Errno::NXIO) => Ok(len),
        // No such question on this file system.
        Err(Errno::INVAL) => Ok(at),
        Err(err) => Err(err.into()),
    }
}

fn fill(fd: &OwnedFd, at: u64, buf: &mut [u8]) -> io::Result<usize> {
    let mut done = 0;
    while done < buf.len() {
        let want = &mut buf[done..];
        match retry_on_intr(|| pread(fd, &mut *want, at + done as u64))? {
            0 => break,
            got => done += got,
        }
    }
    Ok(done)
}
