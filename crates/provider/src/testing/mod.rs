//! Local servers that speak the providers' protocols as their documents describe them, and misbehave when they are told to.
//! They count what was bought.

mod cloudflare;
mod fault;
mod godaddy;
mod rdap;
mod server;

pub use cloudflare::{Cloudflare, Pack, Registered};
pub use fault::Misbehave;
pub use godaddy::{Domain, GoDaddy, Sold};
pub use rdap::Rdap;
pub use server::Request;

use std::sync::{Mutex, MutexGuard, PoisonError};

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
