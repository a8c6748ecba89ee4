//! A backup that is told to stop.

use std::io::Read;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use atalaya_repo::{Repository, Unlock};
use atalaya_store::LocalStore;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::cli::{Bench, PASSPHRASE};
use super::noise::noise;

/// Starts a backup that takes long, sends `signal` once it has a session, and gives exit code and message.
fn stopped_by(signal: Signal) -> (Option<i32>, String, Bench) {
    let bench = Bench::new();
    std::fs::write(bench.path("src/large"), noise(0, 8 << 20)).unwrap();
    for number in 0..3000 {
        std::fs::write(bench.path("src/folder").join(number.to_string()), vec![number as u8; 20_000]).unwrap();
    }
    // However busy the machine is, it takes longer than the signal.
    let mut command = bench.command(["backup", "src", "--limit-upload", "200K"]);
    let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let sessions = bench.path("repo/sessions");
    let start = Instant::now();
    while !std::fs::read_dir(&sessions).is_ok_and(|mut dir| dir.next().is_some()) {
        assert!(start.elapsed() < Duration::from_secs(60), "the backup never began");
        std::thread::yield_now();
    }
    kill(Pid::from_raw(child.id() as i32), signal).unwrap();
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    (child.wait().unwrap().code(), err, bench)
}

#[test]
fn a_signal_stops_a_backup_cleanly() {
    for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143), (Signal::SIGHUP, 129)] {
        let (exit, err, bench) = stopped_by(signal);
        assert_eq!(exit, Some(code), "{err}");
        assert_eq!(err.lines().count(), 1, "{err}");
        assert!(err.contains("stopped") && err.contains("kept for the next run"), "{err}");
        bench.backup();
        bench.ok(["check", "--read-data"]);
    }
}

#[test]
fn a_backup_that_a_prune_took_for_dead_is_done_once_more() {
    let bench = Bench::new();
    for number in 0..3000 {
        std::fs::write(bench.path("src/folder").join(number.to_string()), vec![number as u8; 20_000]).unwrap();
    }
    let state = tempfile::tempdir().unwrap();
    let store = Arc::new(LocalStore::open(&bench.path("repo")).unwrap());
    let repo = Repository::open(store, Unlock::Passphrase(PASSPHRASE.as_bytes()), state.path()).unwrap();
    // What is wrong is heard twice, and counted once.
    let mut command = bench.command(["backup", "src", "nowhere", "--json"]);
    let child = command.stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let sessions = bench.path("repo/sessions");
    let start = Instant::now();
    let session = loop {
        assert!(start.elapsed() < Duration::from_secs(60), "the backup never began");
        if let Some(entry) = std::fs::read_dir(&sessions).ok().and_then(|mut dir| dir.next()) {
            let name = entry.unwrap().file_name().into_string().unwrap();
            // What is being put has another name until it is whole.
            if !name.starts_with('.') {
                break name;
            }
        }
        std::thread::yield_now();
    };
    atalaya_repo::testing::fence(&repo, &session).unwrap();
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{err}");
    assert!(err.contains("it is done once more") && err.lines().count() == 3, "{err}");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["problems"], report["problem_list"].as_array().unwrap().len()), (&1.into(), 1), "{report}");
    assert_eq!(report["warnings"].as_array().unwrap().len(), 0, "{report}");
    assert_eq!(std::fs::read_dir(&sessions).unwrap().count(), 2);
    bench.ok(["check", "--read-data"]);
}
