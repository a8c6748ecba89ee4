//! Providers against local servers that speak their protocols, and misbehave.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod cloudflare;
mod cloudflare_buys;
mod file;
mod godaddy;
mod godaddy_buys;
mod godaddy_records;
mod home;
mod hostile;
mod names;
mod rdap;
mod servers;
mod settings;
mod tls;
mod zones;
