//! Every bad input gets one clear line and the right exit code.

use std::fs;

use super::cli::{Bench, ran};

/// One line, beginning with what could not be done, holding `says`; nothing on standard output.
fn check(bench: &Bench, args: &[&str], code: i32, says: &str) {
    let ran = bench.run(args);
    assert_eq!(ran.code, code, "{args:?}: {ran:?}");
    assert_eq!(ran.err.lines().count(), 1, "{args:?}: {}", ran.err);
    assert!(ran.err.starts_with("atalaya-agent: ") && ran.err.contains(says), "{args:?}: {}", ran.err);
    assert!(!ran.err.contains("os error"), "{}", ran.err);
    assert_eq!(ran.out, "", "{args:?}");
}

#[test]
fn the_command_line() {
    let bench = Bench::empty();
    check(&bench, &["backup", "--exclud", "x", "src"], 2, "a similar argument exists: '--exclude'");
    check(&bench, &["snapshot"], 2, "'snapshots'");
    check(&bench, &["backup"], 2, "<PATH>");
    check(&bench, &["restore", "latest"], 2, "--target");
    check(&bench, &[], 2, "subcommand");
    check(&bench, &["ls", "latest", "--memory-max", "lots"], 2, "32M");
    check(&bench, &["ls", "latest", "--memory-max", "1M"], 2, "the least is");
    check(&bench, &["backup", "--job", "a/b", "src"], 2, "job");
    check(&bench, &["check", "--read-data=120%"], 2, "0% to 100%");
    check(&bench, &["key", "add", "--role", "king", "--label", "x"], 2, "writer, maintainer and owner");
    check(&bench, &["init", "--cipher", "rot13"], 2, "chacha20-poly1305");
    check(&bench, &["key", "remove", "nas"], 2, "\"key list\"");
    check(&bench, &["key", "add", "--role", "writer", "--label", "a\nb", "--out", "x"], 2, "1 to 64 characters");
    check(&bench, &["ls", "newest"], 2, "\"latest\"");
    check(&bench, &["ls", "latest:/a/../b"], 2, "..");
    check(&bench, &["restore", "latest", "--target", ""], 2, "target");
}

#[test]
fn repositories() {
    let bench = Bench::empty();
    fs::create_dir(bench.path("folder")).unwrap();
    fs::write(bench.path("file"), "").unwrap();
    check(&bench, &["snapshots"], 10, "no such folder");
    check(&bench, &["snapshots", "--repo", "folder"], 10, "init --repo");
    check(&bench, &["snapshots", "--repo", "file"], 10, "not a folder");
    check(&bench, &["snapshots", "--repo", "s3://nas/x"], 2, "s3");
    check(&bench, &["snapshots", "--repo", ""], 2, "--repo");
    check(&bench, &["init", "--repo", "not/there"], 1, "not is not there");
    check(&bench, &["init", "--repo", "file"], 1, "file");
    bench.ok(["init"]);
    check(&bench, &["init"], 1, "there is one already");
    check(&bench, &["ls", "latest"], 1, "no snapshot latest");
    check(&bench, &["ls", "abcd"], 1, "no snapshot abcd");
}

#[test]
fn a_newer_format() {
    let bench = Bench::new();
    let config = bench.path("repo/config");
    let mut bytes = fs::read(&config).unwrap();
    bytes[5] = 9;
    fs::remove_file(&config).unwrap();
    fs::write(&config, bytes).unwrap();
    check(&bench, &["snapshots"], 1, "upgrade");
}

