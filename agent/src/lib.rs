//! The process on the NAS: streams deduplicated, encrypted backups with bounded memory.

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

#[cfg(feature = "daemon")]
pub mod certificate;
pub mod cli;
#[cfg(feature = "daemon")]
mod clock;
mod compare;
#[cfg(feature = "daemon")]
pub mod config;
mod dump;
#[cfg(feature = "daemon")]
mod durable;
mod fs;
#[cfg(feature = "daemon")]
mod join;
#[cfg(feature = "daemon")]
pub mod link;
#[cfg(feature = "daemon")]
pub mod memory;
#[cfg(feature = "daemon")]
pub mod noip;
#[cfg(feature = "daemon")]
pub mod outbox;
#[cfg(feature = "daemon")]
pub mod policy;
#[cfg(feature = "daemon")]
pub mod probe;
#[cfg(feature = "daemon")]
mod program;
pub mod restore;
#[cfg(feature = "daemon")]
pub mod schedule;
mod share;
pub mod source;
#[cfg(feature = "daemon")]
pub mod watch;
