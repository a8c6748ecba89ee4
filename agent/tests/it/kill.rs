//! The real program, killed fifty times at moments drawn from a seed: nothing committed is ever lost.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::cli::{Bench, files};

/// With `tests/run --full` ten times as many.
const KILLS: u32 = 50;
const LARGE_FILES: u64 = 8;
const LARGE_BYTES: usize = 18 << 20;
const SMALL_FILES: u64 = 3_000;
/// What changes between two tries, so that each has something to store.
const LARGE_CHANGED: u64 = 2;
const SMALL_CHANGED: u64 = 200;

fn kills() -> u32 {
    if std::env::var("ATALAYA_TESTS_FULL").is_ok_and(|full| !full.is_empty()) { 10 * KILLS } else { KILLS }
}

/// splitmix64.
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// Bytes that do not compress and repeat nowhere.
    fn noise(&mut self, len: usize) -> Vec<u8> {
        let mut out = vec![0; len];
        for word in out.chunks_mut(8) {
            word.copy_from_slice(&self.next().to_le_bytes()[..word.len()]);
        }
        out
    }
}

fn write_large(source: &Path, number: u64, rng: &mut Rng) {
    fs::write(source.join(format!("large {number}")), rng.noise(LARGE_BYTES)).unwrap();
}

fn write_small(source: &Path, number: u64, rng: &mut Rng) {
    let len = rng.below(12_000) as usize;
    fs::write(source.join(format!("folder {}/{number}", number % 40)), rng.noise(len)).unwrap();
}

fn make(source: &Path, rng: &mut Rng) {
    (0..40).for_each(|n| fs::create_dir_all(source.join(format!("folder {n}"))).unwrap());
    (0..LARGE_FILES).for_each(|n| write_large(source, n, rng));
    (0..SMALL_FILES).for_each(|n| write_small(source, n, rng));
}

fn change(source: &Path, rng: &mut Rng) {
    for _ in 0..LARGE_CHANGED {
        let number = rng.below(LARGE_FILES);
        write_large(source, number, rng);
    }
    for _ in 0..SMALL_CHANGED {
        let number = rng.below(SMALL_FILES);
        write_small(source, number, rng);
    }
}

/// Whether the backup was still running when it was killed.
fn killed_after(bench: &Bench, wait: Duration) -> bool {
    let mut command = bench.command(["backup", "src"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(wait);
    child.kill().unwrap();
    !child.wait().unwrap().success()
}

/// Both folders hold the same files; attributes are compared by other tests.
fn same(a: &Path, b: &Path) {
    let list = |folder: &Path| {
        let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(list(a), list(b), "{}", a.display());
    for name in list(a) {
        let (a, b) = (a.join(&name), b.join(&name));
        if fs::symlink_metadata(&a).unwrap().is_dir() {
            same(&a, &b);
        } else if fs::symlink_metadata(&a).unwrap().is_file() {
            assert!(fs::read(&a).unwrap() == fs::read(&b).unwrap(), "{}", a.display());
        }
    }
}

/// Whether a repository may have a file or folder of this name.
fn is_object(name: &str) -> bool {
    let hex = |text: &str, len: usize| {
        text.len() == len && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    match name.split('/').collect::<Vec<_>>()[..] {
        ["config" | "keys" | "members" | "roster" | "data" | "tree" | "index" | "sessions" | "ended" | "snapshots"] => {
            true
        }
        ["data" | "tree", folder] => hex(folder, 2),
        ["keys", file] => hex(file, 16),
        ["members" | "roster", number] => number.len() == 8 && number.bytes().all(|b| b.is_ascii_digit()),
        ["data" | "tree", folder, pack] => hex(folder, 2) && hex(pack, 32) && pack.starts_with(folder),
        ["index" | "sessions" | "ended" | "snapshots", id] => hex(id, 32),
        _ => false,
    }
}

#[test]
fn killed_fifty_times() {
    let bench = Bench::new();
    let source = bench.path("src");
    let mut rng = Rng(2_026);
    make(&source, &mut rng);
    bench.backup();
    let first = bench.snapshot_ids().remove(0);
    let copied = std::process::Command::new("cp").args(["-a", "src", "before"]).current_dir(&bench.root).status();
    assert!(copied.unwrap().success());
    let old_file = source.join("folder 3/43");
    let old_bytes = fs::read(&old_file).unwrap();
    let old = format!("{}:{}", first, old_file.display());
    change(&source, &mut rng);
    let start = Instant::now();
    bench.backup();
    let whole = start.elapsed().as_micros() as u64;
    let mut killed = 0;
    for round in 0..kills() {
        change(&source, &mut rng);
        killed += u32::from(killed_after(&bench, Duration::from_micros(rng.below(whole))));
        if round % 25 == 24 {
            bench.ok(["check", "--read-data"]);
        } else {
            bench.ok(["check"]);
        }
        assert!(bench.ok(["dump", &old]).raw == old_bytes, "round {round}");
    }
    assert!(killed > KILLS / 2, "only {killed} of {KILLS} were still running when they were killed");
    bench.backup();
    bench.ok(["check", "--read-data"]);
    bench.ok(["restore", "latest", "--target", "after"]);
    same(&source, &bench.path("after").join(source.strip_prefix("/").unwrap()));
    bench.ok(["restore", &first, "--target", "old"]);
    same(&bench.path("before"), &bench.path("old").join(source.strip_prefix("/").unwrap()));
    let strays: Vec<_> = files(&bench.path("repo")).into_iter().filter(|name| !is_object(name)).collect();
    assert_eq!(strays, [""; 0]);
}
