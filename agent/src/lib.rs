//! The process on the NAS: streams deduplicated, encrypted backups with bounded memory.

#![forbid(unsafe_code)]

mod fs;
pub mod restore;
pub mod source;
