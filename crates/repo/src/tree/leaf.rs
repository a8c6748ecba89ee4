//! Leaves: entries in order, paths front-coded, ids in a table of the node.

use super::entry_codec::{self, Record, State};
use super::{front, node_head, parse_head, unfront};
use crate::model::{ChunkId, Content, Entry, Flags, Kind, Meta, Time, path_cmp};
use crate::{Error, Result, limits};

/// A leaf being filled.
#[derive(Default)]
pub(crate) struct LeafEncoder {
    ids: Vec<[u8; 32]>,
    entries: Vec<u8>,
    count: u32,
    /// Bytes of content that its entries stand for.
    pub(crate) bytes: u64,
    pub(crate) first: Vec<u8>,
    last: Vec<u8>,
    state: State,
}

impl LeafEncoder {
    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    /// Bytes of the node as it stands.
    pub(crate) fn len(&self) -> usize {
        super::NODE_HEAD_BYTES + self.ids.len() * 32 + self.entries.len()
    }

    /// Adds `entry`; `false` (and nothing added) when the node would grow too large. An empty node takes any entry.
    pub(crate) fn add(&mut self, entry: &Entry) -> Result<bool> {
        let before = (self.ids.len(), self.entries.len(), self.state);
        let ids = &mut self.ids;
        // A bundle's files follow one another, so the row looked for is mostly the last one.
        let mut row = |id: &ChunkId| match ids.iter().rposition(|known| *known == id.0) {
            Some(row) => row as u32,
            None => {
                ids.push(id.0);
                ids.len() as u32 - 1
            }
        };
        let shared = if self.count == 0 { 0 } else { front(&self.last, &entry.path) };
        entry_codec::encode(entry, shared, &mut self.state, &mut row, &mut self.entries)?;
        if self.len() > limits::NODE_BYTES_MAX && self.count > 0 {
            self.ids.truncate(before.0);
            self.entries.truncate(before.1);
            self.state = before.2;
            return Ok(false);
        }
        if self.count == 0 {
            self.first.clone_from(&entry.path);
        }
        self.last.clone_from(&entry.path);
        self.count += 1;
        self.bytes += entry.meta.size;
        Ok(true)
    }

    /// The node's bytes into `out`; the encoder is empty afterwards (its first path stays until the next entry).
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) {
        out.clear();
        out.extend_from_slice(&node_head(0, self.count, self.ids.len() as u32));
        self.ids.iter().for_each(|id| out.extend_from_slice(id));
        out.extend_from_slice(&self.entries);
        self.ids.clear();
        self.entries.clear();
        self.count = 0;
        self.bytes = 0;
        self.state = State::default();
    }
}

/// Reads a leaf entry by entry.
pub(crate) struct LeafDecoder {
    node: Vec<u8>,
    ids: usize,
    at: usize,
    left: u32,
    state: State,
    entry: Entry,
    started: bool,
}

impl LeafDecoder {
    /// Takes a node's bytes; an inner node is damage here.
    pub(crate) fn new(node: Vec<u8>) -> Result<Self> {
        let (level, left, ids, rest) = parse_head(&node)?;
        if level != 0 {
            return Err(Error::damaged("tree node has the wrong level"));
        }
        let at = node.len() - rest.len() + ids * 32;
        Ok(Self { node, ids, at, left, state: State::default(), entry: blank(), started: false })
    }

    /// Entries not read yet.
    pub(crate) fn left(&self) -> u32 {
        self.left
    }

    /// The node's bytes.
    pub(crate) fn node(&self) -> &[u8] {
        &self.node
    }

    /// The node's bytes.
    pub(crate) fn into_node(self) -> Vec<u8> {
        self.node
    }

    /// The next entry, valid until the next call.
    pub(crate) fn next(&mut self) -> Result<Option<&Entry>> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let table = &self.node[super::NODE_HEAD_BYTES..super::NODE_HEAD_BYTES + self.ids * 32];
        let (record, rest): (Record<'_>, _) = postcard::take_from_bytes(&self.node[self.at..])
            .map_err(|err| Error::damaged(format!("tree entry does not decode: {err}")))?;
        // What both share decides nothing, so only what follows is compared.
        let ends = self.entry.path.get(record.shared as usize..).unwrap_or_default();
        if self.started && path_cmp(ends, record.suffix).is_ge() {
            return Err(Error::damaged("tree entries are out of order"));
        }
        unfront(&mut self.entry.path, record.shared, record.suffix)?;
        entry_codec::decode(&record, &mut self.state, table.as_chunks::<32>().0, &mut self.entry)?;
        self.at = self.node.len() - rest.len();
        self.started = true;
        Ok(Some(&self.entry))
    }

    /// The entry that `next` gave last.
    pub(crate) fn current(&self) -> &Entry {
        &self.entry
    }
}

fn blank() -> Entry {
    let meta = Meta {
        kind: Kind::File,
        mode: 0,
        uid: 0,
        gid: 0,
        size: 0,
        mtime: Time::default(),
        ctime: Time::default(),
        ino: 0,
        dev: 0,
        nlink: 1,
        rdev: 0,
    };
    Entry {
        path: Vec::new(),
        meta,
        target: Vec::new(),
        link: None,
        xattrs: Vec::new(),
        content: Content::None,
        digest: [0; 8],
        flags: Flags::default(),
    }
}