#[test]
fn secrets() {
    let bench = Bench::backed_up();
    fs::write(bench.path("empty"), "\n").unwrap();
    fs::write(bench.path("junk"), "junk").unwrap();
    check(&bench, &["snapshots", "--key-file", "none"], 2, "key file none: No such file");
    check(&bench, &["snapshots", "--key-file", "junk"], 1, "not a key file");
    check(&bench, &["snapshots", "--passphrase-file", "none"], 2, "passphrase from none");
    check(&bench, &["snapshots", "-q", "--passphrase-file", "empty"], 2, "empty");
    check(&bench, &["snapshots", "-q", "--passphrase-file", "junk"], 12, "wrong passphrase");
    for command in [&["ls", "latest"][..], &["backup", "src"], &["check"], &["key", "list"], &["stats"]] {
        check(&bench, &[command, &["--key-file", "none"]].concat(), 2, "No such file");
    }
    let keys = bench.path("repo/keys");
    for name in super::cli::files(&keys) {
        let bytes = fs::read(keys.join(&name)).unwrap();
        fs::remove_file(keys.join(&name)).unwrap();
        fs::write(keys.join(&name), &bytes[..bytes.len() / 2]).unwrap();
    }
    check(&bench, &["snapshots"], 1, "is damaged");
    let mut command = bench.command(["snapshots"]);
    command.env_remove("ATALAYA_PASSPHRASE");
    let none = ran(command);
    assert_eq!((none.code, none.err.lines().count()), (2, 1), "{none:?}");
    assert!(none.err.contains("ATALAYA_PASSPHRASE"));
}

#[test]
fn a_removed_key_and_one_of_another_repository() {
    let bench = Bench::backed_up();
    bench.ok(["key", "add", "--role", "writer", "--label", "w", "--out", "w.key"]);
    bench.ok(["init", "--repo", "other"]);
    check(&bench, &["snapshots", "--repo", "other", "--key-file", "w.key"], 12, "another repository");
    check(&bench, &["key", "add", "--role", "writer", "--label", "w", "--out", "w.key"], 1, "another name");
    check(&bench, &["ls", "latest", "--key-file", "w.key"], 12, "cannot list file names");
    check(&bench, &["dump", "latest", "--key-file", "w.key"], 12, "cannot list file names");
    check(&bench, &["key", "remove", "1", "--key-file", "w.key"], 12, "cannot change keys");
    bench.ok(["key", "remove", "1"]);
    check(&bench, &["backup", "src", "--key-file", "w.key"], 12, "removed");
    check(&bench, &["key", "remove", "1"], 1, "no key 1");
    check(&bench, &["key", "remove", "0"], 2, "the key in use");
}

#[test]
fn paths_and_patterns() {
    let bench = Bench::backed_up();
    check(&bench, &["backup", "none"], 1, "nothing to back up");
    check(&bench, &["backup", "repo"], 2, "belongs to Atalaya itself");
    check(&bench, &["backup", "--exclude", "[x", "src"], 2, "exclude pattern \"[x\"");
    check(&bench, &["backup", "--exclude-file", "none", "src"], 2, "exclude file none");
    check(&bench, &["find", "[x"], 2, "the pattern \"[x\"");
    check(&bench, &["ls", "latest:/none"], 1, "cannot find /none");
    check(&bench, &["dump", "latest:/none"], 1, "cannot find /none");
    check(&bench, &["dump", &bench.latest("link")], 1, "symbolic link to hello.txt");
    check(&bench, &["restore", "latest:/none", "--target", "out"], 1, "cannot find /none");
    assert!(!bench.path("out").exists(), "a restore that cannot be done leaves nothing behind");
    check(&bench, &["restore", "latest", "--target", "repo/x"], 2, "belongs to Atalaya itself");
    check(&bench, &["restore", "latest", "--target", "src/hello.txt"], 2, "not a folder");
    check(&bench, &["snapshots", "--state-dir", "src/hello.txt"], 1, "state folder");
    check(&bench, &["backup", "src", "--spool-dir", "src/hello.txt/x"], 1, "spool folder");
    check(&bench, &["man", "src/hello.txt"], 1, "manual pages");
}

#[test]
fn a_source_that_is_missing_beside_one_that_is_there() {
    let bench = Bench::new();
    let ran = bench.run(["backup", "src", "none"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.err.contains("the source none cannot be found"), "{ran:?}");
}

#[test]
fn programs_hear_of_failures_too() {
    let bench = Bench::new();
    for args in
        [&["backup"][..], &["ls", "latest", "--memory-max", "lots"], &["snapshot"], &["key", "add", "--role", "x"]]
    {
        let failure = bench.json(args);
        assert_eq!(failure["exit"], 2, "{args:?}");
        assert!(failure["error"].as_str().unwrap().contains("cannot understand the command line"), "{args:?}");
    }
    let failure = bench.json(["ls", "latest"]);
    assert_eq!(failure["exit"], 1);
    assert!(failure["error"].as_str().unwrap().contains("no snapshot latest"));
}
