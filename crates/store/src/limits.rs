//! The bounds of this crate, each with its reason.

use std::time::Duration;

/// Longest object name: fits every file system, and SFTP and S3 keys with a long prefix before it.
pub(crate) const NAME_BYTES_MAX: usize = 200;

/// Buffer for a body that cannot be linked into place: large enough for a USB disk, small beside a job's budget.
pub(crate) const COPY_BYTES: usize = 256 << 10;

/// Buffer for reading one level of a folder; a listing holds one for each level it is in.
pub(crate) const DIRENT_BYTES: usize = 16 << 10;

/// Folders remembered for `sync`. A repository has some 300, so the bound is only met by something odd.
pub(crate) const TOUCHED_DIRS_MAX: usize = 1024;

/// Names tried for a spool file before giving up: only another process with our id in another container takes one.
pub(crate) const SPOOL_TRIES_MAX: u32 = 10_000;

/// First wait between two tries.
pub(crate) const RETRY_WAIT_MIN: Duration = Duration::from_millis(500);

/// Longest wait between two tries.
pub(crate) const RETRY_WAIT_MAX: Duration = Duration::from_secs(60);

/// A store that asks for patience gets as much as after so many failures more: the first wait is then four seconds.
pub(crate) const RETRY_BUSY_AHEAD: u32 = 3;

/// Buffer for comparing what a failed put left behind with its body.
pub(crate) const COMPARE_BYTES: usize = 64 << 10;

/// A place of the cache's file: most folder listings have some ten thousand bytes as they are stored, and none 128 KiB.
#[cfg(feature = "cache")]
pub(crate) const CACHE_PLACE_BYTES: u64 = 64 << 10;

/// What stands at its beginning.
#[cfg(feature = "cache")]
pub(crate) const CACHE_HEAD_BYTES: usize = 64;

/// Places in which one thing may stand: enough to find an old one to give up, and few to look through.
#[cfg(feature = "cache")]
pub(crate) const CACHE_PLACES_EACH: u64 = 8;

const _: () = assert!(RETRY_WAIT_MIN.as_millis() < RETRY_WAIT_MAX.as_millis());
// A folder entry with the longest name a file system has must fit.
const _: () = assert!(DIRENT_BYTES >= 1024);
