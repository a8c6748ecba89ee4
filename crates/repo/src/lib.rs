//! The repository format and engine on top of a store.
//!
//! This crate never opens a source file, reads a clock, prints, or hands out its
//! store. The format is written down in `docs/format.md`.

#![forbid(unsafe_code)]

mod config;
mod crypto;
mod envelope;
mod error;
mod index;
mod keys;
pub mod limits;
pub mod model;
mod names;
mod pack;
pub mod source;
pub mod view;

pub use crypto::fastest_cipher;
pub use error::{Error, Kind, Result};
