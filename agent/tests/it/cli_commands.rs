//! What each command does, seen from a shell.

use std::fs;

use super::cli::{Bench, Ran, files, ran};

fn lines(ran: &Ran) -> Vec<&str> {
    ran.out.lines().collect()
}

#[test]
fn init_says_which_cipher_and_why() {
    let bench = Bench::empty();
    let out = bench.ok(["init"]).out;
    assert!(out.contains("Cipher ") && out.contains("fastest on this machine"), "{out}");
    let chosen = bench.json(["init", "--repo", "other", "--cipher", "chacha20-poly1305", "--no-post-quantum"]);
    assert_eq!((chosen["cipher"].as_str(), chosen["post_quantum"].as_bool()), (Some("ChaCha20-Poly1305"), Some(false)));
    bench.ok(["backup", "--repo", "other", "src"]);
}

#[test]
fn a_backup_and_all_of_it_back() {
    let bench = Bench::backed_up();
    bench.ok(["restore", &bench.latest(""), "--target", "out", "--verify"]);
    assert_eq!(files(&bench.path("src")), files(&bench.path("out")));
    assert_eq!(fs::read(bench.path("out/hello.txt")).unwrap(), b"hello\n");
    let again = bench.json(["restore", &bench.latest(""), "--target", "out"]);
    assert_eq!((again["kept"].as_u64(), again["created"].as_u64()), (Some(4), Some(0)), "{again}");
}

#[test]
fn a_restore_tells_what_it_would_do() {
    let bench = Bench::backed_up();
    bench.ok(["restore", &bench.latest(""), "--target", "out"]);
    fs::write(bench.path("out/extra"), "").unwrap();
    fs::remove_file(bench.path("out/hello.txt")).unwrap();
    let told = bench.ok(["restore", &bench.latest(""), "--target", "out", "--delete", "--dry-run", "-q"]);
    assert_eq!(lines(&told), ["- /extra", "+ /hello.txt"]);
    assert!(bench.path("out/extra").exists() && !bench.path("out/hello.txt").exists());
    bench.ok(["restore", &bench.latest(""), "--target", "out", "--delete"]);
    assert!(!bench.path("out/extra").exists() && bench.path("out/hello.txt").exists());
}

#[test]
fn own_folders_inside_a_source_are_left_out() {
    let bench = Bench::new();
    bench.ok(["backup", ".", "--spool-dir", "spool"]);
    let listed = bench.ok(["ls", "latest"]).out;
    for own in ["repo/config", "state/", "spool/"] {
        assert!(!listed.contains(&format!("{}/{own}", bench.root.display())), "{listed}");
    }
    assert!(listed.contains("src/hello.txt"));
}

#[test]
fn a_first_backup_makes_the_state_folder_and_leaves_it_out() {
    let bench = Bench::new();
    bench.ok(["backup", ".", "--state-dir", "new-state", "--spool-dir", "spool"]);
    let listed = bench.ok(["ls", "latest", "--state-dir", "new-state"]).out;
    assert!(!listed.contains("new-state/"), "{listed}");
}

#[test]
fn excludes_from_everywhere() {
    let bench = Bench::new();
    for name in ["a.tmp", "b.iso", "keep.iso", "large"] {
        fs::write(bench.path("src").join(name), "x").unwrap();
    }
    fs::write(bench.path("src/large"), vec![0; 5000]).unwrap();
    fs::write(bench.path("excludes"), "# comment\n\n*.iso\r\n!keep.iso\n").unwrap();
    let args = ["--exclude", "*.tmp", "--exclude-file", "excludes", "--exclude-larger-than", "4K"];
    bench.ok(["backup", "src"].iter().chain(&args));
    let listed = bench.ok(["ls", "latest"]).out;
    let has = |name: &str| listed.contains(&format!("/src/{name}\n"));
    assert!(has("keep.iso") && has("hello.txt"), "{listed}");
    assert!(!has("a.tmp") && !has("b.iso") && !has("large"), "{listed}");
}

