//! How a node is let in: the string that a person carries from the tower to the node, what the node asks with it, and what
//! it gets.
//!
//! The string says where the tower is, which authority's key its certificates go back to, and a code that is good once. The
//! node makes a key of its own, which never leaves it, and shows that it has it by a signature.

mod request;
mod string;

pub use request::{Joining, Refusal, Refused, Request, Response, Signature};
pub use string::{Host, Invitation, Mistake};

use ring::digest::{SHA256, digest};

/// Of addresses in a string: a name, an address of each kind, and one from outside.
pub const HOSTS_MAX: usize = 4;
/// Of an address, as long as names in DNS can be.
pub const HOST_BYTES_MAX: usize = 253;
/// Of a string, which has four long addresses at most; usual are 120 to 220.
pub const STRING_BYTES_MAX: usize = 1600;
/// Of a request as JSON; usual are 500.
pub const REQUEST_BYTES_MAX: usize = 4 << 10;
/// Of an answer as JSON: two certificates and some addresses, usual are 2 KiB.
pub const RESPONSE_BYTES_MAX: usize = 16 << 10;
/// Of a node's name for people.
pub const NAME_BYTES_MAX: usize = 128;
/// A public key on P-256, as a point without compression (SEC 1, 2.3.3).
pub const KEY_BYTES: usize = 65;
/// Where the tower hears requests.
pub const PATH: &str = "/join";

/// A code that is good once.
pub type Code = [u8; 16];

/// SHA-256: of an authority's `SubjectPublicKeyInfo` in DER, which the string has, and of a code, which the tower keeps.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, bytes).as_ref());
    out
}

const _: () = assert!(
    REQUEST_BYTES_MAX > 2 * (KEY_BYTES + NAME_BYTES_MAX * 6) && STRING_BYTES_MAX > HOSTS_MAX * HOST_BYTES_MAX * 4 / 3
);
