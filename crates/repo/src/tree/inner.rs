//! Inner nodes: for each child its first path, id, and what is below it.

use serde::{Deserialize, Serialize};

use super::{front, node_head, parse_head, unfront};
use crate::model::ChunkId;
use crate::{Error, Result, limits};

/// One child.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Child {
    /// First path below it.
    pub(crate) first: Vec<u8>,
    pub(crate) id: ChunkId,
    /// Entries below it.
    pub(crate) entries: u64,
    /// Bytes of content they stand for.
    pub(crate) bytes: u64,
}

#[derive(Serialize, Deserialize)]
struct Record<'a> {
    shared: u32,
    suffix: &'a [u8],
    id: [u8; 32],
    entries: u64,
    bytes: u64,
}

/// An inner node being filled.
pub(super) struct InnerEncoder {
    level: u8,
    records: Vec<u8>,
    pub(super) count: u32,
    pub(super) first: Vec<u8>,
    last: Vec<u8>,
    pub(super) entries: u64,
    pub(super) bytes: u64,
    /// The only child so far, for a tree that needs no level here.
    pub(super) only: Option<Child>,
}

impl InnerEncoder {
    pub(super) fn new(level: u8) -> Self {
        Self {
            level,
            records: Vec::new(),
            count: 0,
            first: Vec::new(),
            last: Vec::new(),
            entries: 0,
            bytes: 0,
            only: None,
        }
    }

    pub(super) fn len(&self) -> usize {
        super::NODE_HEAD_BYTES + self.records.len()
    }

    /// `false` when the node would grow too large; an empty one takes any child.
    pub(super) fn add(&mut self, child: &Child) -> Result<bool> {
        let shared = if self.count == 0 { 0 } else { front(&self.last, &child.first) };
        let record = Record {
            shared: shared as u32,
            suffix: &child.first[shared..],
            id: child.id.0,
            entries: child.entries,
            bytes: child.bytes,
        };
        let before = self.records.len();
        let taken = std::mem::take(&mut self.records);
        self.records = postcard::to_extend(&record, taken)
            .map_err(|err| Error::new(crate::Kind::Io, format!("cannot encode: {err}")))?;
        if self.len() > limits::NODE_BYTES_MAX && self.count > 0 {
            self.records.truncate(before);
            return Ok(false);
        }
        self.only = (self.count == 0).then(|| child.clone());
        if self.count == 0 {
            self.first.clone_from(&child.first);
        }
        self.last.clone_from(&child.first);
        self.count += 1;
        self.entries += child.entries;
        self.bytes += child.bytes;
        Ok(true)
    }

    pub(super) fn finish(&mut self, out: &mut Vec<u8>) {
        out.clear();
        out.extend_from_slice(&node_head(self.level, self.count, 0));
        out.append(&mut self.records);
        self.count = 0;
        self.entries = 0;
        self.bytes = 0;
        self.only = None;
    }
}

/// Reads an inner node child by child.
pub(crate) struct InnerDecoder {
    node: Vec<u8>,
    at: usize,
    left: u32,
    path: Vec<u8>,
}

impl InnerDecoder {
    pub(super) fn new(node: Vec<u8>, level: u8) -> Result<Self> {
        let (found, left, _, rest) = parse_head(&node)?;
        if found != level {
            return Err(Error::damaged("tree node has the wrong level"));
        }
        let at = node.len() - rest.len();
        Ok(Self { node, at, left, path: Vec::new() })
    }

    pub(crate) fn next(&mut self) -> Result<Option<Child>> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let (record, rest): (Record<'_>, _) = postcard::take_from_bytes(&self.node[self.at..])
            .map_err(|err| Error::damaged(format!("tree node does not decode: {err}")))?;
        unfront(&mut self.path, record.shared, record.suffix)?;
        let child =
            Child { first: self.path.clone(), id: ChunkId(record.id), entries: record.entries, bytes: record.bytes };
        self.at = self.node.len() - rest.len();
        Ok(Some(child))
    }
}

impl InnerDecoder {
    /// Makes the next child number `count` (from 0) of the node.
    pub(super) fn rewind_to(&mut self, count: u32) -> Result<()> {
        let (_, left, _, rest) = parse_head(&self.node)?;
        self.at = self.node.len() - rest.len();
        self.left = left;
        self.path.clear();
        for _ in 0..count {
            self.next()?;
        }
        Ok(())
    }
}
