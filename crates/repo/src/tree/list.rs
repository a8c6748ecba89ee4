//! Runs of a file with too many of them for an entry: list blobs, in levels.
//!
//! A list blob is postcard: version, depth, then runs (depth 0) or ids of list blobs of one depth less.

use serde::{Deserialize, Serialize};

use super::{Nodes, Sink};
use crate::model::{ChunkId, Content, Run};
use crate::{Error, Result, limits};

/// Levels that are believed: 2,048 to the fourth power of chunks.
const DEPTH_MAX: u8 = 4;

#[derive(Serialize, Deserialize)]
struct ListRecord {
    version: u8,
    depth: u8,
    /// Depth 0: a hole's length, or 0 and a row of `ids` with offset and length.
    runs: Vec<(u64, u32, u32, u32)>,
    ids: Vec<[u8; 32]>,
}

/// Collects a file's runs, spilling full blobs into the sink.
#[derive(Default)]
pub(crate) struct ListWriter {
    runs: Vec<Run>,
    /// Ids of full blobs, a level each.
    levels: Vec<Vec<ChunkId>>,
}

impl ListWriter {
    pub(crate) fn push(&mut self, run: Run, sink: &mut dyn Sink) -> Result<()> {
        if self.runs.len() == limits::LIST_RUNS_MAX {
            self.spill(sink)?;
        }
        self.runs.push(run);
        Ok(())
    }

    fn spill(&mut self, sink: &mut dyn Sink) -> Result<()> {
        let id = sink.put(&encode_runs(&self.runs)?)?;
        self.runs.clear();
        self.climb(0, id, sink)
    }

    fn climb(&mut self, mut at: usize, mut id: ChunkId, sink: &mut dyn Sink) -> Result<()> {
        loop {
            if self.levels.len() == at {
                self.levels.push(Vec::new());
            }
            if self.levels[at].len() < limits::LIST_RUNS_MAX {
                self.levels[at].push(id);
                return Ok(());
            }
            let full = encode_ids(at as u8 + 1, &self.levels[at])?;
            self.levels[at].clear();
            self.levels[at].push(id);
            id = sink.put(&full)?;
            at += 1;
        }
    }

    /// The content of the file; the writer is empty afterwards.
    pub(crate) fn finish(&mut self, sink: &mut dyn Sink) -> Result<Content> {
        if self.levels.is_empty() && self.runs.len() * 48 <= limits::ENTRY_INLINE_BYTES_MAX {
            return Ok(if self.runs.is_empty() {
                Content::None
            } else {
                Content::Runs(std::mem::take(&mut self.runs))
            });
        }
        if !self.runs.is_empty() {
            self.spill(sink)?;
        }
        let mut at = 0;
        loop {
            let above = self.levels[at + 1..].iter().any(|level| !level.is_empty());
            if !above && let [root] = self.levels[at][..] {
                self.levels.clear();
                return Ok(Content::List { root, depth: at as u8 });
            }
            let full = encode_ids(at as u8 + 1, &self.levels[at])?;
            self.levels[at].clear();
            let id = sink.put(&full)?;
            self.climb(at + 1, id, sink)?;
            at += 1;
        }
    }

    /// Forgets what was collected, for a file that changed while it was read.
    pub(crate) fn discard(&mut self) {
        self.runs.clear();
        self.levels.clear();
    }
}

fn encode_runs(runs: &[Run]) -> Result<Vec<u8>> {
    let mut record = ListRecord { version: 1, depth: 0, runs: Vec::with_capacity(runs.len()), ids: Vec::new() };
    for run in runs {
        record.runs.push(match run {
            Run::Hole { len } => (*len, 0, 0, 0),
            Run::Data { chunk, offset, len } => {
                if record.ids.last() != Some(&chunk.0) {
                    record.ids.push(chunk.0);
                }
                (0, record.ids.len() as u32 - 1, *offset, *len)
            }
        });
    }
    crate::config::encode(&record)
}

fn encode_ids(depth: u8, ids: &[ChunkId]) -> Result<Vec<u8>> {
    crate::config::encode(&ListRecord { version: 1, depth, runs: Vec::new(), ids: ids.iter().map(|id| id.0).collect() })
}

/// Calls `each` for every run below a list blob; `seen` hears of every list blob that was read.
pub(crate) fn read_list<N: Nodes + ?Sized>(
    nodes: &N,
    root: ChunkId,
    depth: u8,
    each: &mut dyn FnMut(Run) -> Result<()>,
    seen: &mut dyn FnMut(ChunkId) -> Result<()>,
) -> Result<()> {
    if depth > DEPTH_MAX {
        return Err(Error::damaged("run list is too deep"));
    }
    seen(root)?;
    let bytes = nodes.load(&root)?;
    let record: ListRecord = crate::config::decode(&bytes)?;
    drop(bytes);
    if record.version != 1 || record.depth != depth {
        return Err(Error::damaged("run list has the wrong depth"));
    }
    if depth > 0 {
        return record.ids.into_iter().try_for_each(|id| read_list(nodes, ChunkId(id), depth - 1, each, seen));
    }
    for (hole, row, offset, len) in record.runs {
        if hole > 0 {
            each(Run::Hole { len: hole })?;
        } else {
            let id = record.ids.get(row as usize).ok_or_else(|| Error::damaged("run list names a row it lacks"))?;
            each(Run::Data { chunk: ChunkId(*id), offset, len })?;
        }
    }
    Ok(())
}