#[test]
fn jobs_are_kept_apart() {
    let bench = Bench::new();
    bench.ok(["backup", "src", "--job", "one"]);
    fs::write(bench.path("src/new"), "").unwrap();
    bench.ok(["backup", "src", "--job", "two"]);
    assert!(!bench.ok(["ls", "latest/one"]).out.contains("/src/new"));
    assert!(bench.ok(["ls", "latest/two"]).out.contains("/src/new"));
    assert_eq!(lines(&bench.ok(["snapshots", "--job", "one"])).len(), 2);
    assert_eq!(bench.json(["backup", "src", "--job", "one"])["first"], false);
}

#[test]
fn find_across_snapshots() {
    let bench = Bench::backed_up();
    fs::remove_file(bench.path("src/hello.txt")).unwrap();
    bench.backup();
    assert_eq!(lines(&bench.ok(["find", "hello.*"])).len(), 1);
    assert_eq!(lines(&bench.ok(["find", "*.JPG"])).len(), 2);
    assert_eq!(bench.ok(["find", "*.jpg", "-q"]).out, "");
    assert_eq!(lines(&bench.ok(["find", "*.jpg", "--ignore-case"])).len(), 2);
    assert_eq!(lines(&bench.ok(["find", "/**/src/folder/"])).len(), 2);
    assert_eq!(lines(&bench.ok(["find", "hello.txt/"])), ["Nothing found."]);
}

#[test]
fn diff_names_what_changed() {
    let bench = Bench::backed_up();
    fs::write(bench.path("src/new"), "12345").unwrap();
    fs::write(bench.path("src/hello.txt"), "hello, world\n").unwrap();
    fs::remove_file(bench.path("src/link")).unwrap();
    bench.backup();
    let ids = bench.snapshot_ids();
    let told = bench.ok(["diff", &ids[0], &ids[1]]);
    let marks: Vec<_> =
        lines(&told).iter().map(|line| line.replace(&format!("{}/", bench.root.display()), "")).collect();
    assert_eq!(marks[..3], ["M src/hello.txt", "- src/link", "+ src/new"]);
    assert!(marks[3].ends_with("1 added (5 B), 1 removed (0 B), 1 changed"), "{marks:?}");
    assert_eq!(bench.ok(["diff", "latest", "latest", "-q"]).out, "");
}

#[test]
fn keys_come_and_go() {
    let bench = Bench::backed_up();
    fs::write(bench.path("second"), "a second passphrase\n").unwrap();
    bench.ok(["key", "add", "--role", "owner", "--label", "spare", "--new-passphrase-file", "second"]);
    bench.ok(["key", "add", "--role", "writer", "--label", "nas", "--out", "nas.key"]);
    let keys = bench.json(["key", "list"]);
    assert_eq!(keys["keys"].as_array().unwrap().len(), 3);
    bench.ok(["backup", "src", "--key-file", "nas.key"]);
    bench.ok(["ls", "latest", "-q", "--passphrase-file", "second"]);
    fs::write(bench.path("third"), "a third passphrase\n").unwrap();
    bench.ok(["key", "passphrase", "--new-passphrase-file", "third"]);
    assert_eq!(bench.run(["snapshots"]).code, 12, "the old passphrase still opens");
    bench.ok(["key", "remove", "0", "--passphrase-file", "second"]);
}

