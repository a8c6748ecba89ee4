//! A snapshot's map from path to entry: a tree of nodes whose ends depend on the paths alone.
//!
//! Layout in `docs/format.md`, section 7.

mod builder;
mod cursor;
mod entry_codec;
mod inner;
mod leaf;
mod list;

pub(crate) use builder::{Builder, Root};
pub(crate) use cursor::{Cursor, Nodes};
pub(crate) use inner::InnerDecoder as Children;
pub(crate) use leaf::{LeafDecoder, LeafEncoder};
pub(crate) use list::{ListWriter, read_list};

use crate::model::ChunkId;
use crate::{Error, Result, limits};

/// First bytes of every node: version and level (0 for a leaf).
const VERSION: u8 = 1;
/// version u8 | level u8 | entries u32 | ids u32
const NODE_HEAD_BYTES: usize = 10;

/// The children of an inner node, one after another.
pub(crate) fn children(node: Vec<u8>, level: u8) -> Result<Children> {
    Children::new(node, level)
}

/// Where finished blobs of the tree go.
pub(crate) trait Sink {
    /// Stores one tree blob and gives its id.
    fn put(&mut self, plain: &[u8]) -> Result<ChunkId>;

    /// Stores a leaf; they come in tree order.
    fn put_leaf(&mut self, plain: &[u8]) -> Result<ChunkId> {
        self.put(plain)
    }
}

fn node_head(level: u8, entries: u32, ids: u32) -> [u8; NODE_HEAD_BYTES] {
    let mut out = [VERSION, level, 0, 0, 0, 0, 0, 0, 0, 0];
    out[2..6].copy_from_slice(&entries.to_be_bytes());
    out[6..].copy_from_slice(&ids.to_be_bytes());
    out
}

/// Level, number of entries, number of ids and the rest of a node.
fn parse_head(node: &[u8]) -> Result<(u8, u32, usize, &[u8])> {
    let (head, rest) =
        node.split_first_chunk::<NODE_HEAD_BYTES>().ok_or_else(|| Error::damaged("tree node is too short"))?;
    if head[0] == 0 || head[0] > VERSION {
        return Err(Error::new(crate::Kind::TooNew, "tree node is of a newer version; upgrade the program"));
    }
    let word = |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let ids = word(6) as usize;
    if head[1] >= limits::TREE_LEVELS_MAX || ids.checked_mul(32).is_none_or(|n| n > rest.len()) {
        return Err(Error::damaged("tree node contradicts itself"));
    }
    Ok((head[1], word(2), ids, rest))
}

/// A path that shares its beginning with the one before it: how much, and the rest.
fn front(previous: &[u8], path: &[u8]) -> usize {
    previous.iter().zip(path).take_while(|(a, b)| a == b).count()
}

/// Makes `path` the next path: `shared` bytes of it stay.
fn unfront(path: &mut Vec<u8>, shared: u32, suffix: &[u8]) -> Result<()> {
    let shared = shared as usize;
    if shared > path.len() || shared + suffix.len() > limits::PATH_BYTES_MAX {
        return Err(Error::damaged("tree node has an impossible path"));
    }
    path.truncate(shared);
    path.extend_from_slice(suffix);
    Ok(())
}
