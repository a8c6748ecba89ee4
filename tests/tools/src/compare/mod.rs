//! Compares two trees in everything that a restore must bring back.

mod content;
mod entry;
mod report;
mod walk;
mod xattrs;

pub use report::Report;
pub use walk::{compare, compare_except};
