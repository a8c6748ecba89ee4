//! Forgetting and pruning, as people do it.

use std::fs;

use super::cli::Bench;
use super::noise::noise;

/// Three backups of a file that is another one each time. What stays the same was stored by one before them: no pack holds
/// some that is used and some that is not, and none is worth storing once more.
fn four() -> Bench {
    let bench = Bench::new();
    bench.backup();
    for version in 0..3 {
        fs::write(bench.path("src/large"), noise(version, 400_000)).unwrap();
        bench.backup();
    }
    bench
}

fn ids(bench: &Bench) -> Vec<String> {
    let listed = bench.json(["snapshots"]);
    listed["snapshots"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_rules_say_what_goes_and_why() {
    let bench = four();
    let listed = bench.json(["forget", "--keep-last", "1", "--dry-run"]);
    let snapshots = listed["snapshots"].as_array().unwrap();
    assert_eq!((listed["kept"].as_u64(), snapshots.len()), (Some(4), 4), "nothing of the last day: {listed}");
    assert!(snapshots.iter().all(|one| one["reasons"].to_string().contains("seen too recently")), "{listed}");
    let shown = bench.ok(["forget", "--dry-run"]).out;
    assert!(shown.contains("newest of its job") && shown.contains("0 snapshots would be forgotten"), "{shown}");
    assert_eq!(ids(&bench).len(), 4);
}

#[test]
fn what_is_named_goes_and_its_room_comes_back() {
    let bench = four();
    let before = ids(&bench);
    let forgotten = bench.ok(["forget", &before[1][..8], &before[2][..8]]).out;
    assert!(forgotten.contains("2 snapshots forgotten"), "{forgotten}");
    assert_eq!(ids(&bench), [before[0].clone(), before[3].clone()]);
    let asked = bench.run(["prune"]);
    assert_eq!((asked.code, asked.err.lines().count()), (1, 1), "{asked:?}");
    assert!(asked.err.contains("--drop-max"), "{asked:?}");
    let dry = bench.json(["prune", "--dry-run"]);
    let done = bench.json(["prune", "--drop-max", "100"]);
    assert_eq!(dry["unused_bytes"], done["deleted_bytes"]);
    assert!(done["deleted_packs"].as_u64().unwrap() > 0, "{done}");
    assert_eq!(bench.ok(["prune"]).out.lines().next(), Some("Nothing to delete."));
    bench.ok(["check", "--read-data"]);
    bench.ok(["restore", "latest", "--target", "out"]);
    // What is backed up next neither misses what was forgotten nor relies on it.
    assert_eq!(bench.backup().err, "");
}

#[test]
fn mistakes_get_one_line() {
    let bench = four();
    for (args, code, says) in [
        (vec!["forget", "--keep-daily", "0"], 2, "keep nothing"),
        (vec!["forget", "--keep-within", "soon"], 2, "such as 30d"),
        (vec!["forget", "ffffffffffff"], 1, "no snapshot"),
        (vec!["prune", "--drop-max", "101"], 2, "101"),
        (vec!["prune", "--grace", "1"], 2, "such as 30d"),
    ] {
        let ran = bench.run(&args);
        assert_eq!((ran.code, ran.err.lines().count()), (code, 1), "{args:?}: {ran:?}");
        assert!(ran.err.contains(says), "{args:?}: {ran:?}");
    }
    let all: Vec<String> = ids(&bench);
    let ran = bench.run(["forget".to_owned()].iter().chain(&all));
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("last valid snapshot"), "{ran:?}");
    assert_eq!(ids(&bench).len(), 4);
}
