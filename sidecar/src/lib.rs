//! The tower: gathers what agents tell, remembers, alerts and shows it.
//!
//! `tower` decides, `db` writes, `link` connects, `web` shows; `program` builds them and ends them in order.

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod acts;
pub mod beat;
mod behind;
pub mod broker;
pub mod certificates;
mod cli;
pub mod clock;
pub mod config;
pub mod db;
pub mod error;
pub mod files;
pub mod history;
pub mod home;
pub mod identity;
pub mod life;
pub mod limits;
pub mod link;
pub mod notify;
pub mod own;
pub mod people;
pub mod pki;
mod private_file;
pub mod program;
mod reload;
pub mod renewals;
pub mod rules;
pub mod status;
mod taken;
pub mod tower;
pub mod web;
pub mod window;

pub use cli::run;
