//! The whole program, asked over its own listeners.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod customers;
mod http;
mod log_in;
mod settings;
