//! What the test programs share.
//!
//! `corpus` makes trees to back up, `treecmp` compares two, `measure` reports
//! time and memory of a command, `bareloop` is the lower bound of a restore.

#![forbid(unsafe_code)]

pub mod args;
pub mod bareloop;
pub mod compare;
pub mod corpus;
pub mod newer;
pub mod proctree;
mod rng;
/// States and sources that no folder could make.
pub mod synthetic;
mod words;
