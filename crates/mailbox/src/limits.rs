//! What is bounded, and why at this number. What happens beyond is said at each.

use std::time::Duration;

/// To connect to a server, with all its addresses, and again for TLS.
pub const CONNECT: Duration = Duration::from_secs(10);
/// For the answer to a command. Servers that look through a large mailbox need some seconds.
pub const COMMAND: Duration = Duration::from_secs(60);
/// One `IDLE`: RFC 2177 lets a server hang up after 29 minutes, and some routers forget a silent connection earlier.
pub const IDLE: Duration = Duration::from_secs(25 * 60);
/// Between two questions to a server without `IDLE`.
pub const POLL: Duration = Duration::from_secs(5 * 60);

/// A mail that is read. A larger one is told and not fetched: providers' mails have some 60 KiB.
pub const MAIL_BYTES_MAX: usize = 512 << 10;
/// Its header alone. What is beyond is not looked at.
pub const HEADER_BYTES_MAX: usize = 64 << 10;
/// Mails whose header is looked at in a round. The others wait for the next.
pub const ROUND_MAX: usize = 50;
/// Mails that are looked at where there is no cursor: the last of them. What is older was seen by a person.
pub const FIRST_MAX: u32 = 200;
/// The list of new mails: some 20,000 of them. More is refused: nobody has so many since the last round.
pub const LIST_BYTES_MAX: usize = 1 << 20;
/// What a server says to a command that is no fetch.
pub const TALK_BYTES_MAX: usize = 64 << 10;
/// A line, without what it carries as literals. RFC 7162, 4 asks clients for 8,192.
pub const LINE_BYTES_MAX: usize = 8 << 10;
/// Parentheses in a line, open at once: the parser goes down a step with each.
pub const DEPTH_MAX: usize = 32;
/// Literals in one response.
pub const LITERALS_MAX: usize = 16;

/// An `Authentication-Results` that is read. Longer ones are as none.
pub const RESULTS_BYTES_MAX: usize = 8 << 10;
/// Headers that are searched for it.
pub const HEADERS_MAX: usize = 500;
/// `Content-Type`s in a mail: how deep its parts can nest. Of a mail with more only the header is read.
pub const TYPES_MAX: usize = 64;
/// Parts of a mail that are searched for the link.
pub const PARTS_MAX: usize = 16;
/// Addresses in one mail that are looked at.
pub const ADDRESSES_MAX: usize = 500;
/// A link. Longer ones are none.
pub const LINK_BYTES_MAX: usize = 2 << 10;
/// The token in a link.
pub const TOKEN_BYTES: std::ops::RangeInclusive<usize> = 8..=64;

const _: () = assert!(HEADER_BYTES_MAX <= MAIL_BYTES_MAX && LINE_BYTES_MAX < TALK_BYTES_MAX);
const _: () = assert!(IDLE.as_secs() < 29 * 60 && COMMAND.as_secs() < POLL.as_secs());
const _: () = assert!(LINK_BYTES_MAX > *TOKEN_BYTES.end() + 64);
