//! The folders between a source and the present one, each with what is left of its listing.
//!
//! The lowest stay in memory as far as their share goes; the upper ones wait in the spool.

use super::listing::{Listing, Rest};
use super::shares::Shares;
use crate::fs::SpoolFile;
use atalaya_repo::{Error, Result};
use std::collections::VecDeque;
use std::ops::Range;
use std::path::Path;

/// A folder that is being walked.
#[derive(Debug)]
pub(crate) struct Frame {
    /// Length of its path.
    pub(crate) path_len: usize,
    /// Device and inode, to know it again when it has to be opened anew.
    pub(crate) id: (u64, u64),
    pub(crate) listing: Listing,
    /// End of the spool of runs before it was listed.
    pub(crate) runs_start: u64,
    /// Whatever else belongs to it.
    pub(crate) note: Vec<u8>,
}

/// All of them.
#[derive(Debug)]
pub(crate) struct Stack {
    shares: Shares,
    /// Each with the bytes it took when it came (a merge lets go of buffers).
    frames: VecDeque<(Frame, usize)>,
    /// Bytes that `frames` hold.
    bytes: usize,
    /// Upper levels, the topmost first.
    away: SpoolFile,
    /// Sorted runs of large folders.
    pub(crate) runs: SpoolFile,
}

/// Behind each frame in the spool, so that the last one can be found from the end.
const FOOTER_BYTES: usize = 56;

impl Frame {
    fn bytes(&self) -> usize {
        self.listing.bytes() + self.note.capacity() + size_of::<Self>()
    }
}

impl Stack {
    /// An empty one, with spool files in `dir`.
    pub(crate) fn new(shares: Shares, dir: &Path) -> Result<Self> {
        let (away, runs) = (SpoolFile::create(dir)?, SpoolFile::create(dir)?);
        Ok(Self { shares, frames: VecDeque::new(), bytes: 0, away, runs })
    }

    /// The present folder.
    pub(crate) fn last(&self) -> Option<&Frame> {
        self.frames.back().map(|(frame, _)| frame)
    }

    /// Notes something else of the present folder.
    pub(crate) fn set_note(&mut self, note: Vec<u8>) {
        if let Some((frame, _)) = self.frames.back_mut() {
            frame.note = note;
        }
    }

    /// Length of the present folder's path and its next entry; `None` when it has no more.
    pub(crate) fn next(&mut self) -> Result<Option<(usize, &[u8])>> {
        let Some((frame, _)) = self.frames.back_mut() else { return Ok(None) };
        Ok(frame.listing.next(&self.runs)?.map(|record| (frame.path_len, record)))
    }

    /// Goes down into a folder.
    pub(crate) fn push(&mut self, frame: Frame) -> Result<()> {
        self.hold(frame);
        while self.bytes > self.shares.stack_bytes && self.frames.len() > 1 {
            if let Some((upper, bytes)) = self.frames.pop_front() {
                self.bytes -= bytes;
                self.put_away(upper)?;
            }
        }
        Ok(())
    }

    fn hold(&mut self, frame: Frame) {
        let bytes = frame.bytes();
        self.bytes += bytes;
        self.frames.push_back((frame, bytes));
    }

    /// What `next` will give.
    pub(crate) fn peek(&mut self) -> Result<Option<&[u8]>> {
        let Some((frame, _)) = self.frames.back_mut() else { return Ok(None) };
        frame.listing.peek(&self.runs)
    }

    /// Leaves the present folder.
    pub(crate) fn pop(&mut self) -> Result<Option<Frame>> {
        let last = self.frames.pop_back();
        if let Some((frame, bytes)) = &last {
            self.bytes -= bytes;
            self.runs.truncate(frame.runs_start)?;
        }
        if self.frames.is_empty() && self.away.end() > 0 {
            let frame = self.bring_back()?;
            self.hold(frame);
        }
        Ok(last.map(|(frame, _)| frame))
    }

    fn put_away(&mut self, frame: Frame) -> Result<()> {
        let (mut out, shared) = match frame.listing.rest(&self.runs)? {
            Rest::Records(bytes) => (bytes, u64::MAX),
            Rest::Runs(runs, shared) => {
                let words = runs.iter().flat_map(|run| [run.start, run.end]);
                (words.flat_map(u64::to_le_bytes).collect(), shared as u64)
            }
        };
        let len = out.len() as u64;
        out.extend_from_slice(&frame.note);
        let note = frame.note.len() as u64;
        for word in [frame.path_len as u64, frame.id.0, frame.id.1, frame.runs_start, shared, len, note] {
            out.extend_from_slice(&word.to_le_bytes());
        }
        self.away.append(&out).map(|_| ())
    }

    fn bring_back(&mut self) -> Result<Frame> {
        let cut = || Error::damaged("cannot go on: a spool file was cut short");
        let mut footer = [0; FOOTER_BYTES];
        let body_end = self.away.end().checked_sub(FOOTER_BYTES as u64).ok_or_else(cut)?;
        self.away.read(body_end, &mut footer)?;
        let [path_len, dev, ino, runs_start, shared, len, note] = words(&footer);
        let start = body_end.checked_sub(len + note).ok_or_else(cut)?;
        let mut body = vec![0; (len + note) as usize];
        self.away.read(start, &mut body)?;
        self.away.truncate(start)?;
        let note = body.split_off(len as usize);
        let rest = if shared == u64::MAX { Rest::Records(body) } else { Rest::Runs(ranges(&body), shared as usize) };
        let listing = Listing::resume(rest, &self.shares, &self.runs)?;
        Ok(Frame { path_len: path_len as usize, id: (dev, ino), listing, runs_start, note })
    }
}

fn words<const N: usize>(bytes: &[u8]) -> [u64; N] {
    let mut words = [0; N];
    for (word, bytes) in words.iter_mut().zip(bytes.as_chunks::<8>().0) {
        *word = u64::from_le_bytes(*bytes);
    }
    words
}

fn ranges(bytes: &[u8]) -> Vec<Range<u64>> {
    bytes.as_chunks::<16>().0.iter().map(|pair| words::<2>(pair)).map(|[start, end]| start..end).collect()
}
