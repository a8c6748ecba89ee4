//! Plans and purchases on a virtual clock, against a shop that misbehaves and a disk of which only what was saved is left.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod buying;
mod crashes;
mod held;
mod never_twice;
mod shop;
mod sold;
mod sources;
mod world;
mod year;
