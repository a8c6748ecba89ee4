//! Replicas, as people make and use them.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::cli::{Bench, files, ran};
use super::noise::noise;

fn change(bench: &Bench, version: u64) {
    fs::write(bench.path("src/large"), noise(version, 400_000)).unwrap();
    bench.backup();
}

/// Three backups, and a replica of the last state.
fn copied() -> Bench {
    let bench = Bench::new();
    (0..3).for_each(|version| change(&bench, version));
    bench.ok(["copy", "away"]);
    bench
}

#[test]
fn the_replica_alone_brings_everything_back() {
    let bench = copied();
    fs::remove_dir_all(bench.path("repo")).unwrap();
    fs::remove_dir_all(bench.path("state")).unwrap();
    bench.ok(["check", "--repo", "away", "--read-data"]);
    let from = bench.latest("");
    bench.ok(["restore", "--repo", "away", from.trim_end_matches('/'), "--target", "out"]);
    for name in ["hello.txt", "folder/Photo.JPG", "large"] {
        assert_eq!(fs::read(bench.path("out").join(name)).unwrap(), fs::read(bench.path("src").join(name)).unwrap());
    }
    // A mistake that is made then: the next backup goes to the replica as it is.
    let mistake = bench.run(["backup", "--repo", "away", "src"]);
    assert_eq!((mistake.code, mistake.err.lines().count()), (1, 1), "{mistake:?}");
    assert!(mistake.err.contains("--promote"), "{mistake:?}");
    bench.ok(["copy", "--repo", "away", "--promote"]);
    bench.ok(["backup", "--repo", "away", "src"]);
    bench.ok(["check", "--repo", "away", "--read-data"]);
    let again = bench.run(["copy", "--repo", "away", "--promote"]);
    assert_eq!((again.code, again.err.lines().count()), (2, 1), "{again:?}");
}

#[test]
fn the_second_time_only_what_is_new_and_what_goes() {
    let bench = copied();
    let nothing = bench.json(["copy", "away"]);
    let target = &nothing["targets"][0];
    assert_eq!((target["copied_packs"].as_u64(), target["good"].as_bool()), (Some(0), Some(true)), "{nothing}");
    assert!(bench.ok(["copy", "away"]).out.contains("has all that there is"));
    change(&bench, 9);
    let ids = bench.snapshot_ids();
    bench.ok(["forget", &ids[0][..8], &ids[1][..8]]);
    bench.ok(["prune", "--drop-max", "100"]);
    let before = files(&bench.path("away"));
    let dry = bench.json(["copy", "away", "--dry-run", "--drop-max", "100"]);
    assert_eq!(files(&bench.path("away")), before);
    let done = bench.json(["copy", "away", "--drop-max", "100"]);
    let (dry, done) = (&dry["targets"][0], &done["targets"][0]);
    assert_eq!(
        (dry["copied_packs"].as_u64(), dry["copied_bytes"].as_u64()),
        (done["copied_packs"].as_u64(), done["copied_bytes"].as_u64())
    );
    assert_eq!((done["copied_snapshots"].as_u64(), done["deleted_snapshots"].as_u64()), (Some(1), Some(2)), "{done}");
    assert!(done["deleted_packs"].as_u64() > Some(0), "{done}");
    bench.ok(["check", "--repo", "away", "--read-data"]);
    bench.ok(["check", "--read-data"]);
}

#[test]
fn several_targets_of_which_one_fails() {
    let bench = copied();
    bench.ok(["init", "--repo", "another"]);
    let ran = bench.run(["copy", "one", "another", "nowhere/at/all", "two"]);
    assert_eq!((ran.code, ran.err.lines().count()), (1, 2), "{ran:?}");
    assert!(ran.err.contains("another repository") && ran.err.contains("nowhere/at/all"), "{ran:?}");
    for target in ["one", "two"] {
        bench.ok(["check", "--repo", target, "--read-data"]);
    }
    let json = ran_json(&bench, &["copy", "one", "another"]);
    assert_eq!((json["targets"][0]["good"].as_bool(), json["targets"][1]["good"].as_bool()), (Some(true), Some(false)));
    assert!(json["targets"][1]["error"].as_str().unwrap().contains("another repository"), "{json}");
}

fn ran_json(bench: &Bench, args: &[&str]) -> serde_json::Value {
    let mut command = bench.command(args);
    command.arg("--json");
    let ran = ran(command);
    assert_eq!((ran.code, ran.out.lines().count()), (1, 1), "{ran:?}");
    serde_json::from_str(&ran.out).unwrap()
}

