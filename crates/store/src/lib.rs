//! Named blobs somewhere.
//!
//! A [`Store`] is deliberately dumb: no retries, no caches, no formats. What it
//! must guarantee stands on the trait. [`LocalStore`] is a folder, `SftpStore` one
//! of another machine, `BucketStore` a bucket; wrappers with the same trait add the rest, [`Retry`] among
//! them. [`StoreUrl`] reads where a store is. The feature `testing` adds
//! a simulated store, a fault injector, a recorder and the conformance suite
//! that every backend passes.

#![forbid(unsafe_code)]

mod body;
#[cfg(feature = "s3")]
mod bucket;
#[cfg(feature = "cache")]
mod cache;
mod error;
mod limits;
mod local;
mod name;
#[cfg(any(feature = "s3", feature = "sftp"))]
mod plain;
mod retry;
#[cfg(feature = "sftp")]
mod sftp;
mod spool;
mod store;
mod throttle;
mod url;

#[cfg(any(feature = "testing", feature = "conformance"))]
pub mod conformance;
#[cfg(feature = "testing")]
mod fault;
#[cfg(feature = "testing")]
mod memory;
#[cfg(feature = "testing")]
mod record;
#[cfg(feature = "testing")]
mod rng;
#[cfg(feature = "testing")]
mod sim;

#[cfg(feature = "s3")]
pub use bucket::{BucketAccess, BucketStore, Retained};
#[cfg(feature = "cache")]
pub use cache::Cached;
pub use error::{Error, Kind, Result};
pub use local::LocalStore;
pub use name::{check_name, check_prefix};
pub use retry::{Retry, jittered};
#[cfg(feature = "sftp")]
pub use sftp::{Access, Answers, SftpStore, serve};
pub use spool::{remove_stale_spools, spool_in};
pub use store::{Body, Entry, SpoolFile, Store};
pub use throttle::{Pace, Throttle};
pub use url::{BucketUrl, Service, SftpUrl, StoreUrl};

#[cfg(feature = "testing")]
pub use fault::{Fault, Rates};
#[cfg(feature = "testing")]
pub use memory::Loss;
#[cfg(feature = "testing")]
pub use record::{Op, Recorder, Tally};
#[cfg(feature = "testing")]
pub use sim::{SimStore, Stop};

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks `mutex`; what it guards here is valid even if a holder panicked.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
