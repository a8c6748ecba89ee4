//! Certificates of this machine's own services, such as its web interface, ordered by the sidecar. The key is made here and
//! never leaves; a request for its certificate goes out as a record, and the chain comes back in a signed command.
//!
//! [`Certificates`] is a probe that reads apart and acts: what a turn does stands in `turn`, what is remembered between two in
//! `memory`. The daemon has only the two ends: it puts the chain that a command brings where the next turn finds it, and
//! tells the request that a turn left (`agent/src/watch/certificates.rs`). `docs/renewals.md` has the whole way.

mod config;
mod judge;
mod memory;
mod probe;
mod reload;
mod turn;

#[cfg(test)]
mod tests;

pub(crate) use config::CERTIFICATES_MAX;
pub use config::Certificate;
pub(crate) use memory::{Asked, Offers, asked};
pub use probe::Certificates;
