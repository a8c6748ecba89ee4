//! Writes the next run's copy of the tree. Leaves that stay at the beginning are not rewritten until
//! something changed, so a run that finds nothing new writes nothing.

use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::last_tree::{FOOT_BYTES, FOOT_MAGIC, LEAF_HEAD_BYTES};
use crate::model::ChunkId;
use crate::{Error, Result, names};

/// The copy being written beside the one of the last run.
pub(super) struct StateTree {
    path: PathBuf,
    /// Where the new copy is written.
    partial: PathBuf,
    old: Option<File>,
    /// Bytes of the old file that stay as they are.
    kept: u64,
    leaves: u64,
    new: Option<BufWriter<File>>,
}

fn failed(err: &std::io::Error) -> Error {
    Error::io("cannot write the copy of the tree to the state folder", err)
}

impl StateTree {
    pub(super) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            partial: PathBuf::new(),
            old: File::open(path).ok(),
            kept: 0,
            leaves: 0,
            new: None,
        }
    }

    /// The new file, begun with what was kept so far.
    fn writer(&mut self) -> Result<&mut BufWriter<File>> {
        if self.new.is_none() {
            self.partial = names::partial(&self.path)?;
            let file = File::create(&self.partial).map_err(|err| failed(&err))?;
            let mut out = BufWriter::with_capacity(64 << 10, file);
            if let Some(old) = &mut self.old {
                old.seek(SeekFrom::Start(0)).map_err(|err| failed(&err))?;
                copy(old, self.kept, &mut out)?;
            }
            self.new = Some(out);
        }
        self.new.as_mut().ok_or_else(|| failed(&std::io::Error::other("no file")))
    }

    /// A leaf of the old file comes next.
    pub(super) fn keep(&mut self, place: (u64, u64)) -> Result<()> {
        self.leaves += 1;
        if self.new.is_none() && place.0 == self.kept {
            self.kept += place.1;
            return Ok(());
        }
        self.writer()?;
        if let (Some(old), Some(new)) = (&mut self.old, &mut self.new) {
            old.seek(SeekFrom::Start(place.0)).map_err(|err| failed(&err))?;
            copy(old, place.1, new)?;
        }
        Ok(())
    }

    /// A new leaf comes next.
    pub(super) fn add(&mut self, id: &ChunkId, plain: usize, entries: u32, bytes: u64, encoded: &[u8]) -> Result<()> {
        self.leaves += 1;
        let mut head = [0; LEAF_HEAD_BYTES];
        head[..4].copy_from_slice(&(encoded.len() as u32).to_be_bytes());
        head[4..8].copy_from_slice(&(plain as u32).to_be_bytes());
        head[8..12].copy_from_slice(&entries.to_be_bytes());
        head[12..20].copy_from_slice(&bytes.to_be_bytes());
        head[20..].copy_from_slice(&id.0);
        let out = self.writer()?;
        out.write_all(&head).and_then(|()| out.write_all(encoded)).map_err(|err| failed(&err))
    }

    /// Puts the new copy in the old one's place, once the snapshot is in the store.
    pub(super) fn commit(mut self, snapshot: &[u8; 16]) -> Result<()> {
        let whole =
            self.old.as_ref().and_then(|old| old.metadata().ok()).is_some_and(|m| m.len() == self.kept + FOOT_BYTES);
        if self.new.is_none() && whole {
            return self.rename_snapshot(snapshot);
        }
        let leaves = self.leaves;
        let out = self.writer()?;
        out.write_all(&leaves.to_be_bytes())
            .and_then(|()| out.write_all(snapshot))
            .and_then(|()| out.write_all(FOOT_MAGIC))
            .and_then(|()| out.flush())
            .map_err(|err| failed(&err))?;
        self.new = None;
        std::fs::rename(&self.partial, &self.path).map_err(|err| failed(&err))
    }
}

impl StateTree {
    /// The same tree belongs to a newer snapshot now; the older one may be forgotten. Torn, these bytes name no
    /// snapshot, and everything is read again.
    fn rename_snapshot(&self, snapshot: &[u8; 16]) -> Result<()> {
        let file = File::options().write(true).open(&self.path).map_err(|err| failed(&err))?;
        let inode = |file: &File| file.metadata().map(|m| (m.dev(), m.ino())).ok();
        if self.old.as_ref().and_then(inode) != inode(&file) {
            // Another backup of this job put its own copy there.
            return Ok(());
        }
        file.write_all_at(snapshot, self.kept + 8).map_err(|err| failed(&err))
    }
}

impl Drop for StateTree {
    fn drop(&mut self) {
        if self.new.is_some() {
            let _ = std::fs::remove_file(&self.partial);
        }
    }
}

fn copy(from: &mut File, len: u64, to: &mut BufWriter<File>) -> Result<()> {
    let copied = std::io::copy(&mut from.take(len), to).map_err(|err| failed(&err))?;
    if copied == len {
        Ok(())
    } else {
        Err(Error::damaged("the copy of the last tree in the state folder was cut short"))
    }
}