#[test]
fn what_decayed_on_one_disk_comes_back_from_the_other() {
    let bench = copied();
    let pack =
        files(&bench.path("repo")).into_iter().find(|name| name.starts_with("data/") && name.len() > 20).unwrap();
    let (here, there) = (bench.path("repo").join(&pack), bench.path("away").join(&pack));
    let sound = fs::read(&here).unwrap();
    assert_eq!(fs::read(&there).unwrap(), sound, "the same bytes");
    let mut decayed = sound.clone();
    decayed[sound.len() / 2] ^= 4;
    fs::remove_file(&here).unwrap();
    fs::write(&here, &decayed).unwrap();
    assert_eq!(bench.run(["check", "--read-data"]).code, 1);
    let second = bench.run(["copy", "second"]);
    assert_eq!(second.code, 1, "{second:?}");
    assert!(second.err.contains(&pack) && second.err.contains("not copied"), "{second:?}");
    let healed = bench.ok(["copy", "away", "second", "--heal"]);
    assert!(healed.out.contains("1 object of the repository put back"), "{healed:?}");
    assert_eq!(fs::read(&here).unwrap(), sound);
    for repo in ["repo", "away", "second"] {
        bench.ok(["check", "--repo", repo, "--read-data"]);
    }
}

#[test]
fn mistakes_get_one_line() {
    let bench = copied();
    bench.ok(["init", "--repo", "another"]);
    fs::create_dir(bench.path("full")).unwrap();
    fs::write(bench.path("full/photo.jpg"), "a photo").unwrap();
    fs::rename(bench.path("away"), bench.path("unplugged")).unwrap();
    for (args, code, says) in [
        (vec!["copy"], 2, "TARGET"),
        (vec!["copy", "repo"], 1, "no replica"),
        (vec!["copy", "repo", "--init"], 2, "to itself"),
        (vec!["copy", "repo/below"], 2, "one lies in the other"),
        (vec!["copy", "state/below"], 2, "state folder"),
        (vec!["copy", "another"], 1, "another repository"),
        (vec!["copy", "full"], 1, "photo.jpg"),
        (vec!["copy", "away"], 1, "--init"),
        (vec!["copy", "new", "--dry-run"], 1, "without --dry-run"),
        (vec!["copy", "nowhere/at/all"], 1, "is not there"),
        (vec!["copy", "s3://bucket/nas"], 2, "cannot copy to s3://bucket/nas"),
        (vec!["copy", "new", "--repo", "none"], 10, "no such folder"),
        (vec!["copy", "new", "--promote"], 2, "--promote"),
        (vec!["copy", "--promote"], 2, "no replica"),
        (vec!["copy", "new", "--drop-max", "101"], 2, "101"),
        (vec!["copy", "away", "--heal", "--dry-run"], 2, "--dry-run"),
    ] {
        let ran = bench.run(&args);
        assert_eq!((ran.code, ran.err.lines().count()), (code, 1), "{args:?}: {ran:?}");
        assert!(ran.err.contains(says), "{args:?}: {ran:?}");
    }
    assert_eq!(files(&bench.path("full")), ["photo.jpg"]);
    assert!(!bench.path("repo/replica").exists() && !bench.path("new").exists() && !bench.path("away").exists());
    fs::rename(bench.path("unplugged"), bench.path("away")).unwrap();
    bench.ok(["copy", "away"]);
    bench.backup();
}

#[test]
fn stopped_by_a_signal_it_goes_on_next_time() {
    let bench = Bench::new();
    // More than one pack, of bytes that no compressor makes fewer.
    fs::write(bench.path("src/large"), noise(0, 20 << 20)).unwrap();
    bench.backup();
    let mut command = bench.command(["copy", "away", "--limit-upload", "200K"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // The next pack is not put before a long time.
    while !bench.path("away/data").exists() {
        std::thread::sleep(Duration::from_millis(10));
    }
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), err.lines().count()), (Some(130), 1), "{err}");
    assert!(err.contains("goes on from there"), "{err}");
    bench.ok(["check", "--repo", "away"]);
    assert_eq!(bench.json(["snapshots", "--repo", "away"])["snapshots"].as_array().unwrap().len(), 0);
    bench.ok(["copy", "away"]);
    bench.ok(["check", "--repo", "away", "--read-data"]);
    assert_eq!(bench.json(["snapshots", "--repo", "away"])["snapshots"].as_array().unwrap().len(), 1);
}
