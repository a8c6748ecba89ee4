//! What is bounded, and why at this number.

/// Names in a certificate: what Let's Encrypt allows in its stricter profiles, and more than a household has.
pub const NAMES_MAX: usize = 25;
/// A name (RFC 1035, 2.3.4).
pub const NAME_BYTES_MAX: usize = 253;
/// A request for a certificate: one with 25 names and a P-256 key has 7 KiB at most.
pub const REQUEST_BYTES_MAX: usize = 16 << 10;
/// Certificates of a chain.
pub const CHAIN_MAX: usize = 8;
/// Of a chain as PEM: four certificates have some 8 KiB.
pub const CHAIN_BYTES_MAX: usize = 32 << 10;
/// A file of ours: an account, a draft, a chain.
pub const FILE_BYTES_MAX: u64 = 256 << 10;
/// A file with certificates: the whole of what Debian trusts has a quarter of a MiB.
pub const ROOTS_BYTES_MAX: u64 = 1 << 20;
/// Of a name of somebody that is shown.
pub const SHOWN_BYTES_MAX: usize = 200;

const _: () = assert!(REQUEST_BYTES_MAX > NAMES_MAX * (NAME_BYTES_MAX + 4) + 1024);
const _: () = assert!(CHAIN_BYTES_MAX < FILE_BYTES_MAX as usize);
