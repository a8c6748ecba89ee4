//! Compares two trees: `treecmp A B [--ignore-root] [--except PATH[:PATH]…]`.
//!
//! Every byte, type, mode, owner, modification time in nanoseconds (of folders and
//! links too), extended attribute, hard link, link target, device number, and the
//! room taken by files with holes. Of A, what `--except` names is left out. Prints the first 20 differences; exits with 1.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use atalaya_test_tools::args::Args;
use atalaya_test_tools::compare::compare_except;
use rustix::process::{Resource, getrlimit, setrlimit};

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(err) => {
            eprintln!("treecmp: {err}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<bool, Box<dyn Error>> {
    let args = Args::parse(std::env::args().skip(1), &["except"], &["ignore-root"])?;
    let [a, b] = args.plain.as_slice() else {
        return Err("treecmp A B [--ignore-root] [--except PATH[:PATH]…]".into());
    };
    // Two descriptors for each level of folders.
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit)?;
    let except: Vec<PathBuf> =
        args.value("except").iter().flat_map(|list| list.split(':')).map(PathBuf::from).collect();
    let report = compare_except(a.as_ref(), b.as_ref(), args.has("ignore-root"), &except)?;
    let (entries, bytes, differences) = (report.entries, report.bytes, report.differences);
    println!("{entries} entries, {bytes} bytes compared, {differences} differences");
    Ok(differences == 0)
}
