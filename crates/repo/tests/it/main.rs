//! The engine against stores that remember, fail and lose.
#![allow(clippy::unwrap_used, clippy::expect_used, unreachable_pub)]

mod ahead;
mod avoided;
mod carried;
mod copy;
mod crash;
mod damage;
mod fixture;
mod fixtures;
mod hosted;
mod interleaved;
mod keys;
mod links;
mod lost;
mod lost_runs;
mod maintain;
mod repacked;
mod repair;
mod rotated;
mod round_trip;
mod sampled;
mod turns;
mod unreadable;
