//! The repository format and engine on top of a store.
//!
//! This crate never opens a source file, reads a clock, prints, or hands out its
//! store. The format is written down in `docs/format.md`.

#![forbid(unsafe_code)]

mod error;
pub mod model;
pub mod source;
pub mod spool;
pub mod view;

pub use error::{Error, Kind, Result};
