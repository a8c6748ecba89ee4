//! What is bounded, and why at this number.

use std::time::Duration;

/// To connect to a server, with all its addresses.
pub const CONNECT: Duration = Duration::from_secs(10);
/// A request to the authority, from the name's look-up to the last byte. Finalizing may take an authority some seconds.
pub const HTTP: Duration = Duration::from_secs(30);
/// What is read of an answer: a chain of four certificates has some 8 KiB, a directory one.
pub const ANSWER_BYTES_MAX: usize = 128 << 10;
/// Headers of an answer.
pub const ANSWER_HEADER_BYTES_MAX: usize = 32 << 10;

/// A token of a challenge, which becomes a file's name. Authorities use 43 characters.
pub const TOKEN_BYTES_MAX: usize = 128;

/// How often a call is made where nonces are refused. The library asks for three, and an authority that refuses every fifth
/// (as Pebble does in tests, and worse than any should) would end one certificate of a dozen: in five rounds none of a million.
pub const NONCE_ROUNDS: u8 = 5;
/// For a record to be seen at all of a zone's servers. GoDaddy and Cloudflare need seconds, others minutes.
pub const VISIBLE: Duration = Duration::from_secs(300);
/// For the authority to look at the proofs, from several places.
pub const PROVED: Duration = Duration::from_secs(120);
/// Meanwhile the proofs are looked at so often, beside their order.
pub const PROVED_LOOK: Duration = Duration::from_secs(5);
/// For the authority to sign. Later, the next call goes on where this one ended.
pub const SIGNED: Duration = Duration::from_secs(120);
/// Between two looks at an order, at first; each wait is half as long again.
pub const LOOK: Duration = Duration::from_millis(500);

/// Connections to the listener at once. Authorities look from five places or so; one too many is closed.
pub const VISITORS_MAX: usize = 16;
/// What the listener reads of a request.
pub const VISITOR_BYTES_MAX: usize = 4 << 10;
/// How long a visitor may take.
pub const VISITOR: Duration = Duration::from_secs(5);

/// Seconds that an authority may ask to wait. More is cut to this: an hour more or less does not matter then.
pub const WAIT_SECONDS_MAX: u64 = 7 * 86_400;
/// Seconds to wait where it says that there were too many requests, and not for how long.
pub const WAIT_SECONDS: u64 = 3_600;
/// Seconds between two looks at the suggested window where the authority names none (RFC 9773, 4.3.2: six hours).
pub const HINT_SECONDS: u64 = 6 * 3_600;
/// And where it names one, at least (RFC 9773, 4.3.2: a minute is the lower sane bound) and at most (a day).
pub const HINT_SECONDS_RANGE: std::ops::RangeInclusive<u64> = 60..=86_400;

/// A command that makes a service read its certificate again.
pub const RELOAD: Duration = Duration::from_secs(60);
/// For its last words after it ended.
pub const LAST_WORDS: Duration = Duration::from_millis(200);
/// What is kept of what it says, from the end: as much as is shown.
pub const RELOAD_BYTES_MAX: usize = atalaya_renew::limits::TEXT_BYTES_MAX;
/// A handshake with a service, to see which certificate it serves.
pub const HANDSHAKE: Duration = Duration::from_secs(10);

const _: () = assert!(CONNECT.as_secs() < HTTP.as_secs() && HTTP.as_secs() < PROVED.as_secs());
const _: () = assert!(PROVED_LOOK.as_secs() < PROVED.as_secs());
const _: () = assert!(HINT_SECONDS <= *HINT_SECONDS_RANGE.end() && HINT_SECONDS >= *HINT_SECONDS_RANGE.start());
