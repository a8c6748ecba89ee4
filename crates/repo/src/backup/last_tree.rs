//! The job's last tree, kept in the state folder: its leaves in order, so that the next run finds what is
//! unchanged without reading the repository (a writer could not).
//!
//! ```text
//! leaf: stored u32 | plain u32 | entries u32 | content bytes u64 | id 32 | codec byte and payload
//! foot: leaves u64 | snapshot id 16 | magic "ATLATREE"
//! ```
//! A leaf is believed when its id is right, so a file that a power cut tore does no harm.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::keys::Keyring;
use crate::model::ChunkId;
use crate::names::{self, BlobType};
use crate::pack::Decoder;
use crate::{Error, Result, limits};

pub(super) const FOOT_BYTES: u64 = 32;
pub(super) const FOOT_MAGIC: &[u8; 8] = b"ATLATREE";
pub(super) const LEAF_HEAD_BYTES: usize = 52;

/// A leaf as the file holds it.
pub(super) struct StoredLeaf {
    pub(super) id: ChunkId,
    pub(super) entries: u32,
    pub(super) bytes: u64,
    pub(super) node: Vec<u8>,
    /// Offset and length of its record.
    pub(super) place: (u64, u64),
}

/// The file of one job.
pub(super) fn path(state: &Path, job: &str) -> PathBuf {
    state.join(format!("last-{}", names::hex(job.as_bytes())))
}

/// Reads leaves one after another.
pub(super) struct LastTree<'a> {
    keyring: &'a Keyring,
    file: BufReader<File>,
    decoder: Decoder,
    /// The snapshot that has this tree.
    pub(super) snapshot: [u8; 16],
    at: u64,
    left: u64,
    encoded: Vec<u8>,
}

impl<'a> LastTree<'a> {
    /// `None` when there is no usable file.
    pub(super) fn open(path: &Path, keyring: &'a Keyring) -> Option<Self> {
        let mut file = File::open(path).ok()?;
        let len = file.seek(SeekFrom::End(0)).ok()?;
        file.seek(SeekFrom::Start(len.checked_sub(FOOT_BYTES)?)).ok()?;
        let mut foot = [0; FOOT_BYTES as usize];
        file.read_exact(&mut foot).ok()?;
        if &foot[24..] != FOOT_MAGIC {
            return None;
        }
        let left = u64::from_be_bytes(foot[..8].try_into().ok()?);
        let snapshot = foot[8..24].try_into().ok()?;
        file.seek(SeekFrom::Start(0)).ok()?;
        let file = BufReader::with_capacity(64 << 10, file);
        Some(Self { keyring, file, decoder: Decoder::new().ok()?, snapshot, at: 0, left, encoded: Vec::new() })
    }

    /// Whether `next` has given the last leaf.
    pub(super) fn at_end(&self) -> bool {
        self.left == 0
    }

    pub(super) fn next(&mut self) -> Result<Option<StoredLeaf>> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let torn = |_| Error::damaged("the copy of the last tree in the state folder is damaged");
        let mut head = [0; LEAF_HEAD_BYTES];
        self.file.read_exact(&mut head).map_err(torn)?;
        let word = |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let (stored, plain, entries) = (word(0) as usize, word(4) as usize, word(8));
        let bytes = u64::from(word(12)) << 32 | u64::from(word(16));
        if stored > limits::CHUNK_BYTES_MAX + 1 {
            return Err(torn(std::io::Error::other("length")));
        }
        self.encoded.resize(stored, 0);
        self.file.read_exact(&mut self.encoded).map_err(torn)?;
        let node = self.decoder.decode(&self.encoded, plain)?;
        let id = self.keyring.blob_id(BlobType::Tree, node);
        if head[20..] != id.0 {
            return Err(torn(std::io::Error::other("id")));
        }
        let place = (self.at, (LEAF_HEAD_BYTES + stored) as u64);
        self.at += place.1;
        Ok(Some(StoredLeaf { id, entries, bytes, node: node.to_vec(), place }))
    }
}
