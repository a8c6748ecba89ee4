//! Bounds the heap, then hands over to the command line.

#![deny(unsafe_code)]

mod heap;
mod idle_disk;
mod kernel_clock;

use std::ffi::OsString;
use std::process::ExitCode;

fn main() -> ExitCode {
    heap::keep_small();
    atalaya_agent::memory::give_back_by(heap::give_back);
    atalaya_agent::probe::system::ask_clock_by(kernel_clock::kept_right);
    let words: Vec<OsString> = std::env::args_os().collect();
    if words.get(1).is_some_and(|word| word == "run") {
        heap::keep_smallest();
    }
    if atalaya_agent::cli::wants_background(&words) {
        idle_disk::idle_disk();
    }
    atalaya_agent::cli::run(words)
}
