//! Counts what happens, from all threads.

use super::report::{Action, Problem, Progress, REFUSED, Refusal, Refused, Report};
use atalaya_repo::{Error, Kind};
use portable_atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Adds up a report and passes everything on.
pub(crate) struct Tally<'a> {
    progress: &'a dyn Progress,
    actions: [AtomicU64; 7],
    bytes: AtomicU64,
    verified: AtomicU64,
    unstable: AtomicU64,
    failed: AtomicU64,
    refused: Mutex<Vec<Refusal>>,
    over: AtomicBool,
    fatal: Mutex<Option<Error>>,
}

impl<'a> Tally<'a> {
    /// All zero.
    pub(crate) fn new(progress: &'a dyn Progress) -> Self {
        Self {
            progress,
            actions: Default::default(),
            bytes: AtomicU64::new(0),
            verified: AtomicU64::new(0),
            unstable: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            refused: Mutex::new(Vec::new()),
            over: AtomicBool::new(false),
            fatal: Mutex::new(None),
        }
    }

    pub(crate) fn done(&self, action: Action, path: &[u8]) {
        self.actions[action as usize].fetch_add(1, Ordering::Relaxed);
        self.progress.done(action, path);
    }

    pub(crate) fn wrote(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.progress.wrote(bytes);
    }

    pub(crate) fn verified(&self) {
        self.verified.fetch_add(1, Ordering::Relaxed);
    }

    /// A file's content may be of several moments.
    pub(crate) fn unstable(&self, path: &[u8]) {
        self.unstable.fetch_add(1, Ordering::Relaxed);
        let why = "changed while it was backed up: its content may be of several moments; an older or newer snapshot \
                   may have it whole";
        self.progress.problem(&Problem { path: path.to_vec(), why: why.into() });
    }

    /// A path is not restored.
    pub(crate) fn failed(&self, path: &[u8], why: impl Into<String>) {
        self.failed.fetch_add(1, Ordering::Relaxed);
        self.progress.problem(&Problem { path: path.to_vec(), why: why.into() });
    }

    /// So many more, without a word for each.
    pub(crate) fn failed_too(&self, count: u64) {
        self.failed.fetch_add(count, Ordering::Relaxed);
    }

    /// Something about a path was refused: told once, then counted.
    pub(crate) fn refused(&self, what: Refused, path: &[u8], why: &dyn std::fmt::Display) {
        let mut all = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        match all.iter_mut().find(|r| r.what == what) {
            Some(refusal) => refusal.count += 1,
            None => {
                let first = Problem { path: path.to_vec(), why: why.to_string() };
                all.push(Refusal { what, count: 1, first });
            }
        }
    }

    /// Nothing more can be done: the disk is full, or alike.
    pub(crate) fn give_up(&self, err: Error) {
        self.fatal.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(err);
        self.over.store(true, Ordering::Release);
    }

    /// Whether to leave out what is still to do.
    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire) || self.progress.stopped()
    }

    /// What ended the restore, if something did.
    pub(crate) fn check(&self) -> atalaya_repo::Result<()> {
        let fatal = self.fatal.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match fatal {
            Some(err) => Err(err),
            None if self.progress.stopped() => {
                let text = "the restore was stopped; run it again to go on where it was";
                Err(Error::new(Kind::Interrupted, text))
            }
            None => Ok(()),
        }
    }

    pub(crate) fn report(&self) -> Report {
        let count = |action: Action| self.actions[action as usize].load(Ordering::Relaxed);
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone();
        refused.sort_by_key(|r| REFUSED.iter().position(|what| *what == r.what));
        Report {
            created: count(Action::Created),
            replaced: count(Action::Replaced),
            kept: count(Action::Kept),
            fixed: count(Action::Fixed),
            linked: count(Action::Linked),
            deleted: count(Action::Deleted),
            skipped: count(Action::Skipped),
            bytes: self.bytes.load(Ordering::Relaxed),
            verified: self.verified.load(Ordering::Relaxed),
            unstable: self.unstable.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
            refused,
        }
    }
}
