//! The process on the NAS: streams deduplicated, encrypted backups with bounded memory.

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod cli;
mod clock;
pub mod config;
mod dump;
mod durable;
mod fs;
mod join;
pub mod link;
pub mod memory;
pub mod noip;
pub mod outbox;
pub mod probe;
mod program;
pub mod restore;
pub mod schedule;
pub mod source;
pub mod watch;
