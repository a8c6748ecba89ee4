//! Where every blob is: immutable runs of sealed, sorted pages, and a bounded local copy of them.
//!
//! Layout in `docs/format.md`, section 6.

mod build;
mod distrust;
mod filter;
mod import;
mod merge;
mod named;
mod record;
mod rewrite;
mod run;
mod set;

#[cfg(any(test, feature = "testing"))]
pub(crate) use build::RunBuilder;
pub(crate) use build::run_of;
pub(crate) use distrust::{Distrust, Place, place};
pub(crate) use import::{read_verified, verify_stored};
pub(crate) use named::Named;
pub(crate) use record::Record;
pub(crate) use set::{Found, IndexSet};
