//! The process on the NAS: streams deduplicated, encrypted backups with bounded memory.

#![forbid(unsafe_code)]

pub mod cli;
pub mod config;
mod dump;
mod fs;
pub mod restore;
pub mod schedule;
pub mod source;
