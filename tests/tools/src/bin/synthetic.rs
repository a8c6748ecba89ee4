//! Repository states that no folder on this machine could make: an index of ten million chunks, a file of a
//! hundred gigabytes that is never the same.
//!
//! ```text
//! synthetic index REPO STATE CHUNKS     adds that many records to the index of an existing repository
//! synthetic stream REPO STATE BYTES     backs up one made-up file of that size
//! synthetic years REPO STATE CHUNKS     so many tiny chunks, a thousand for each of as many snapshots
//! ```
//! The passphrase comes from `ATALAYA_PASSPHRASE`.

use std::process::ExitCode;
use std::sync::Arc;

use atalaya_repo::{Repository, Unlock};
use atalaya_store::LocalStore;
use atalaya_test_tools::synthetic;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(&args) {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("synthetic: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[String]) -> Result<String, String> {
    let [what, repo, state, number] = args else {
        return Err("usage: synthetic index|stream|years REPO STATE NUMBER".into());
    };
    let number: u64 = number.parse().map_err(|_| format!("{number} is not a number"))?;
    let passphrase = std::env::var("ATALAYA_PASSPHRASE").map_err(|_| "set ATALAYA_PASSPHRASE")?;
    let store = LocalStore::open(repo.as_ref()).map_err(|err| err.to_string())?;
    let repo = Repository::open(Arc::new(store), Unlock::Passphrase(passphrase.as_bytes()), state.as_ref())
        .map_err(|err| err.to_string())?;
    match what.as_str() {
        "index" => atalaya_repo::testing::inflate_index(&repo, number).map(|()| format!("{number} records added")),
        "stream" => synthetic::stream(&repo, state.as_ref(), number),
        "years" => atalaya_repo::testing::years(&repo, number).map(|snapshots| format!("{snapshots} snapshots made")),
        other => return Err(format!("no \"{other}\"; there are index, stream and years")),
    }
    .map_err(|err| err.to_string())
}
