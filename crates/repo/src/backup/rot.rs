//! Bundles that rot: as files change, ever fewer of a bundle's files are still wanted, and a restore reads ever
//! more for ever less. A full run counts what each bundle is used for; the next run bundles anew the files of
//! those that are less than a quarter used.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::index::IndexSet;
use crate::model::{ChunkId, Content, Entry, Run};
use crate::names::{BlobType, hex, partial};
use crate::sorter::Sorter;
use crate::{Error, Result, limits};

/// Rotten bundles dealt with at a time: half a megabyte of memory. The next full run finds the rest.
const ROTTEN_MAX: usize = 64 << 10;
/// Id, bytes used, a number that keeps equal rows apart.
const ROW_BYTES: usize = 44;

/// The file of one job.
pub(super) fn path(state: &Path, job: &str) -> PathBuf {
    state.join(format!("rotten-{}", hex(job.as_bytes())))
}

/// Rotten bundles of all jobs that this state folder knows of.
pub(crate) fn rotten_bundles(state: &Path) -> u64 {
    let Ok(listing) = std::fs::read_dir(state) else { return 0 };
    let ours = listing.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with("rotten-"));
    ours.filter_map(|entry| entry.metadata().ok()).map(|meta| meta.len() / 8).sum()
}

/// The bundle that a small file's content is in, if it is in one.
fn bundle_of(entry: &Entry) -> Option<(ChunkId, u32)> {
    match &entry.content {
        Content::Runs(runs) if entry.meta.size < limits::CHUNK_BYTES_MIN as u64 => match runs[..] {
            [Run::Data { chunk, len, .. }] => Some((chunk, len)),
            _ => None,
        },
        _ => None,
    }
}

/// Bundles whose files are to be bundled anew, by the first eight bytes of their ids.
#[derive(Default)]
pub(super) struct Rotten(HashSet<[u8; 8]>);

impl Rotten {
    /// What the last full run found; nothing if there was none.
    pub(super) fn load(path: &Path) -> Self {
        let bytes = std::fs::read(path).unwrap_or_default();
        Self(bytes.as_chunks::<8>().0.iter().take(ROTTEN_MAX).copied().collect())
    }

    pub(super) fn has(&self, entry: &Entry) -> bool {
        !self.0.is_empty()
            && bundle_of(entry)
                .is_some_and(|(chunk, _)| chunk.0.first_chunk().is_some_and(|first| self.0.contains(first)))
    }
}

/// Counts what bundles are used for, in tree order, with fixed memory.
pub(super) struct Usage {
    rows: Sorter<ROW_BYTES>,
    last: Option<(ChunkId, u32)>,
    number: u64,
}

impl Usage {
    pub(super) fn new(spool: &Path) -> Self {
        Self { rows: Sorter::new(spool), last: None, number: 0 }
    }

    pub(super) fn count(&mut self, entry: &Entry) -> Result<()> {
        let Some((chunk, len)) = bundle_of(entry) else { return Ok(()) };
        match &mut self.last {
            Some((id, used)) if *id == chunk => *used = used.saturating_add(len),
            _ => {
                self.flush()?;
                self.last = Some((chunk, len));
            }
        }
        Ok(())
    }

    /// Neighbouring files are in the same bundle, so a row stands for many files.
    fn flush(&mut self) -> Result<()> {
        let Some((id, used)) = self.last.take() else { return Ok(()) };
        let mut row = [0; ROW_BYTES];
        row[..32].copy_from_slice(&id.0);
        row[32..36].copy_from_slice(&used.to_be_bytes());
        row[36..].copy_from_slice(&self.number.to_be_bytes());
        self.number += 1;
        self.rows.push(row)
    }

    /// Writes which bundles are less than a quarter used. Those of this run are not in the index yet, and whole.
    pub(super) fn finish(mut self, index: &mut IndexSet, path: &Path) -> Result<()> {
        self.flush()?;
        let mut rows = self.rows.sorted()?;
        let mut rotten = Vec::new();
        let mut present: Option<(ChunkId, u64)> = None;
        loop {
            let next = rows.next()?.map(|row| parse(&row));
            if let (Some((id, used)), Some((other, more))) = (&mut present, &next)
                && id == other
            {
                *used += more;
                continue;
            }
            if let Some((id, used)) = present.take()
                && is_rotten(index, &id, used)?
                && rotten.len() < ROTTEN_MAX * 8
            {
                rotten.extend_from_slice(&id.0[..8]);
            }
            present = next;
            if present.is_none() {
                break;
            }
        }
        let beside = partial(path)?;
        std::fs::write(&beside, rotten)
            .and_then(|()| std::fs::rename(&beside, path))
            .map_err(|err| Error::io("cannot write to the state folder", &err))
    }
}

fn parse(row: &[u8; ROW_BYTES]) -> (ChunkId, u64) {
    let mut id = [0; 32];
    id.copy_from_slice(&row[..32]);
    (ChunkId(id), u64::from(u32::from_be_bytes([row[32], row[33], row[34], row[35]])))
}

fn is_rotten(index: &mut IndexSet, id: &ChunkId, used: u64) -> Result<bool> {
    let places = index.find(id)?;
    Ok(places
        .iter()
        .find(|found| found.pack.kind == BlobType::Data)
        .is_some_and(|found| used * 4 < u64::from(found.blob.raw)))
}
