//! Damage that is met while the database is in use: told once, and remembered beside it, so that the next start looks
//! through all of it and sets it aside.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{Error, Kind, Result};

/// The file in the state folder; what is in it says what was met.
pub(super) const MARK: &str = "damaged";

/// What everybody who uses one database shares.
#[derive(Clone, Debug, Default)]
pub struct Damage(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// Nothing is remembered without one.
    folder: Option<PathBuf>,
    met: Mutex<Option<String>>,
    over: AtomicBool,
}

impl Damage {
    /// Of the database in this folder.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self(Arc::new(Inner { folder: Some(folder.to_path_buf()), ..Inner::default() }))
    }

    /// Lets a result of the database pass, and remembers what says that a page is not what was written.
    pub fn met_in<T>(&self, result: Result<T>) -> Result<T> {
        if let Err(err) = &result
            && err.kind == Kind::Damaged
        {
            self.meet(err);
        }
        result
    }

    fn meet(&self, err: &Error) {
        let mut met = self.0.met.lock().unwrap_or_else(PoisonError::into_inner);
        if met.is_some() || self.is_over() {
            return;
        }
        tracing::error!(why = %err, "the database is damaged; the next start looks through it and sets it aside");
        if let Some(folder) = &self.0.folder {
            // Where the disk takes nothing any more, the start after an unclean stop looks through everything as well.
            let _ = fs::write(folder.join(MARK), &err.text);
        }
        *met = Some(err.text.clone());
    }

    /// What was met.
    #[must_use]
    pub fn met(&self) -> Option<String> {
        self.0.met.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The database is given up: whoever still reads in it ends, and says no more of it.
    pub fn end(&self) {
        self.0.over.store(true, Ordering::Release);
    }

    /// Whether it is.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.0.over.load(Ordering::Acquire)
    }
}

/// What was met before this start.
pub(super) fn remembered(folder: &Path) -> Option<String> {
    fs::read_to_string(folder.join(MARK)).ok()
}

/// It was looked into.
pub(super) fn forget(folder: &Path) {
    let _ = fs::remove_file(folder.join(MARK));
}
