//! What two programs, and people's tools, rely on.
#![allow(clippy::unwrap_used)]

mod docs;
mod examples;
mod golden;
