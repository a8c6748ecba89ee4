//! Certificates by ACME (RFC 8555): ordered, proved by DNS-01 or HTTP-01, installed, and seen served. `docs/renewals.md` is
//! for people; when a certificate is due is `atalaya_renew::when`.
//!
//! Each call tries once and says in [`Failed`] what may be done about it: whoever calls decides about the next time. What
//! an order needs to go on after a restart is in its [`Draft`], a file that nobody else may read.

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod account;
mod challenge;
mod client;
mod draft;
mod failed;
mod hint;
mod http;
pub mod limits;
mod listener;
mod order;
mod proof;
mod prove;
pub mod reload;
pub mod request;
pub mod served;
mod webroot;

pub use account::{Authority, External};
pub use atalaya_certificate::{Chain, install, tidy};
pub use client::Client;
pub use draft::Draft;
pub use failed::Failed;
pub use hint::Hint;
pub use order::{Issued, Step, Wanted};
pub use proof::{Proof, Way};
pub use request::Request;
