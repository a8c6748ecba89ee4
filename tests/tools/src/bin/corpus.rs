//! Makes a corpus: `corpus KIND DIR [--size BYTES] [--count N] [--seed N]`.

use std::error::Error;
use std::process::ExitCode;

use atalaya_test_tools::args::Args;
use atalaya_test_tools::corpus::{KINDS, Plan};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            eprintln!("corpus: {err}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let args = Args::parse(std::env::args().skip(1), &["size", "count", "seed"], &["help"])?;
    let [kind, dir] = args.plain.as_slice() else {
        println!("corpus KIND DIR [--size BYTES] [--count N] [--seed N]\n");
        KINDS.iter().for_each(|kind| println!("  {:10} {}", kind.name, kind.about));
        return if args.has("help") { Ok(()) } else { Err("which kind, and where?".into()) };
    };
    let kind = KINDS.iter().find(|known| known.name == kind).ok_or_else(|| format!("no such kind: {kind}"))?;
    let seed = args.number("seed")?.unwrap_or(1);
    let plan = Plan { dir: dir.into(), size: args.number("size")?, count: args.number("count")?, seed };
    (kind.make)(&plan).map_err(|err| format!("{} in {dir}: {err}", kind.name).into())
}
