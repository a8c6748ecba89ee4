//! The bounds of this room, each with its reason.

use std::time::Duration;

/// What a connection holds in either direction: two records of TLS.
pub(super) const BUCKET_BUFFER_BYTES: usize = 32 << 10;

/// Bytes of a body that are read from the spool at once.
pub(super) const BUCKET_PIECE_BYTES: usize = 64 << 10;

/// Headers of an answer; Amazon's have some 600 bytes.
pub(super) const BUCKET_HEADER_BYTES_MAX: usize = 16 << 10;

/// What is read of a refusal: a few lines of XML.
pub(super) const BUCKET_REFUSAL_BYTES_MAX: u64 = 16 << 10;

/// What is kept of a server's own words, which one line must hold.
pub(super) const BUCKET_WORDS_CHARS_MAX: usize = 200;

/// Objects that are asked for in one page: few enough to be in memory with their names.
pub(super) const BUCKET_PAGE_OBJECTS: usize = 500;

/// Longest page. Servers that give a thousand all the same take some 500 bytes for each.
pub(super) const BUCKET_PAGE_BYTES_MAX: u64 = 1 << 20;

/// Longest token that the next page is asked for with; it stands in a URL.
pub(super) const BUCKET_TOKEN_BYTES_MAX: usize = 4096;

/// Tries of a page: a listing that has begun is not tried again by anybody else.
pub(super) const BUCKET_PAGE_TRIES_MAX: u32 = 6;

/// Tries of a put that another one of the same name crossed, which servers answer with "try again".
pub(super) const BUCKET_CROSSED_TRIES_MAX: u32 = 10;

/// Wait between those.
pub(super) const BUCKET_CROSSED_WAIT: Duration = Duration::from_millis(200);

/// Connections that are kept open: as many as there are threads that ask at once.
pub(super) const BUCKET_IDLE_CONNECTIONS_MAX: usize = 4;

/// Versions of names that are remembered: as many as there are packs between two index runs, and more.
pub(super) const BUCKET_VERSIONS_KNOWN_MAX: usize = 512;

/// After so long a connection that nothing went over is not used again: most servers close it after a minute.
pub(super) const BUCKET_IDLE_AGE_MAX: Duration = Duration::from_secs(20);

/// Until a connection is made, TLS included.
pub(super) const BUCKET_CONNECT_WAIT_MAX: Duration = Duration::from_secs(20);

/// Silence after which a connection is given up.
pub(super) const BUCKET_SILENCE_MAX: Duration = Duration::from_secs(90);

/// What a request may take besides its bytes.
pub(super) const BUCKET_REQUEST_WAIT_MAX: Duration = Duration::from_secs(180);

/// Slower than that is no line for backups; it ends who sends a byte a minute for ever.
pub(super) const BUCKET_BYTES_PER_SECOND_MIN: u64 = 4 << 10;

/// What is read of a file of certificates; Debian's have 220 KB.
pub(super) const BUCKET_ROOTS_BYTES_MAX: u64 = 1 << 20;

/// Most of a file with credentials: a few lines for each server.
pub(super) const BUCKET_CREDENTIALS_BYTES_MAX: usize = 64 << 10;

/// What is read of an answer that has keys: tokens have up to some thousand bytes.
#[cfg(feature = "cloud")]
pub(super) const BUCKET_KEYS_BYTES_MAX: u64 = 64 << 10;

/// How long keys are waited for: who gives them is in the same machine, or does nothing else.
#[cfg(feature = "cloud")]
pub(super) const BUCKET_KEYS_WAIT_MAX: Duration = Duration::from_secs(20);

/// So long before they end, keys are got anew: clouds have others then, and a pack on a slow line still arrives.
#[cfg(feature = "cloud")]
pub(super) const BUCKET_KEYS_AHEAD_SECONDS: u64 = 300;

const _: () = assert!(BUCKET_PAGE_BYTES_MAX / BUCKET_PAGE_OBJECTS as u64 > 2 * crate::limits::NAME_BYTES_MAX as u64);
