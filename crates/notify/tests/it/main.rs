//! The channels against stand-ins for their services.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod certificates;
mod golden;
mod hostile;
mod mail;
mod outcomes;
mod receiver;
mod server;
mod smtp;
mod tell;
mod trust;
