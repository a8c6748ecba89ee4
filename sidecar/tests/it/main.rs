//! The whole program, asked over its own listeners.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod api;
mod beat;
mod commands;
mod customers;
mod http;
mod log_in;
mod program;
mod settings;
