//! The bounds of this room, each with its reason.

use std::time::Duration;

/// Longest message of an SFTP server that is believed: OpenSSH sends at most so much.
pub(super) const SFTP_PACKET_BYTES_MAX: usize = 256 << 10;

/// Bytes in a read or write where the server does not say what it takes: every server must take this (draft, 3).
pub(super) const SFTP_DATA_BYTES_SAFE: usize = 32 << 10;

/// The most in one where it does: more makes nothing faster, and what the allocator maps anew each time begins at 128 KiB.
pub(super) const SFTP_DATA_BYTES_MAX: usize = 64 << 10;

/// Bytes of one object under way at once: as much as OpenSSH lets a channel have.
pub(super) const SFTP_WINDOW_BYTES: usize = 2 << 20;

/// Files that stay open for reading: one for each of a restore's threads, and some that are come back to.
pub(super) const SFTP_HANDLES_MAX: usize = 4;

/// Names that were put and wait for a `sync`; with more there is one without being asked. Index runs come every 64 packs.
pub(super) const SFTP_UNSYNCED_MAX: usize = 256;

/// Files opened at once for a `sync`.
pub(super) const SFTP_OPEN_AT_ONCE_MAX: usize = 64;

/// A refused write is for want of room when less than this is left.
pub(super) const SFTP_FULL_BYTES: u64 = 1 << 20;

/// Age of unfinished files that nobody can be at work on any more.
pub(super) const SFTP_STALE_SECONDS: u32 = 86_400;

/// A server whose disks sleep, or that syncs a full journal, takes some time; a dead connection is noticed sooner by `ssh`.
pub(super) const SFTP_REPLY_WAIT_MAX: Duration = Duration::from_secs(120);

/// Stack of the threads of a connection, which copy bytes and call nothing deep.
pub(super) const SFTP_THREAD_STACK_BYTES: usize = 128 << 10;

/// For `ssh`: seconds until a host must have answered, and between signs of life, of which so many may be missing.
pub(super) const SSH_CONNECT_SECONDS: u32 = 20;
pub(super) const SSH_ALIVE_SECONDS: u32 = 15;
pub(super) const SSH_ALIVE_COUNT: u32 = 3;

/// From starting `ssh` to the server's first word: connecting, and logging in on a slow machine.
pub(super) const SSH_START_WAIT_MAX: Duration = Duration::from_secs(90);

/// What `ssh` gets to end by itself once its input is closed, and to say why.
pub(super) const SSH_END_WAIT: Duration = Duration::from_secs(2);

/// What is remembered of what `ssh` says.
pub(super) const SSH_LINES_MAX: usize = 32;
pub(super) const SSH_LINE_BYTES_MAX: usize = 1024;

/// A line of a list of known hosts, with the largest key there is.
pub(super) const KNOWN_HOST_BYTES_MAX: u64 = 16 << 10;

const _: () = assert!(SFTP_DATA_BYTES_SAFE <= SFTP_DATA_BYTES_MAX && SFTP_DATA_BYTES_MAX < SFTP_PACKET_BYTES_MAX);
const _: () = assert!(SFTP_UNSYNCED_MAX >= SFTP_OPEN_AT_ONCE_MAX);
