//! See the library.

fn main() -> std::process::ExitCode {
    atalaya_sidecar::run(std::env::args_os())
}
