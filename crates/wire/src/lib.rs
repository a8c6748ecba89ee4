//! What agent and sidecar say to each other and to people's tools: topics, views, the two streams, commands and
//! Home Assistant's discovery. Nothing here does I/O. `docs/wire.md` says the same for people, and is made from it.

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod ack;
pub mod command;
pub mod discovery;
pub mod event;
mod hex;
mod ids;
pub mod join;
pub mod limits;
pub mod message;
mod sample;
mod stamp;
mod text;
mod topics;
pub mod view;

pub use hex::{Hex, unhex};
pub use ids::{NodeId, ObjectId, StreamId, fnv};
pub use sample::{Sample, Told};
pub use stamp::Stamp;
pub use text::{Text, text};
pub use topics::Topics;
