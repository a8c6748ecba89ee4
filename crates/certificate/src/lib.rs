//! A server's certificate on both sides: the key and the request for one, the chain that comes back, and the pair of them in
//! its place. The sidecar has this for its own machine, the agent for the machine it runs on. Nothing here waits for anybody.

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod chain;
mod der;
pub mod file;
mod handshake;
pub mod install;
mod key;
pub mod limits;
mod names;
mod trust;
mod wrong;

pub use chain::{Chain, fingerprint, written};
pub use handshake::{connection, handshake, plain};
pub use install::Place;
pub use key::{KEY_BYTES, Key};
pub use names::tidy;
pub use trust::{provider, roots};
pub use wrong::Wrong;
