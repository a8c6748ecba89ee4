//! The daemon against a real Mosquitto, on a clock that runs fast. Without Mosquitto these fail, and say so.

mod away;
mod broker;
mod certificates;
mod commands;
mod desk;
mod ear;
mod gone;
mod idle;
mod jumps;
mod machine;
mod mount;
mod nas;
mod network;
mod operations;
mod outage;
mod policy;
mod reload;
mod runs;
mod sidecar;
mod tls;
mod upkeep;

use std::time::{Duration, Instant};

/// Longer than anything here takes on a slow machine. Nothing is said of how long things take.
const PATIENCE: Duration = Duration::from_secs(90);

/// Waits until `done`, or fails with what `what` says.
#[track_caller]
fn until<T: std::fmt::Display>(what: impl Fn() -> T, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < PATIENCE, "it never came to this: {}", what());
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Lets so much real time go by, in which things happen that nothing tells of.
fn let_pass(time: Duration) {
    std::thread::sleep(time);
}
