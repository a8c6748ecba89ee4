//! Holes stay holes where the output is a file of its own, and are zeros everywhere else.

use std::fs::File;
use std::io::{BufWriter, Result, Seek, SeekFrom, Write};

use super::content::{Sink, zeros};

/// Shorter ones would be a block at most.
const HOLE_BYTES_MIN: u64 = 4096;

/// Standard output.
pub(crate) struct Output {
    out: BufWriter<File>,
    /// It is a file, and nothing lies where we write: skipped bytes are zeros.
    ends_here: bool,
    /// Makes it longer without writing, which not every file system does.
    extend: fn(&File, u64) -> Result<()>,
}

impl Output {
    pub(crate) fn new(mut file: File) -> Self {
        let len = file.metadata().ok().filter(std::fs::Metadata::is_file).map(|meta| meta.len());
        let ends_here = len.is_some() && len == file.stream_position().ok();
        Self { out: BufWriter::with_capacity(64 << 10, file), ends_here, extend: File::set_len }
    }
}

impl Write for Output {
    fn write(&mut self, buf: &[u8]) -> Result<usize> {
        self.out.write(buf)
    }

    fn flush(&mut self) -> Result<()> {
        self.out.flush()
    }
}

impl Sink for Output {
    fn hole(&mut self, len: u64) -> Result<()> {
        let step = i64::try_from(len).ok().filter(|_| self.ends_here && len >= HOLE_BYTES_MIN);
        let Some(step) = step else { return zeros(len, &mut self.out) };
        // The length too: nothing may follow.
        let end = self.out.seek(SeekFrom::Current(step))?;
        if (self.extend)(self.out.get_ref(), end).is_ok() {
            return Ok(());
        }
        self.ends_here = false;
        self.out.seek(SeekFrom::Current(-step))?;
        zeros(len, &mut self.out)
    }
}

/// A stream, which has no holes.
pub(super) struct Stream<'a>(pub(super) &'a mut dyn Write);

impl Write for Stream<'_> {
    fn write(&mut self, buf: &[u8]) -> Result<usize> {
        self.0.write(buf)
    }

    fn flush(&mut self) -> Result<()> {
        self.0.flush()
    }
}

impl Sink for Stream<'_> {
    fn hole(&mut self, len: u64) -> Result<()> {
        zeros(len, self.0)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_file_system_that_extends_no_file_gets_zeros() {
        let dir = tempfile::tempdir().unwrap();
        let refuse = |_: &File, _: u64| Err(std::io::ErrorKind::Unsupported.into());
        for extend in [File::set_len as fn(&File, u64) -> Result<()>, refuse] {
            let path = dir.path().join("dumped");
            let mut output = Output { extend, ..Output::new(File::create(&path).unwrap()) };
            output.write_all(b"begin").unwrap();
            output.hole(100_000).unwrap();
            output.write_all(b"middle").unwrap();
            output.hole(50_000).unwrap();
            output.flush().unwrap();
            let expected = [&b"begin"[..], &[0; 100_000], b"middle", &[0; 50_000]].concat();
            assert!(std::fs::read(&path).unwrap() == expected);
        }
    }
}
