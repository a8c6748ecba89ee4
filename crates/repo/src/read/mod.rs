//! Reading back: blobs by id, snapshots as a view, many chunks in the order they lie in.

mod blobs;
mod fetch;
mod snapshot;

pub(crate) use blobs::{Blobs, Scratch};
pub use snapshot::Snapshot;
