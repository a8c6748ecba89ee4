//! The alert engine as its users see it: rules, scenarios, quiet months, and whatever order things happen in.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod days;
mod docs;
mod limits;
mod month;
mod never_lost;
mod parts;
mod rules;
mod scenario;
mod words;
mod world;
