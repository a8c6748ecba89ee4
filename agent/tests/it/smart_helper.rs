//! The helper for SMART as the real program: handed a socket, or with one of its own.

use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::cli::Bench;

/// What it answers; on a machine with disks and smartctl that may take a while.
fn said(path: &Path, words: &[u8]) -> String {
    let mut stream = UnixStream::connect(path).unwrap();
    stream.write_all(words).unwrap();
    let mut told = Vec::new();
    let _ = stream.read_to_end(&mut told);
    String::from_utf8_lossy(&told).into_owned()
}

fn answers(path: &Path) {
    assert_eq!(said(path, b"/dev/sda\n"), "");
    let told = said(path, b"read\n");
    let last = told.lines().last().unwrap_or_default();
    assert!(last == "end" || last.starts_with("fail "), "{told}");
}

fn end(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn it_answers_on_a_socket_of_its_own_and_twice_is_refused() {
    let bench = Bench::empty();
    let path = bench.path("smart.sock");
    let mut child = bench.command(["smart-helper", "--socket", "smart.sock"]).spawn().unwrap();
    while UnixStream::connect(&path).is_err() {
        assert!(child.try_wait().unwrap().is_none(), "it ended");
        std::thread::sleep(Duration::from_millis(10));
    }
    answers(&path);
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o660);
    let ran = bench.run(["smart-helper", "--socket", "smart.sock"]);
    assert_eq!((ran.code, ran.err.lines().count()), (1, 1), "{ran:?}");
    assert!(ran.err.contains("another helper does"), "{ran:?}");
    end(child);
    // What a killed one left is no obstacle.
    let again = bench.command(["smart-helper", "--socket", "smart.sock"]).spawn().unwrap();
    while UnixStream::connect(&path).is_err() {
        std::thread::sleep(Duration::from_millis(10));
    }
    answers(&path);
    end(again);
}

#[test]
fn it_takes_the_socket_that_systemd_hands_over() {
    let bench = Bench::empty();
    let path = bench.path("smart.sock");
    let listener: OwnedFd = UnixListener::bind(&path).unwrap().into();
    // As systemd does: the socket is descriptor 3, and the variables name this very process.
    let mut shell = Command::new("sh");
    shell.args(["-c", "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" smart-helper 3<&0 < /dev/null"]);
    let child = shell.arg(env!("CARGO_BIN_EXE_atalaya-agent")).stdin(Stdio::from(listener)).spawn().unwrap();
    answers(&path);
    end(child);
}

#[test]
fn without_a_socket_it_says_what_is_missing() {
    let ran = Bench::empty().run(["smart-helper"]);
    assert_eq!((ran.code, ran.err.lines().count()), (2, 1), "{ran:?}");
    assert!(ran.err.contains("no socket was handed over; start it by systemd"), "{ran:?}");
}
