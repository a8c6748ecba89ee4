//! Those who know when things end, who sell more of it, and who hold zones: one file or folder for each, and one table of
//! them in [`settings`]. They are asked when somebody says so, and once; nothing here repeats, remembers on disk or decides.
//!
//! What they answer is in the words of `atalaya-renew`. A provider is blocking: who must not wait asks from a thread of its
//! own. The feature `testing` adds local servers that speak the providers' protocols.

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod address;
pub mod cloudflare;
mod day;
mod epp;
pub mod file;
pub mod godaddy;
pub mod hand;
mod http;
pub mod limits;
mod names;
pub mod noip;
mod pace;
mod provider;
pub mod rdap;
mod records;
mod secret;
mod settings;
#[cfg(feature = "testing")]
pub mod testing;
mod time;
pub mod tls;
pub mod verify;

pub use http::Outgoing;
pub use provider::{Provider, Shop, Zone};
pub use settings::{ProviderSettings, Settings, all};