#[test]
fn keys_are_rotated_and_everybody_goes_on() {
    let bench = Bench::backed_up();
    bench.ok(["key", "add", "--role", "writer", "--label", "nas", "--out", "nas.key"]);
    bench.ok(["key", "add", "--role", "maintainer", "--label", "keeper", "--out", "keeper.key"]);
    let removed = bench.ok(["key", "remove", "2"]).out;
    assert!(removed.contains("key rotate"), "{removed}");
    assert!(bench.ok(["key", "rotate"]).out.contains("epoch 1"));
    let listed = bench.ok(["key", "list"]).out;
    assert!(listed.contains("AGE") && listed.contains("the keys of epoch 1, of "), "{listed}");
    fs::write(bench.path("src/new"), "newer").unwrap();
    bench.ok(["backup", "src", "--key-file", "nas.key"]);
    assert_eq!(bench.run(["ls", "latest", "--key-file", "nas.key"]).code, 12);
    bench.ok(["restore", &bench.latest(""), "--target", "out"]);
    assert_eq!(files(&bench.path("src")), files(&bench.path("out")));
    assert!(bench.ok(["check", "--read-data"]).out.starts_with("Everything is as it should be."));
    let dry = bench.json(["key", "reencrypt", "--dry-run"]);
    assert!(dry["packs"].as_u64().unwrap() >= 2 && dry["left_packs"] == 0, "{dry}");
    let done = bench.ok(["key", "reencrypt", "--background"]).out;
    assert!(done.contains(&format!("{} packs with ", dry["packs"])) && done.contains("/s)"), "{done}");
    assert_eq!(bench.json(["key", "reencrypt"])["packs"], 0);
    assert!(bench.ok(["check", "--read-data"]).out.starts_with("Everything is as it should be."));
    let refused = bench.run(["key", "rotate", "--without", "0"]);
    assert!(refused.code == 2 && refused.err.contains("the key in use"), "{refused:?}");
}

#[test]
fn stats_and_check_agree_with_a_sound_repository() {
    let bench = Bench::backed_up();
    assert!(bench.ok(["stats"]).out.contains("Snapshots     1\n"));
    assert!(bench.ok(["check", "--read-data"]).out.starts_with("Everything is as it should be."));
    assert_eq!(bench.ok(["check", "-q"]).out, "");
}

