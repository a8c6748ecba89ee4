//! The lower bound that restores are compared with: `bareloop SRC DST`.
//!
//! What is timed, and what is not, stands in the library's `bareloop` module.
//! Prints one line of JSON.

use std::error::Error;
use std::process::ExitCode;

use atalaya_test_tools::bareloop::Loaded;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            eprintln!("bareloop: {err}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [source, target] = args.as_slice() else { return Err("bareloop SRC DST (DST must not exist)".into()) };
    let loaded = Loaded::read(source.as_ref())?;
    let took = loaded.write(target.as_ref())?;
    let (files, bytes) = loaded.size();
    println!("{{\"wall_seconds\": {:.4}, \"files\": {files}, \"bytes\": {bytes}}}", took.as_secs_f64());
    Ok(())
}
