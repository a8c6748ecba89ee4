//! Sorts any number of fixed-width records with a fixed amount of memory, through a nameless spool file.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// Memory for records that wait to be sorted.
const BUFFER_BYTES: usize = 1 << 20;
/// Runs merged at once; each has a read buffer.
const FAN_IN: usize = 128;
/// Read buffer of one run.
const READ_BYTES: usize = 8 << 10;

/// Takes records in any order; equal ones are kept once.
pub(crate) struct Sorter<const N: usize> {
    folder: PathBuf,
    buffer: Vec<[u8; N]>,
    file: Option<File>,
    /// Begin and end of each sorted run in the file, in bytes.
    runs: Vec<(u64, u64)>,
    end: u64,
}

fn failed(err: &std::io::Error) -> Error {
    Error::io("cannot sort in the spool folder", err)
}

impl<const N: usize> Sorter<N> {
    /// A sorter whose file, if it needs one, is in `folder`.
    pub(crate) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), buffer: Vec::new(), file: None, runs: Vec::new(), end: 0 }
    }

    pub(crate) fn push(&mut self, record: [u8; N]) -> Result<()> {
        if self.buffer.last() == Some(&record) {
            return Ok(());
        }
        self.buffer.push(record);
        if self.buffer.len() * N >= BUFFER_BYTES { self.spill() } else { Ok(()) }
    }

    fn file(&mut self) -> Result<&File> {
        if self.file.is_none() {
            self.file = Some(atalaya_store::spool_in(&self.folder)?.file.try_clone().map_err(|err| failed(&err))?);
        }
        self.file.as_ref().ok_or_else(|| failed(&std::io::Error::other("no file")))
    }

    fn spill(&mut self) -> Result<()> {
        self.buffer.sort_unstable();
        self.buffer.dedup();
        let (begin, bytes) = (self.end, std::mem::take(&mut self.buffer));
        self.file()?.write_all_at(bytes.as_flattened(), begin).map_err(|err| failed(&err))?;
        self.end += (bytes.len() * N) as u64;
        self.runs.push((begin, self.end));
        self.buffer = bytes;
        self.buffer.clear();
        Ok(())
    }

    /// The records in order, each once.
    pub(crate) fn sorted(mut self) -> Result<Sorted<N>> {
        if self.file.is_none() {
            self.buffer.sort_unstable();
            self.buffer.dedup();
            return Ok(Sorted::Memory(std::mem::take(&mut self.buffer).into_iter()));
        }
        if !self.buffer.is_empty() {
            self.spill()?;
        }
        self.buffer = Vec::new();
        while self.runs.len() > FAN_IN {
            let rest = self.runs.split_off(FAN_IN);
            let group = std::mem::replace(&mut self.runs, rest);
            let begin = self.end;
            let mut merged = Merge::new(self.file()?.try_clone().map_err(|err| failed(&err))?, &group)?;
            while let Some(record) = merged.next()? {
                self.buffer.push(record);
                if self.buffer.len() * N >= READ_BYTES * 8 {
                    self.append()?;
                }
            }
            self.append()?;
            self.runs.push((begin, self.end));
        }
        let file = self.file()?.try_clone().map_err(|err| failed(&err))?;
        Ok(Sorted::Spooled(Merge::new(file, &self.runs)?))
    }

    fn append(&mut self) -> Result<()> {
        let bytes = std::mem::take(&mut self.buffer);
        let at = self.end;
        self.file()?.write_all_at(bytes.as_flattened(), at).map_err(|err| failed(&err))?;
        self.end += (bytes.len() * N) as u64;
        self.buffer = bytes;
        self.buffer.clear();
        Ok(())
    }
}

/// Records in order.
pub(crate) enum Sorted<const N: usize> {
    Memory(std::vec::IntoIter<[u8; N]>),
    Spooled(Merge<N>),
}

impl<const N: usize> Sorted<N> {
    /// Records of a file that are in order already, from `begin` to `end`.
    pub(crate) fn of_file(file: File, begin: u64, end: u64) -> Result<Self> {
        Ok(Self::Spooled(Merge::new(file, &[(begin, end)])?))
    }

    pub(crate) fn next(&mut self) -> Result<Option<[u8; N]>> {
        match self {
            Self::Memory(records) => Ok(records.next()),
            Self::Spooled(merge) => merge.next(),
        }
    }
}

/// One run being read.
struct Run {
    at: u64,
    end: u64,
    buffer: Vec<u8>,
    used: usize,
}

/// Several runs read as one.
pub(crate) struct Merge<const N: usize> {
    file: File,
    runs: Vec<Run>,
    heap: BinaryHeap<Reverse<([u8; N], usize)>>,
    last: Option<[u8; N]>,
}

impl<const N: usize> Merge<N> {
    fn new(file: File, places: &[(u64, u64)]) -> Result<Self> {
        let runs = places.iter().map(|(at, end)| Run { at: *at, end: *end, buffer: Vec::new(), used: 0 }).collect();
        let mut merge = Self { file, runs, heap: BinaryHeap::new(), last: None };
        for run in 0..merge.runs.len() {
            merge.advance(run)?;
        }
        Ok(merge)
    }

    fn advance(&mut self, number: usize) -> Result<()> {
        let run = &mut self.runs[number];
        if run.used == run.buffer.len() {
            let len = (run.end - run.at).min((READ_BYTES / N * N) as u64) as usize;
            run.buffer.resize(len, 0);
            self.file.read_exact_at(&mut run.buffer, run.at).map_err(|err| failed(&err))?;
            run.at += len as u64;
            run.used = 0;
        }
        if let Some(record) = run.buffer[run.used..].first_chunk::<N>() {
            run.used += N;
            self.heap.push(Reverse((*record, number)));
        }
        Ok(())
    }

    fn next(&mut self) -> Result<Option<[u8; N]>> {
        while let Some(Reverse((record, number))) = self.heap.pop() {
            self.advance(number)?;
            if self.last.replace(record) != Some(record) {
                return Ok(Some(record));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_more_than_fits_and_keeps_each_once() {
        let folder = tempfile::tempdir().unwrap();
        for count in [0_u64, 10, 40_000, 9_000_000] {
            let mut sorter = Sorter::<16>::new(folder.path());
            for n in 0..count {
                let n = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) % 3_000_000;
                let mut record = [0; 16];
                record[8..].copy_from_slice(&n.to_be_bytes());
                sorter.push(record).unwrap();
            }
            let mut sorted = sorter.sorted().unwrap();
            let mut last = None;
            while let Some(record) = sorted.next().unwrap() {
                assert!(last < Some(record));
                last = Some(record);
            }
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left behind");
    }
}
