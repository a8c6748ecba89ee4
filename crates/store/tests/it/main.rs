//! The store's backends and wrappers, from outside.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod backends;
mod cache;
#[cfg(feature = "cloud")]
mod cloud;
#[cfg(feature = "cloud")]
mod cloud_server;
mod full;
mod killed;
mod local;
mod s3;
mod s3_server;
mod sftp;
mod sftp_trust;
mod sim;
mod sshd;
#[cfg(feature = "cloud")]
mod versions;
mod wrappers;
