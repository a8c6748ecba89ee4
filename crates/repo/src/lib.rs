//! The repository format and engine on top of a store.
//!
//! This crate never opens a source file, reads a clock, prints, or hands out its
//! store. The format is written down in `docs/format.md`.

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod backup;
mod budget;
pub mod check;
mod chunker;
mod config;
pub mod copy;
mod crypto;
mod diff;
mod envelope;
mod error;
mod fresh;
mod index;
mod keys;
pub mod limits;
pub mod maintain;
pub mod model;
mod names;
mod pack;
mod presence;
mod reach;
mod read;
pub mod repair;
mod repository;
mod side;
mod snapshot;
mod sorter;
pub mod source;
pub mod spool;
mod state;
mod stats;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(test)]
mod tests;
mod thread;
mod tree;
pub mod view;

pub use budget::Budget;
pub use crypto::{Cipher, fastest_cipher};
pub use diff::{Change, Differs, diff};
pub use error::{Error, Kind, Result};
pub use keys::{KeyInfo, Role, drawn_words, key_role};
pub use names::hex;
pub use read::Snapshot;
pub use repository::{InitOptions, Repository, Unlock};
pub use snapshot::{Catalogue, Info, Selector};
pub use stats::Stats;
