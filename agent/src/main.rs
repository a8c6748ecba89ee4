//! Bounds the heap, then hands over to the command line.

#![deny(unsafe_code)]

mod heap;
mod idle_disk;
#[cfg(feature = "daemon")]
mod kernel_clock;

use std::ffi::OsString;
use std::process::ExitCode;

fn main() -> ExitCode {
    heap::keep_small();
    let words: Vec<OsString> = std::env::args_os().collect();
    #[cfg(feature = "daemon")]
    be_ready_to_stay(&words);
    if atalaya_agent::cli::wants_background(&words) {
        idle_disk::idle_disk();
    }
    atalaya_agent::cli::run(words)
}

/// What the library cannot do without `unsafe`, for the daemon.
#[cfg(feature = "daemon")]
fn be_ready_to_stay(words: &[OsString]) {
    atalaya_agent::memory::give_back_by(heap::give_back);
    atalaya_agent::probe::system::ask_clock_by(kernel_clock::kept_right);
    if words.get(1).is_some_and(|word| word == "run") {
        heap::keep_smallest();
        // If it cannot, what listens later says why.
        let _ = atalaya_base::signals::outlive_hangup();
    }
}
