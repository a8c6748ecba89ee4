//! Providers' mails: read from a mailbox without changing anything there, and judged. `docs/renewals.md` is for people.
//!
//! [`Mailbox`] asks a server and trusts it with nothing: each answer has a bound in bytes and in time. [`judge()`] is a pure
//! function of a mail and of what the configuration says. Nothing that a mail names is ever fetched, and HTML is searched,
//! never rendered.

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod connect;
mod cursor;
mod failed;
mod guard;
mod judge;
pub mod limits;
mod mailbox;
mod settings;
#[cfg(test)]
mod tests;
mod tls;
mod wait;

pub use cursor::{Cursor, Fetched, Round};
pub use failed::Failed;
pub use judge::{Link, Provider, Rules, Stage, Verdict, Why, concerns, judge};
pub use mailbox::Mailbox;
pub use settings::{Security, Settings};
pub use wait::Woken;
