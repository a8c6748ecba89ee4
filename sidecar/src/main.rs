//! See the library.

mod heap;

fn main() -> std::process::ExitCode {
    heap::keep_small();
    atalaya_sidecar::run(std::env::args_os())
}
