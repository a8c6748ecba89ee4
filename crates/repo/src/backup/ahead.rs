//! Reads small files ahead of the reader, so that two threads do what costs most about them: asking the kernel.
//!
//! Only what goes smoothly is read here. Whatever is unusual is left to the reader, who tries again, tells problems
//! and keeps order. When the reader has nothing to do it gets the batch as it is, and reads the rest itself.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError};

use super::file::same_content;
use super::item::xattrs_weight;
use super::shared::{Shared, gone};
use crate::model::{Kind, Xattr};
use crate::source::{Batch, Content, Extra, Found, Open, Segment};
use crate::{Result, limits};

/// Larger files are not read ahead: reading them costs more than opening them.
const FILE_BYTES_MAX: u64 = 64 << 10;

/// A batch of the walk, and what was read of its files.
#[derive(Default)]
pub(super) struct Prepared {
    pub(super) batch: Batch,
    loaded: VecDeque<Loaded>,
    bytes: Vec<u8>,
}

/// A small file that was read, and was the same before and after.
pub(super) struct Loaded {
    /// Its number in the batch.
    index: usize,
    at: usize,
    len: usize,
    pub(super) digest: [u8; 16],
    pub(super) xattrs: Vec<Xattr>,
    /// Whether it might have changed unseen after it was read.
    pub(super) racy: bool,
}

impl Prepared {
    /// What was read of the batch's entry `index`; asked for in order.
    pub(super) fn take(&mut self, index: usize) -> Option<Loaded> {
        if self.loaded.front()?.index == index { self.loaded.pop_front() } else { None }
    }

    /// The content of a file that was read.
    pub(super) fn content(&self, loaded: &Loaded) -> &[u8] {
        &self.bytes[loaded.at..loaded.at + loaded.len]
    }

    /// Forgets everything, keeps the memory.
    pub(super) fn clear(&mut self) {
        self.batch.clear();
        self.loaded.clear();
        self.bytes.clear();
    }
}

/// The thread that reads ahead.
pub(super) struct Ahead<'a, O: Open> {
    shared: &'a Shared<'a>,
    opener: O,
    /// Set while the reader waits.
    hungry: &'a AtomicBool,
    extra: Extra,
}

impl<'a, O: Open> Ahead<'a, O> {
    pub(super) fn new(shared: &'a Shared<'a>, opener: O, hungry: &'a AtomicBool) -> Self {
        Self { shared, opener, hungry, extra: Extra::default() }
    }

    /// Works until the walk is over or the reader is gone.
    pub(super) fn run(&mut self, walked: &Receiver<Prepared>, ready: &SyncSender<Prepared>) -> Result<()> {
        while let Ok(mut prepared) = walked.recv() {
            self.prepare(&mut prepared)?;
            ready.send(prepared).map_err(gone)?;
        }
        Ok(())
    }

    fn prepare(&mut self, prepared: &mut Prepared) -> Result<()> {
        let Prepared { batch, loaded, bytes } = prepared;
        // Once and no more than that: growing by itself would take twice the share.
        bytes.reserve_exact(limits::AHEAD_BYTES);
        let mut attributes = 0;
        for (index, found) in batch.found.iter().enumerate().filter(|(_, found)| is_candidate(found)) {
            let at = bytes.len();
            let full = at + attributes + found.meta.size as usize > limits::AHEAD_BYTES;
            if full || self.hungry.load(Ordering::Relaxed) {
                break;
            }
            match self.load(batch.path(found), found, bytes)? {
                Some((digest, racy)) => {
                    let xattrs = std::mem::take(&mut self.extra.xattrs);
                    attributes += xattrs_weight(&xattrs);
                    loaded.push_back(Loaded { index, at, len: bytes.len() - at, digest, xattrs, racy });
                }
                None => bytes.truncate(at),
            }
        }
        Ok(())
    }

    /// Appends the file's content to `bytes`; gives its digest and whether it is racy, or nothing if there is
    /// anything about it that the reader should see to.
    fn load(&mut self, path: &[u8], found: &Found, bytes: &mut Vec<u8>) -> Result<Option<([u8; 16], bool)>> {
        let (at, size) = (bytes.len(), found.meta.size as usize);
        self.extra.clear();
        let Ok(mut file) = self.opener.open(path, &found.meta, &mut self.extra) else { return Ok(None) };
        // Before the file is read: what changes from here on has a time stamp that is no older.
        let racy = self.shared.is_racy(&found.meta);
        if self.extra.incomplete.is_some() || xattrs_weight(&self.extra.xattrs) > limits::ENTRY_INLINE_BYTES_MAX {
            return Ok(None);
        }
        match file.segment() {
            Ok(Segment::Data(len)) if len == found.meta.size => {}
            _ => return Ok(None),
        }
        bytes.resize(at + size, 0);
        let whole = file.read(&mut bytes[at..]).is_ok_and(|got| got == size);
        if !whole || !file.finish().is_ok_and(|now| same_content(&found.meta, &now)) {
            return Ok(None);
        }
        Ok(Some((self.shared.repo.keyring.file_digest(&bytes[at..])?, racy)))
    }
}

/// Files with several names may have been read already, which only the reader knows.
fn is_candidate(found: &Found) -> bool {
    found.meta.kind == Kind::File && found.meta.nlink == 1 && (1..=FILE_BYTES_MAX).contains(&found.meta.size)
}

/// The next batch; says that the reader waits while there is none.
pub(super) fn next(ready: &Receiver<Prepared>, hungry: &AtomicBool) -> Option<Prepared> {
    match ready.try_recv() {
        Ok(prepared) => Some(prepared),
        Err(TryRecvError::Disconnected) => None,
        Err(TryRecvError::Empty) => {
            hungry.store(true, Ordering::Relaxed);
            let next = ready.recv().ok();
            hungry.store(false, Ordering::Relaxed);
            next
        }
    }
}
