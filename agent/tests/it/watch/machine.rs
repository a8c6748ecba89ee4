//! A machine that fails under the agent: a full disk, a file system that hangs, a program that hangs, missing rights.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use super::broker::Broker;
use super::ear::{Ear, Way};
use super::mount::Mount;
use super::nas::{NODE, Nas};
use super::sidecar::Sidecar;
use super::until;

/// Fails at once, twice an hour: two records each.
const JOB: &str = "[[job]]\nname = \"all\"\nrepo = \"/nowhere/repo\"\npassphrase_file = \"/nowhere/passphrase\"\n\
                   paths = [\"/nowhere/source\"]\nschedule = \"every 30m\"\nretries = 0\n";
const KEY: &str = "[sidecar]\nkey = \"1111111111111111111111111111111111111111111111111111111111111111\"\n";

fn broker_at(port: u16) -> String {
    format!("[[mqtt]]\nurl = \"mqtt://127.0.0.1:{port}\"\n")
}

#[test]
fn a_full_disk_is_told_once_and_costs_nothing_that_was_on_it() {
    let folder = tempfile::tempdir().unwrap();
    let disk = folder.path().join("disk");
    let Some(_mount) = Mount::new(&disk, &["-t", "tmpfs", "-o", "size=512k", "tmpfs"], Stdio::null()) else { return };
    let broker = Broker::open(folder.path());
    let way = Way::new(broker.port, &[]);
    let mut sidecar = Sidecar::new(&way);
    let mut nas = Nas::new(folder.path(), "nas", 2400, "");
    nas.keep_state_in(&disk.join("state"));
    nas.configure(&format!("{KEY}{}{JOB}", broker_at(broker.port)));
    nas.start();
    let waiting = |nas: &Nas| nas.status()["records_waiting"].as_u64();
    until(|| nas.log(), || waiting(&nas) > Some(10));

    let filler = disk.join("filler");
    let _ = fs::write(&filler, vec![0; 1 << 20]);
    until(|| nas.log(), || nas.log_count("cannot write a record") > 0);
    // It goes on, and says it no more.
    let (runs, kept) = (nas.log_count("begins job"), waiting(&nas));
    until(|| nas.log(), || nas.log_count("begins job") > runs + 2);
    assert_eq!(nas.log_count("cannot write a record"), 1, "{}", nas.log());
    assert!(waiting(&nas) >= kept);
    nas.kill();
    nas.start();
    assert!(waiting(&nas) >= kept, "{:?} of {kept:?} are left", waiting(&nas));

    fs::remove_file(&filler).unwrap();
    until(|| nas.log(), || waiting(&nas) > kept.map(|kept| kept + 4));
    assert!(!nas.status()["troubles"].to_string().contains("record"), "{}", nas.status());
    sidecar.come();
    let want = usize::try_from(kept.unwrap()).unwrap() + 4;
    until(
        || nas.status(),
        || {
            sidecar.work();
            sidecar.records.len() >= want
        },
    );
    let numbers: Vec<u64> = sidecar.records.iter().map(|(_, seq, _)| *seq).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
}

#[test]
fn a_file_system_that_hangs_is_told_and_holds_up_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let Some((mount, fuse)) = Mount::hanging(&folder.path().join("stuck")) else { return };
    let broker = Broker::open(folder.path());
    let ear = Ear::new(&Way::new(broker.port, &[]), &["atalaya/#"]);
    let mut nas = Nas::new(folder.path(), "nas", 20, &broker_at(broker.port));
    nas.start();
    let says_stuck = || ear.all().iter().any(|said| said.topic.contains("/fs/") && said.text().contains("\"stuck\""));
    until(|| nas.log(), says_stuck);
    let before = ear.count("/frame");
    until(|| nas.log(), || ear.count("/frame") > before + 3);
    assert!(ear.all().iter().any(|said| said.topic.contains("/fs/") && said.text().contains("\"ok\"")));
    assert!(nas.kib("Threads") < 16, "{} threads", nas.kib("Threads"));
    // Closing the other end lets go of whoever waits.
    drop(fuse);
    drop(mount);
    assert_eq!(nas.stop(), Some(0));
}

