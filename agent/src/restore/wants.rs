//! The pieces of a window's files: in memory as far as they fit, the rest in the spool.

use crate::fs::SpoolFile;
use atalaya_repo::Result;
use atalaya_repo::model::ChunkId;
use atalaya_repo::view::{Deliver, View, Want};
use std::path::Path;

/// A piece as it lies in the spool: chunk, offset, length, file, place.
const SPOOLED_BYTES: usize = 32 + 4 + 4 + 4 + 8;

/// What is to be fetched.
#[derive(Debug)]
pub(crate) struct Wants {
    memory: Vec<Want>,
    memory_max: usize,
    /// Only a file of very many pieces needs it.
    spool: SpoolFile,
    /// How many of each were fetched.
    fetched: Mark,
}

/// A state to go back to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mark {
    memory: usize,
    spool: u64,
}

impl Wants {
    /// At most `memory_max` in memory.
    pub(crate) fn new(memory_max: usize, spool_dir: &Path) -> Result<Self> {
        let spool = SpoolFile::create(spool_dir)?;
        Ok(Self { memory: Vec::new(), memory_max: memory_max.max(64), spool, fetched: Mark::default() })
    }

    pub(crate) fn push(&mut self, want: Want) -> Result<()> {
        if self.memory.len() < self.memory_max && self.spool.end() == 0 {
            self.memory.push(want);
            return Ok(());
        }
        self.spool.append(&encode(&want)).map(|_| ())
    }

    /// Number of all of them.
    pub(crate) fn len(&self) -> u64 {
        self.memory.len() as u64 + self.spool.end() / SPOOLED_BYTES as u64
    }

    /// Whether more would go to the spool.
    pub(crate) fn is_full(&self) -> bool {
        self.memory.len() >= self.memory_max
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark { memory: self.memory.len(), spool: self.spool.end() }
    }

    /// Forgets what came after `mark`.
    pub(crate) fn reset(&mut self, mark: Mark) -> Result<()> {
        self.memory.truncate(mark.memory);
        self.spool.truncate(mark.spool)
    }

    pub(crate) fn clear(&mut self) -> Result<()> {
        self.fetched = Mark::default();
        self.reset(Mark::default())
    }

    /// Fetches what was not fetched yet.
    pub(crate) fn fetch(&mut self, view: &dyn View, deliver: &Deliver<'_>) -> Result<()> {
        let now = self.mark();
        let from = std::mem::replace(&mut self.fetched, now);
        self.fetch_from(from, view, deliver)
    }

    /// Fetches all of it once more.
    pub(crate) fn fetch_again(&mut self, view: &dyn View, deliver: &Deliver<'_>) -> Result<()> {
        self.fetch_from(Mark::default(), view, deliver)
    }

    fn fetch_from(&mut self, from: Mark, view: &dyn View, deliver: &Deliver<'_>) -> Result<()> {
        if self.memory.len() > from.memory {
            view.fetch(&mut self.memory[from.memory..], deliver)?;
        }
        let mut at = from.spool;
        while at < self.spool.end() {
            let count = ((self.spool.end() - at) / SPOOLED_BYTES as u64).min(self.memory_max as u64 / 2);
            let mut batch = self.read(at, count as usize)?;
            view.fetch(&mut batch, deliver)?;
            at += count * SPOOLED_BYTES as u64;
        }
        Ok(())
    }

    fn read(&self, at: u64, count: usize) -> Result<Vec<Want>> {
        let mut bytes = vec![0; count * SPOOLED_BYTES];
        self.spool.read(at, &mut bytes)?;
        Ok(bytes.as_chunks::<SPOOLED_BYTES>().0.iter().map(decode).collect())
    }
}

fn encode(want: &Want) -> [u8; SPOOLED_BYTES] {
    let mut out = [0; SPOOLED_BYTES];
    out[..32].copy_from_slice(&want.chunk.0);
    out[32..36].copy_from_slice(&want.offset.to_le_bytes());
    out[36..40].copy_from_slice(&want.len.to_le_bytes());
    out[40..44].copy_from_slice(&want.file.to_le_bytes());
    out[44..].copy_from_slice(&want.at.to_le_bytes());
    out
}

fn decode(bytes: &[u8; SPOOLED_BYTES]) -> Want {
    let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    let mut chunk = ChunkId::default();
    chunk.0.copy_from_slice(&bytes[..32]);
    let at = u64::from(word(44)) | u64::from(word(48)) << 32;
    Want { chunk, offset: word(32), len: word(36), file: word(40), at }
}
