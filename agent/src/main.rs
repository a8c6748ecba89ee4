//! Bounds the heap, then hands over to the command line.

#![deny(unsafe_code)]

mod heap;

use std::process::ExitCode;

fn main() -> ExitCode {
    heap::keep_small();
    atalaya_agent::memory::give_back_by(heap::give_back);
    atalaya_agent::cli::run(std::env::args_os())
}
