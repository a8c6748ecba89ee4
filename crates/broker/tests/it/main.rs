//! The broker as its clients see it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod client;
mod gate;
mod hostile;
mod identity;
mod kept;
mod mosquitto;
mod serve;