#[test]
fn check_names_what_is_damaged() {
    let bench = Bench::backed_up();
    let data = bench.path("repo/data");
    let pack = files(&data).into_iter().find(|name| data.join(name).is_file()).unwrap();
    fs::write(data.join(&pack), "gone").unwrap();
    let ran = bench.run(["check", "--read-data"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("src/hello.txt in snapshot") && ran.err.contains(&pack), "{}", ran.err);
    // Whoever keeps it and has no key sees it, too.
    let ran = bench.run(["check", "--without-key", "--read-data", "--passphrase-file", "/nowhere"]);
    assert!(ran.code == 1 && ran.err.contains(&pack) && ran.err.contains("copy --heal"), "{ran:?}");
    let report = bench.json(["check"]);
    assert_eq!(report["good"], false);
    assert!(report["finding_list"].as_array().unwrap().iter().any(|finding| finding["kind"] == "file"), "{report}");
}

#[test]
fn memory_is_explained() {
    let bench = Bench::backed_up();
    let told = bench.ok(["snapshots", "--explain-memory", "--memory-max", "40M"]);
    assert!(told.err.contains("index filter"), "{}", told.err);
}

#[test]
fn completions_and_manual_pages_are_generated() {
    let bench = Bench::empty();
    for shell in ["bash", "fish", "zsh"] {
        let script = bench.ok(["completions", shell]).out;
        assert!(script.contains("exclude-larger-than") && script.contains("passphrase"), "{shell}");
    }
    bench.ok(["man", "pages/man1"]);
    let pages = files(&bench.path("pages/man1"));
    assert!(pages.contains(&"atalaya-agent.1".to_owned()) && pages.contains(&"atalaya-agent-restore.1".to_owned()));
    let page = fs::read_to_string(bench.path("pages/man1/atalaya-agent-backup.1")).unwrap();
    assert!(page.contains("exclude") && page.contains("Examples"), "{page}");
}

#[test]
fn a_reader_that_goes_away_is_no_reason_to_complain() {
    let bench = Bench::backed_up();
    let program = env!("CARGO_BIN_EXE_atalaya-agent");
    let mut shell = std::process::Command::new("sh");
    let script = format!("for i in 1 2; do {program} ls latest; done | true; {program} dump latest | head -c 5");
    shell.arg("-c").arg(script).env_clear().env("PATH", "/usr/bin:/bin");
    shell.env("ATALAYA_REPO", bench.path("repo")).env("ATALAYA_STATE_DIR", bench.path("state"));
    shell.env("ATALAYA_PASSPHRASE", super::cli::PASSPHRASE);
    assert_eq!(ran(shell).err, "");
}

#[test]
fn help_is_a_command_too() {
    let bench = Bench::empty();
    assert_eq!(bench.ok(["help", "backup"]).out, bench.ok(["backup", "--help"]).out);
    assert_eq!(bench.ok(["help", "key", "add"]).out, bench.ok(["key", "add", "--help"]).out);
    assert!(bench.ok(["help"]).out.contains("restore"));
    assert_eq!(bench.run(["help", "backups"]).code, 2);
}

#[test]
fn no_rate_of_nothing_and_words_that_fit_numbers() {
    let bench = Bench::backed_up();
    let again = bench.backup().out;
    // The files are so fresh that they may be read again; nothing is, when nothing is there.
    fs::create_dir(bench.path("none")).unwrap();
    let none = bench.ok(["backup", "none", "--job", "none"]).out;
    assert!(none.contains("  took   ") && !none.contains("/s)"), "{none}");
    assert!(again.contains("1 new chunk") || again.contains("0 new chunks"), "{again}");
    let checked = bench.ok(["check", "--read-data=0.000001%"]);
    assert!(
        checked.out.contains("read 1 pack,") && checked.out.contains("were never read, the others since"),
        "{checked:?}"
    );
    let checked = bench.ok(["check", "--read-data=1h"]);
    assert!(checked.out.contains("all of it was read since"), "{checked:?}");
    let json = bench.json(["check", "--read-data=1"]);
    assert_eq!((json["packs_never_read"].as_u64(), json["oldest_read"].is_string()), (Some(0), true), "{json}");
    assert!(bench.json(["check"])["packs_never_read"].is_null());
    bench.ok(["restore", "latest", "--target", "out"]);
    let kept = bench.ok(["restore", "latest", "--target", "out"]).out;
    assert!(kept.contains("wrote 0 B in") && !kept.contains("/s)"), "{kept}");
}

#[test]
fn harmless_things_are_warnings_and_a_check_never_sends_to_itself() {
    let bench = Bench::backed_up();
    let sessions = bench.path("repo/sessions");
    for name in super::cli::files(&sessions) {
        fs::remove_file(sessions.join(&name)).unwrap();
        fs::write(sessions.join(&name), "torn").unwrap();
    }
    fs::write(bench.path("repo/keys/readme.txt"), "notes").unwrap();
    let ran = bench.ok(["check"]);
    assert!(ran.out.contains("Everything is as it should be"), "{ran:?}");
    assert_eq!(ran.err.lines().count(), 2, "{ran:?}");
    assert!(ran.err.lines().all(|line| line.starts_with("warning: ")), "{ran:?}");
    assert!(ran.err.contains("it may be removed") && ran.err.contains("harms nothing"), "{ran:?}");
    let json = bench.json(["check"]);
    assert!(json["good"] == true && json["findings"] == 0 && json["warnings"] == 2, "{json}");
    // A second key that is damaged costs no file.
    fs::write(bench.path("repo/keys/0123456789abcdef"), "ATLK").unwrap();
    let ran = bench.run(["check"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("0 files affected") && ran.err.contains("what is stored can be restored"), "{ran:?}");
    // Damage that stops the check itself.
    let roster = bench.path("repo/roster/00000001");
    fs::remove_file(&roster).unwrap();
    fs::write(&roster, "junk").unwrap();
    let ran = bench.run(["check"]);
    assert!(ran.code == 1 && !ran.err.contains("atalaya-agent check\""), "{ran:?}");
}
