//! Acting as the No-IP client: off unless configured, and never a nuisance. An update is sent only when the name's own
//! servers say something else than where we are; what No-IP answers is an enum; what it calls final stays final, on
//! disk, until the configuration changes. Source of the protocol: No-IP's integration pages "request" and "response".

mod client;
mod config;
mod decide;
mod inherit;
mod mark;
mod memory;
mod reply;
mod request;
mod send;
#[cfg(test)]
pub(crate) mod server;
mod told;
mod turn;

pub use client::Client;
pub use config::ClientConfig;
pub use decide::{Decision, Memory, Seen, decide, intended, learned, rested};
pub use reply::{ANSWER_BYTES_MAX, Final, Reply, parse};
pub use request::{AGENT, Credentials, ENDPOINT, Request};

#[cfg(test)]
mod tests;
