//! Files by lot, restored and compared with what lies on the disk.

use std::fs;

use super::cli::Bench;
use super::noise::noise;

fn bench() -> Bench {
    let bench = Bench::new();
    for number in 0..40 {
        fs::write(bench.path("src").join(format!("note {number}")), format!("note {number}")).unwrap();
    }
    fs::write(bench.path("src/film"), noise(0, 3 << 20)).unwrap();
    // What changed a moment before it was read is not trusted to be unchanged.
    std::thread::sleep(std::time::Duration::from_secs(3));
    bench.backup();
    bench
}

fn counts(bench: &Bench, share: &str) -> [u64; 4] {
    let said = bench.json(["check", &format!("--compare={share}")]);
    ["restored_files", "equal_files", "changed_files", "wrong_files"].map(|name| said[name].as_u64().unwrap())
}

#[test]
fn a_share_of_the_files_is_what_lies_on_the_disk() {
    let bench = bench();
    let all = counts(&bench, "100%");
    assert_eq!((all[0], all[1..].to_vec()), (43, vec![43, 0, 0]), "{all:?}");
    assert!((4..=5).contains(&counts(&bench, "10%")[0]));
    assert_eq!(counts(&bench, "1G")[0], 43);
    fs::write(bench.path("src/note 1"), "another").unwrap();
    fs::remove_file(bench.path("src/note 2")).unwrap();
    assert_eq!(counts(&bench, "100%"), [43, 41, 2, 0]);
    let shown = bench.ok(["check", "--compare"]).out;
    assert!(shown.contains("restored 43 files") && shown.contains("41 are what lies on the disk"), "{shown}");
    let without = bench.json(["check"]);
    assert!(without.get("restored_files").is_none(), "{without}");
}

#[test]
fn mistakes_get_one_line() {
    let bench = Bench::new();
    bench.backup();
    for (args, code, says) in [
        (vec!["check", "--compare=2h"], 2, "takes a share"),
        (vec!["check", "--compare=x"], 2, "give a share"),
        (vec!["check", "--compare", "--without-key"], 2, "--without-key"),
    ] {
        let ran = bench.run(&args);
        assert_eq!(ran.code, code, "{args:?}: {ran:?}");
        assert!(ran.err.contains(says), "{args:?}: {ran:?}");
    }
}
