//! What agent and sidecar share as programs: configuration, text for terminals, time zones, waiting, TLS. What they say
//! to each other is in `atalaya-wire`.

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod cli;
pub mod code;
pub mod config;
pub mod logs;
pub mod signals;
pub mod text;
pub mod tls;
pub mod units;
pub mod wait;
pub mod zone;
