//! Times restoring tiny files from memory: `restore TARGET COUNT [OWNER]`.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs, dead_code)]

#[path = "../tests/it/fake.rs"]
mod fake;

use atalaya_agent::restore::{Options, Quiet, restore};
use atalaya_repo::model::Run;
use std::time::Instant;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let count: u32 = args[2].parse().unwrap();
    let mut fake = fake::Fake::default();
    let mut chunk = fake.chunk(&[7; 1 << 20]);
    for i in 0..count {
        if i % 100 == 0 {
            fake.dir(format!("dir{:04}", i / 100));
        }
        if i % 2000 == 0 {
            chunk = fake.chunk(&[7; 1 << 20]);
        }
        let run = Run::Data { chunk, offset: i % 2000 * 500, len: 500 };
        let file = fake.runs_file(format!("dir{:04}/file{i:07}.txt", i / 100), vec![run]);
        if let Some(owner) = args.get(3) {
            (file.meta.uid, file.meta.gid) = (owner.parse().unwrap(), owner.parse().unwrap());
        }
    }
    let start = Instant::now();
    let report = restore(&fake, b"", args[1].as_ref(), &Options::default(), &std::env::temp_dir(), &Quiet).unwrap();
    let took = start.elapsed();
    println!("{took:?}, {} ns per entry, {report:?}", took.as_nanos() / u128::from(count));
    println!("{} fetches", fake.fetches.into_inner());
}
