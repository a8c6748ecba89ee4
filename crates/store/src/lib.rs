//! Named blobs somewhere.
//!
//! A [`Store`] is deliberately dumb: no retries, no caches, no formats. What it
//! must guarantee stands on the trait.

#![forbid(unsafe_code)]

mod error;
mod store;

pub use error::{Error, Kind, Result};
pub use store::{Body, Entry, SpoolFile, Store};
