//! Snapshots as streams: a file's bytes in order, a folder as a tar archive.

mod batch;
mod content;
mod entry;
mod links;
mod pax;
mod sparse;
mod tar;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(crate) mod tests;
mod ustar;

pub(crate) use batch::{Batch, Filled, SMALL_FILE_BYTES_MAX};
pub(crate) use content::{Sink, copy};
pub(crate) use sparse::Output;
pub(crate) use tar::archive;

use atalaya_repo::Error;
use std::io;

/// Content that is fetched at once; what it is fetched with comes on top (see `docs/memory.md`).
pub(crate) const WINDOW_BYTES: usize = 4 << 20;

/// What is said of files that changed each time they were read for the backup.
pub(crate) const UNSTABLE: &str =
    "changed while it was backed up; what is stored may never have been its content at one moment";

/// Why a stream ended early: the snapshot cannot be read, or nobody reads on.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The repository's side.
    Read(Error),
    /// The reader's side.
    Write(io::Error),
}

impl From<Error> for Broken {
    fn from(err: Error) -> Self {
        Self::Read(err)
    }
}

impl From<io::Error> for Broken {
    fn from(err: io::Error) -> Self {
        Self::Write(err)
    }
}
