//! Cases as people think of them, and what must hold whatever the snapshots and the policy.
#![allow(clippy::unwrap_used)]

mod cases;
mod properties;
mod suddenly;
