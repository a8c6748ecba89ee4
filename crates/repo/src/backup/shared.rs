//! What the engine's threads share.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use portable_atomic::AtomicU64;

use super::Options;
use super::cover::Cover;
use super::heal::Loss;
use crate::index::IndexSet;
use crate::maintain::Doomed;
use crate::model::{ChunkId, Meta};
use crate::source::Problem;
use crate::{Error, Kind, Repository, Result, limits};

/// The index, and what this run adds to it.
pub(super) struct Index {
    pub(super) set: IndexSet,
    /// Blobs of this run that no index run names yet.
    pub(super) fresh: HashSet<ChunkId>,
}

/// Shared by reference between all threads of one backup.
pub(super) struct Shared<'a> {
    pub(super) repo: &'a Repository,
    pub(super) options: &'a Options<'a>,
    pub(super) index: Mutex<Index>,
    pub(super) new_chunks: AtomicU64,
    pub(super) new_bytes: AtomicU64,
    pub(super) problems: AtomicU64,
    pub(super) decayed: AtomicU64,
    /// Whether what old entries name may be in no usable pack.
    pub(super) loss: Loss,
    /// Whether what old entries name may be in no index run.
    pub(super) cover: Cover,
    /// What a prune deletes meanwhile.
    pub(super) doomed: &'a Doomed,
    failure: Mutex<Option<Error>>,
    /// Whether there is one: asked for every batch and buffer.
    failed: AtomicBool,
}

impl<'a> Shared<'a> {
    pub(super) fn new(
        repo: &'a Repository,
        options: &'a Options<'a>,
        set: IndexSet,
        loss: Loss,
        cover: Cover,
        doomed: &'a Doomed,
    ) -> Self {
        Self {
            repo,
            options,
            index: Mutex::new(Index { set, fresh: HashSet::new() }),
            new_chunks: AtomicU64::new(0),
            new_bytes: AtomicU64::new(0),
            problems: AtomicU64::new(0),
            decayed: AtomicU64::new(0),
            loss,
            cover,
            doomed,
            failure: Mutex::new(None),
            failed: AtomicBool::new(false),
        }
    }

    pub(super) fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the blob has to be stored; from then on it counts as there.
    pub(super) fn claim(&self, id: &ChunkId) -> Result<bool> {
        let mut index = self.index();
        if index.fresh.contains(id) || index.set.contains(id)? {
            return Ok(false);
        }
        index.fresh.insert(*id);
        Ok(true)
    }

    /// Whether what is described now may still change without its time stamps showing it.
    pub(super) fn is_racy(&self, meta: &Meta) -> bool {
        meta.ctime.secs + limits::RACY_SECONDS >= (self.options.now)().secs
    }

    pub(super) fn problem(&self, problem: &Problem) {
        self.problems.fetch_add(1, Ordering::Relaxed);
        (self.options.problem)(problem);
    }

    /// A file's bytes are others than last time, and nothing but the bytes says so.
    pub(super) fn decayed(&self, path: &[u8]) {
        self.decayed.fetch_add(1, Ordering::Relaxed);
        let path = String::from_utf8_lossy(path);
        (self.options.notice)(&format!(
            "/{path}: content differs from the last backup though no time stamp changed; it may have decayed on disk, and both versions are kept"
        ));
    }

    /// Keeps the first failure: the others only follow from it. A thread that finds the other end gone may say so
    /// before that end has told why.
    pub(super) fn fail(&self, err: Error) {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        if failure.as_ref().is_none_or(|first| first.text == GONE) {
            *failure = Some(err);
        }
        self.failed.store(true, Ordering::Relaxed);
    }

    pub(super) fn failure(&self) -> Option<Error> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// An error when the backup cannot or shall not go on.
    pub(super) fn check_stop(&self) -> Result<()> {
        if self.failed.load(Ordering::Relaxed) {
            return Err(gone(()));
        }
        if self.options.stop.load(Ordering::Relaxed) {
            return Err(Error::new(Kind::Interrupted, "backup was stopped; what was stored is kept for the next run"));
        }
        Ok(())
    }
}

/// What a thread says that only follows.
const GONE: &str = "backup was stopped by an earlier failure";

/// The thread at the other end has stopped; it has said why with `fail`.
pub(super) fn gone<T>(_: T) -> Error {
    Error::new(Kind::Interrupted, GONE)
}
