//! Merging sorted runs of records that lie in the spool.

use super::record;
use crate::fs::SpoolFile;
use atalaya_repo::Result;
use std::cmp::Ordering;
use std::ops::Range;

/// Reads one run through a buffer.
#[derive(Debug)]
struct Run {
    /// What is not in the buffer yet.
    ahead: Range<u64>,
    buf: Vec<u8>,
    /// The present record in `buf`; empty at the end of the run.
    now: Range<usize>,
    /// First bytes of the present name behind what all names share.
    key: u64,
}

impl Run {
    fn record(&self) -> &[u8] {
        &self.buf[self.now.clone()]
    }

    /// Goes to the next record; `false` at the end.
    fn advance(&mut self, spool: &SpoolFile, shared: usize) -> Result<bool> {
        let complete = |buf: &[u8]| record::length(buf).is_some_and(|len| len <= buf.len());
        if !complete(&self.buf[self.now.end..]) {
            self.refill(spool)?;
        }
        let Some(len) = record::length(&self.buf[self.now.end..]) else { return Ok(false) };
        self.now = self.now.end..self.now.end + len;
        self.key = key(record::name(self.record()), shared);
        Ok(true)
    }

    fn refill(&mut self, spool: &SpoolFile) -> Result<()> {
        let size = self.buf.capacity();
        self.buf.drain(..self.now.end);
        self.now = 0..0;
        let kept = self.buf.len();
        let more = ((size - kept) as u64).min(self.ahead.end - self.ahead.start) as usize;
        self.buf.resize(kept + more, 0);
        spool.read(self.ahead.start, &mut self.buf[kept..])?;
        self.ahead.start += more as u64;
        Ok(())
    }

    /// Where the present record begins in the spool.
    fn rest(&self) -> Range<u64> {
        self.ahead.start - (self.buf.len() - self.now.start) as u64..self.ahead.end
    }
}

/// The eight bytes of `name` behind `shared`, so that most comparisons are one of integers.
pub(crate) fn key(name: &[u8], shared: usize) -> u64 {
    let rest = name.get(shared..).unwrap_or_default();
    if let Some(eight) = rest.first_chunk::<8>() {
        return u64::from_be_bytes(*eight);
    }
    let mut bytes = [0; 8];
    bytes[..rest.len()].copy_from_slice(rest);
    u64::from_be_bytes(bytes)
}

/// Several runs as one, in order, each name once.
#[derive(Debug)]
pub(crate) struct Merge {
    runs: Vec<Run>,
    /// Indexes of runs that have a record, the smallest first (a binary heap).
    heap: Vec<u32>,
    /// Length of the prefix that all names share.
    shared: usize,
    /// The first of the heap was given out.
    given: bool,
}

impl Merge {
    /// Begins to merge `runs` with a buffer of `buffer` bytes each.
    pub(crate) fn new(runs: &[Range<u64>], shared: usize, buffer: usize, spool: &SpoolFile) -> Result<Self> {
        let mut merge = Self { runs: Vec::new(), heap: Vec::new(), shared, given: false };
        merge.runs.reserve_exact(runs.len());
        for range in runs {
            let size = (buffer as u64).min(range.end - range.start) as usize;
            let mut run = Run { ahead: range.clone(), buf: Vec::with_capacity(size), now: 0..0, key: 0 };
            if run.advance(spool, shared)? {
                merge.heap.push(merge.runs.len() as u32);
                merge.runs.push(run);
            }
        }
        (0..merge.heap.len() / 2).rev().for_each(|at| merge.sink(at));
        Ok(merge)
    }

    /// The next record; `None` at the end.
    pub(crate) fn next(&mut self, spool: &SpoolFile) -> Result<Option<&[u8]>> {
        self.pass(spool)?;
        self.skip();
        Ok(self.first())
    }

    /// What `next` will give.
    pub(crate) fn peek(&mut self, spool: &SpoolFile) -> Result<Option<&[u8]>> {
        self.pass(spool)?;
        Ok(self.first())
    }

    /// Leaves what `peek` gave.
    pub(crate) fn skip(&mut self) {
        self.given = true;
    }

    fn first(&self) -> Option<&[u8]> {
        self.heap.first().map(|run| self.runs[*run as usize].record())
    }

    /// What is left of each run, to go on later.
    pub(crate) fn rest(mut self, spool: &SpoolFile) -> Result<Vec<Range<u64>>> {
        self.pass(spool)?;
        Ok(self.heap.iter().map(|run| self.runs[*run as usize].rest()).collect())
    }

    /// Bytes of memory in use.
    pub(crate) fn bytes(&self) -> usize {
        self.runs.iter().map(|run| run.buf.capacity() + size_of::<Run>()).sum()
    }

    /// Leaves the record that was given out, and others of the same name (a folder that changes
    /// while it is listed may show one twice).
    fn pass(&mut self, spool: &SpoolFile) -> Result<()> {
        if !std::mem::take(&mut self.given) {
            return Ok(());
        }
        while self.twin() {
            self.advance_second(spool)?;
        }
        self.advance_first(spool)
    }

    fn twin(&self) -> bool {
        let same = |at: usize| self.heap.len() > at && self.order(0, at) == Ordering::Equal;
        same(1) || same(2)
    }

    fn advance_second(&mut self, spool: &SpoolFile) -> Result<()> {
        let at = if self.order(0, 1) == Ordering::Equal { 1 } else { 2 };
        self.advance_at(at, spool)
    }

    fn advance_first(&mut self, spool: &SpoolFile) -> Result<()> {
        if self.heap.is_empty() { Ok(()) } else { self.advance_at(0, spool) }
    }

    fn advance_at(&mut self, at: usize, spool: &SpoolFile) -> Result<()> {
        let run = self.heap[at] as usize;
        if !self.runs[run].advance(spool, self.shared)? {
            self.runs[run].buf = Vec::new();
            self.heap.swap_remove(at);
        }
        self.sink(at);
        Ok(())
    }

    fn order(&self, a: usize, b: usize) -> Ordering {
        let (a, b) = (&self.runs[self.heap[a] as usize], &self.runs[self.heap[b] as usize]);
        a.key.cmp(&b.key).then_with(|| record::name(a.record()).cmp(record::name(b.record())))
    }

    fn sink(&mut self, mut at: usize) {
        loop {
            let (left, right) = (2 * at + 1, 2 * at + 2);
            if left >= self.heap.len() {
                return;
            }
            let least = if right < self.heap.len() && self.order(right, left).is_lt() { right } else { left };
            if self.order(least, at).is_ge() {
                return;
            }
            self.heap.swap(least, at);
            at = least;
        }
    }
}

/// Merges the first runs until `fan_in` are left. New runs are written behind the others.
pub(crate) fn reduce(
    runs: &mut Vec<Range<u64>>,
    shared: usize,
    fan_in: usize,
    buffer: usize,
    spool: &mut SpoolFile,
) -> Result<()> {
    while runs.len() > fan_in {
        let some = (runs.len() - fan_in + 1).min(fan_in);
        let mut merge = Merge::new(&runs[..some], shared, buffer, spool)?;
        let start = spool.end();
        let mut out = Vec::with_capacity(64 << 10);
        while let Some(record) = merge.next(spool)? {
            out.extend_from_slice(record);
            if out.len() > (64 << 10) - record::RECORD_BYTES_MAX {
                spool.append(&out)?;
                out.clear();
            }
        }
        spool.append(&out)?;
        runs.drain(..some);
        runs.push(start..spool.end());
    }
    Ok(())
}
