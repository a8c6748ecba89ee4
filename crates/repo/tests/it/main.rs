//! The engine against stores that remember, fail and lose.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod crash;
mod damage;
mod fixture;
mod round_trip;
