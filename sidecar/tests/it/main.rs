//! The whole program, asked over its own listeners.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod api;
mod beat;
mod channel;
mod commands;
mod customers;
mod damage;
mod http;
mod lasting;
mod log_in;
mod month;
mod nas;
mod own;
mod power;
mod program;
mod reached;
mod records;
mod refused;
mod renewals;
mod settings;
mod setup;
mod setup_broker;
mod setup_owner;
mod setup_terminal;
mod taken;
mod whole;
mod windows;
