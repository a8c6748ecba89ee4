//! Repairing, as people do it: looked at first, done then, and sound afterwards.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use super::cli::{Bench, files};
use super::noise::noise;

/// Two files, each backed up alone, so that each has a pack of its own.
fn two() -> Bench {
    let bench = Bench::new();
    for (version, name) in [(1, "first"), (2, "second")] {
        fs::write(bench.path("src").join(name), noise(version, 700_000)).unwrap();
        bench.backup();
    }
    bench
}

/// The pack that is larger than all others, with a byte in its middle changed.
fn torn(bench: &Bench) -> PathBuf {
    let repo = bench.path("repo");
    let all = files(&repo).into_iter().filter(|name| name.starts_with("data/")).map(|name| repo.join(name));
    let pack = all.filter(|path| path.is_file()).max_by_key(|path| path.metadata().unwrap().len()).unwrap();
    let mut bytes = fs::read(&pack).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::set_permissions(&pack, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&pack, bytes).unwrap();
    pack
}

#[test]
fn it_says_what_would_be_lost_and_then_does_it() {
    let bench = two();
    torn(&bench);
    let (there, damaged) = (files(&bench.path("repo")), bench.run(["check", "--read-data"]));
    assert!(damaged.code == 1 && damaged.err.contains("atalaya-agent repair"), "{damaged:?}");
    let said = bench.run(["repair", "--read-data"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.contains("file: ") && said.err.contains("src/"), "{said:?}");
    assert!(said.out.contains("Nothing was changed. With --apply:") && said.out.contains("copy --heal"), "{said:?}");
    assert_eq!(files(&bench.path("repo")), there);
    let mut command = bench.command(["repair", "--read-data", "--apply", "--json"]);
    let done = command.output().unwrap();
    let told: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!((done.status.code(), told["applied"].as_bool()), (Some(3), Some(true)), "{told}");
    assert!(told["lost_files"].as_u64() > Some(0) && told["dropped_packs"] == 1, "{told}");
    bench.ok(["check", "--read-data"]);
    bench.ok(["restore", "latest", "--target", "out"]);
    let sound = bench.ok(["repair", "--read-data"]);
    assert!(sound.out.contains("Nothing is damaged"), "{sound:?}");
    // The next backup stores anew what was lost, and the next prune takes away what was dropped.
    assert_eq!(bench.backup().err, "");
    bench.ok(["prune", "--drop-max", "100"]);
    bench.ok(["check", "--read-data"]);
    bench.ok(["restore", &bench.latest("first"), "--target", "again"]);
}

#[test]
fn an_index_that_is_gone_is_no_loss() {
    let bench = two();
    fs::remove_dir_all(bench.path("repo/index")).unwrap();
    fs::remove_dir_all(bench.path("state")).unwrap();
    assert_eq!(bench.run(["check"]).code, 1);
    let done = bench.ok(["repair", "--apply"]);
    assert!(done.out.contains("named again"), "{done:?}");
    bench.ok(["check", "--read-data"]);
    bench.ok(["restore", "latest", "--target", "out"]);
}

#[test]
fn who_may_not_and_where_nothing_can_be_done_gets_one_line() {
    let bench = two();
    bench.ok(["key", "add", "--role", "maintainer", "--label", "keeper", "--out", "keeper.key"]);
    let mut command = bench.command(["repair", "--key-file", "keeper.key"]);
    command.env_remove("ATALAYA_PASSPHRASE");
    let refused = super::cli::ran(command);
    assert_eq!((refused.code, refused.err.lines().count()), (12, 1), "{refused:?}");
    assert!(refused.err.contains("owner's passphrase"), "{refused:?}");
    let roster = bench.path("repo/roster/00000001");
    fs::remove_file(roster).unwrap();
    let refused = bench.run(["repair", "--apply"]);
    assert_eq!((refused.code, refused.err.lines().count()), (1, 1), "{refused:?}");
}
