//! The backup engine: walk, read, cut, name, compress, seal, upload and write the tree, all at once and all
//! bounded.
//!
//! ```text
//! walker ─batches→ ahead ─batches→ reader ─chunks→ workers ─packs→ uploader → store
//!                                     │                └─ids─┐       ↑
//!                                     └──────items──────→ assembler ─┘ (tree packs)
//! ```
//! (`ahead` only where everything is read: a job's first backup, and full ones.)
//!
//! The reader only hands on items whose chunks the workers have already got, workers and uploader wait for
//! nobody behind them, so nothing can wait in a circle.

mod ahead;
mod assembler;
mod buffer;
mod bundle;
mod checkpoint;
pub(crate) mod cover;
mod file;
mod front;
pub(crate) mod heal;
mod helper;
mod item;
mod large;
mod last_tree;
mod links;
mod options;
mod parent;
mod reader;
mod rot;
mod run;
mod shared;
mod state_tree;
mod worker;

pub(crate) use rot::rotten_bundles;

pub use options::{Options, Progress, Summary};