/// A `smartctl` that knows its version and then hangs.
#[test]
fn a_smartctl_that_hangs_holds_up_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let programs = folder.path().join("bin");
    fs::create_dir_all(&programs).unwrap();
    let called = folder.path().join("called");
    let text = format!("#!/bin/sh\necho $$ >> {}\nexec sleep 600\n", called.display());
    fs::write(programs.join("smartctl"), text).unwrap();
    fs::set_permissions(programs.join("smartctl"), fs::Permissions::from_mode(0o755)).unwrap();
    let broker = Broker::open(folder.path());
    let ear = Ear::new(&Way::new(broker.port, &[]), &["atalaya/#"]);
    let mut nas = Nas::new(folder.path(), "nas", 20, &broker_at(broker.port));
    nas.find_programs_in(&programs);
    nas.start();
    until(|| nas.log(), || ear.count("/probe/disks") > 0 && ear.count("/frame") > 3);
    if !called.exists() {
        eprintln!("skipped: no disk here has SMART, or nobody may ask");
    }
    let frames = ear.count("/frame");
    until(|| nas.log(), || ear.count("/frame") > frames + 3);
    assert_eq!(nas.stop(), Some(0));
    let left = fs::read_to_string(&called).unwrap_or_default();
    for pid in left.lines() {
        let pid = nix::unistd::Pid::from_raw(pid.parse().unwrap());
        let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL);
    }
}

/// One line that says why, and the exit code of a failure.
#[track_caller]
fn does_not_start(nas: &Nas, expected: &str) {
    let before = nas.log().lines().count();
    assert_eq!(nas.start_and_fail(), Some(1));
    let log = nas.log();
    let lines: Vec<&str> = log.lines().skip(before).collect();
    assert!(lines.len() == 1 && lines[0].contains(expected), "{lines:?}");
}

#[test]
fn a_state_folder_that_cannot_be_used_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let mut nas = Nas::new(folder.path(), "nas", 1, "");
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    for place in [file.join("state"), file, "/proc/atalaya".into()] {
        nas.keep_state_in(&place);
        nas.configure("");
        does_not_start(&nas, "state folder");
    }
}

#[test]
fn a_configuration_that_cannot_be_read_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let nas = Nas::new(folder.path(), "nas", 1, "[watch]\ninterval = \"soon\"\n");
    does_not_start(&nas, "no length of time");
    fs::remove_file(folder.path().join("nas/agent.toml")).unwrap();
    does_not_start(&nas, "cannot read the configuration");
}

#[test]
fn a_second_agent_in_one_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut nas = Nas::new(folder.path(), "nas", 1, "");
    nas.start();
    does_not_start(&nas, "another agent runs here already");
}

#[test]
fn it_is_found_by_its_configuration_or_its_state_folder() {
    let folder = tempfile::tempdir().unwrap();
    let mut nas = Nas::new(folder.path(), "nas", 1, "");
    nas.start();
    let ask = |words: &[&str], state: Option<&Path>| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_atalaya-agent"));
        command.args(words).env_remove("ATALAYA_STATE_DIR").env("HOME", folder.path()).stdin(Stdio::null());
        if let Some(state) = state {
            command.arg("--state-dir").arg(state);
        }
        let ran = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (ran.status.code().unwrap(), text(ran.stdout), text(ran.stderr))
    };
    let config = folder.path().join("nas/agent.toml");
    let config = config.to_str().unwrap();
    let elsewhere = folder.path().join("elsewhere");
    for (words, state) in [
        (&["status", "--config", config][..], None),
        (&["status", "--config", config][..], Some(elsewhere.as_path())),
        (&["status"][..], Some(nas.state())),
    ] {
        let (code, out, err) = ask(words, state);
        assert!(code == 0 && out.starts_with(&format!("Test ({NODE})")), "{words:?}: {out}{err}");
    }
    let (code, _, err) = ask(&["status"], Some(&elsewhere));
    assert!(code == 1 && err.contains("no agent listens on ") && err.contains("--config FILE"), "{err}");
    let (code, _, err) = ask(&["status", "--config", "/nowhere.toml"], None);
    assert!(code == 2 && err.contains("cannot read the configuration /nowhere.toml"), "{err}");
    let (code, _, err) = ask(&["dismiss", "disk/x", "--config", config], None);
    assert!(!err.contains("no agent listens"), "{code}: {err}");
}
