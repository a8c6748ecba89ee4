//! What expires, what becomes of it, and what may be bought. What was seen and what was decided go in, what to do comes
//! out; nothing here reads a clock or does I/O. `docs/renewals.md` says what each step means for a person.
//!
//! Providers speak in the words of [`found`], [`shop`], [`zone`] and [`trouble`].

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod found;
pub mod limits;
pub mod money;
pub mod shop;
pub mod trouble;
pub mod when;
pub mod zone;

pub use found::{ByItself, Ends, Flag, Found, Kind};
pub use money::{Currency, Micros, Minor, Money};
pub use shop::{Act, Bought, Looked, Order, Quote};
pub use trouble::Trouble;
pub use zone::{Record, RecordType};
