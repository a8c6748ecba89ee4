//! Telling people: what a message says, how each channel carries it, and what is sent next. Nothing here keeps anything:
//! who uses it has the outbox, and does what [`turn`] decides. `docs/notifications.md` is for people.

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod address;
mod answer;
mod channel;
mod clean;
mod format;
pub mod gotify;
mod http;
mod knock;
pub mod limits;
pub mod mail;
mod message;
pub mod mqtt;
pub mod ntfy;
mod outcome;
mod rate;
mod secret;
mod settings;
pub mod slack;
pub mod telegram;
mod tls;
pub mod turn;
pub mod webhook;
pub mod words;

pub use address::Address;
pub use channel::Channel;
pub use knock::knock;
pub use message::{Facts, Item, Link, Message, What};
pub use outcome::Outcome;
pub use rate::Rate;
pub use secret::Secret;
pub use settings::{ChannelSettings, Common, Settings};
