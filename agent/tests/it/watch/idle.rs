//! An idle hour: no disk is touched, nothing is said.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::broker::Broker;
use super::ear::{Ear, Way};
use super::mount::Mount;
use super::nas::Nas;
use super::{let_pass, until};

/// An hour in a minute.
const SPEED: u32 = 60;

fn run(program: &str, words: &[&str]) -> String {
    let ran = Command::new(program).args(words).output().unwrap();
    assert!(ran.status.success(), "{program} {words:?}: {}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap().trim().to_owned()
}

/// Reads and writes that the device of a mount has done.
fn touched(device: &str) -> (u64, u64) {
    let text = fs::read_to_string(format!("/sys/block/{device}/stat")).unwrap();
    let fields: Vec<u64> = text.split_ascii_whitespace().map(|field| field.parse().unwrap()).collect();
    (fields[0], fields[4])
}

fn forget_caches() {
    run("sync", &[]);
    fs::write("/proc/sys/vm/drop_caches", "3").unwrap();
}

#[test]
fn an_idle_hour_touches_no_disk_and_says_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (image, disk) = (folder.path().join("image"), folder.path().join("disk"));
    fs::File::create(&image).unwrap().set_len(64 << 20).unwrap();
    run("mkfs.ext4", &["-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", image.to_str().unwrap()]);
    let words = ["-o", "loop", image.to_str().unwrap()];
    let Some(_mount) = Mount::new(&disk, &words, Stdio::null()) else { return };
    let source = run("findmnt", &["-n", "-o", "SOURCE", disk.to_str().unwrap()]);
    let device = Path::new(&source).file_name().unwrap().to_str().unwrap().to_owned();

    let broker = Broker::open(folder.path());
    let ear = Ear::new(&Way::new(broker.port, &[]), &["atalaya/#"]);
    // Everything that probes look at, but for names, which are asked elsewhere than here.
    let watched = folder.path().join("watched");
    fs::write(&watched, "nothing\n").unwrap();
    let config = format!(
        "[[mqtt]]\nurl = \"mqtt://127.0.0.1:{port}\"\n\
         [[probes.services.check]]\nkind = \"tcp\"\naddress = \"127.0.0.1:{port}\"\n\
         [[probes.services.check]]\nkind = \"process\"\ncomm = \"mosquitto\"\n\
         [[probes.logs.pattern]]\nname = \"errors\"\nfile = {watched:?}\npattern = \"error\"\n",
        port = broker.port
    );
    let mut nas = Nas::new(folder.path(), "nas", SPEED, "");
    nas.keep_state_in(&disk.join("state"));
    nas.configure(&config);
    nas.see_no_other_mounts();
    nas.start();
    // All probes have read, and what they told is on the disk and acknowledged.
    until(|| nas.log(), || ear.count("/frame") > 3 && nas.status()["records_waiting"] == 0);
    let_pass(Duration::from_secs(10));
    // The file system itself has something left to write for a moment after that.
    until(
        || format!("a disk that rests: {}", nas.log()),
        || {
            forget_caches();
            let before = touched(&device);
            let_pass(Duration::from_secs(5));
            touched(&device) == before
        },
    );
    let (before, lines, frames) = (touched(&device), nas.log().lines().count(), ear.count("/frame"));
    let_pass(Duration::from_secs(60));
    assert!(ear.count("/frame") > frames + 20, "it watched: {}", nas.log());
    assert_eq!(touched(&device), before, "reads and writes of the disk with the state folder");
    assert_eq!(nas.log().lines().count(), lines, "{}", nas.log());
    assert_eq!(nas.stop(), Some(0));
}
