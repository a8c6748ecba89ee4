//! The bounds of this room, each with its reason.

/// Bytes that one read gives, as is said to the client; writes are bounded by their message.
pub(super) const SERVE_DATA_BYTES_MAX: usize = 64 << 10;

/// Files and folders open at once: our client has 64 for a sync, four for reading, two for writing, and some folders.
pub(super) const SERVE_HANDLES_MAX: usize = 128;

/// Files without their names at once: our client has two.
pub(super) const SERVE_UNFINISHED_MAX: usize = 64;

/// Longest path.
pub(super) const SERVE_PATH_BYTES_MAX: usize = 1024;

/// Deepest path.
pub(super) const SERVE_DEPTH_MAX: usize = 32;

/// Names in one answer to a listing.
pub(super) const SERVE_NAMES_MAX: usize = 100;

/// Age from which an unfinished file is nobody's any more.
pub(super) const SERVE_STALE_SECONDS: i64 = 86_400;

const _: () = assert!(SERVE_DATA_BYTES_MAX + 1024 < super::super::limits::SFTP_PACKET_BYTES_MAX);
// An answer to a listing with the longest names and lines.
const _: () = assert!(SERVE_NAMES_MAX * 1024 < super::super::limits::SFTP_PACKET_BYTES_MAX);
