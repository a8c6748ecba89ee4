//! The state and spool folders: where they may be, and what happens without them.

use std::fs;
use std::os::unix::process::CommandExt;

use super::cli::{Bench, files, ran};

#[test]
fn a_damaged_copy_of_the_index_heals_with_a_warning() {
    let bench = Bench::backed_up();
    let mut damaged = 0;
    for name in files(&bench.path("state")).iter().filter(|name| name.ends_with(".run")) {
        let path = bench.path("state").join(name);
        let mut bytes = fs::read(&path).unwrap();
        bytes[100] ^= 1;
        fs::write(&path, bytes).unwrap();
        damaged += 1;
    }
    assert!(damaged > 0);
    let ran = bench.ok(["ls", "latest"]);
    assert!(ran.out.contains("hello.txt"), "{ran:?}");
    assert!(ran.err.contains("warning: the copy of the index") && ran.err.lines().count() == 1, "{ran:?}");
    assert_eq!(bench.ok(["ls", "latest"]).err, "");
}

#[test]
fn state_and_repository_do_not_lie_in_each_other() {
    let bench = Bench::backed_up();
    for (option, dir) in [("--state-dir", "repo/state"), ("--state-dir", "."), ("--spool-dir", "repo/data/spool")] {
        for command in [&["backup", "src"][..], &["snapshots"], &["restore", "latest", "--target", "out"]] {
            let ran = bench.run([command, &[option, dir]].concat());
            assert_eq!((ran.code, ran.err.lines().count()), (2, 1), "{ran:?}");
            assert!(ran.err.contains("one lies in the other") && ran.err.contains(option), "{ran:?}");
        }
    }
    let ran = bench.run(["init", "--repo", "state/new"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(!bench.path("state/new").exists() && !bench.path("repo/state").exists());
    // A link makes no difference.
    std::os::unix::fs::symlink("repo", bench.path("other-name")).unwrap();
    assert_eq!(bench.run(["snapshots", "--state-dir", "other-name/x"]).code, 2);
}

#[test]
fn folders_of_ours_in_a_source_are_left_out() {
    let bench = Bench::new();
    for spool in [None, Some("src/spool")] {
        let mut args = vec!["backup", "src", "--state-dir", "src/state"];
        args.extend(spool.iter().flat_map(|dir| ["--spool-dir", *dir]));
        bench.ok(&args);
        bench.ok(&args);
        let listed = bench.ok(["ls", "latest"]).out;
        assert!(listed.contains("hello.txt") && !listed.contains("state") && !listed.contains("spool"), "{listed}");
    }
}

#[test]
fn a_spool_folder_is_made_but_not_what_is_above_it() {
    let bench = Bench::new();
    let ran = bench.run(["backup", "src", "--spool-dir", "disk/spool"]);
    assert_eq!((ran.code, ran.err.lines().count()), (1, 1), "{ran:?}");
    assert!(ran.err.contains("spool folder") && ran.err.contains("mount the disk"), "{ran:?}");
    assert!(!bench.path("disk").exists());
    fs::create_dir(bench.path("disk")).unwrap();
    bench.ok(["backup", "src", "--spool-dir", "disk/spool"]);
}

#[test]
fn commands_that_only_look_need_no_state_folder() {
    let bench = Bench::backed_up();
    bench.backup();
    let ids = bench.snapshot_ids();
    let file = bench.latest("hello.txt");
    fs::create_dir(bench.path("closed")).unwrap();
    fs::set_permissions(bench.path("closed"), std::os::unix::fs::PermissionsExt::from_mode(0o555)).unwrap();
    // Only somebody without rights is refused anything.
    let as_nobody = rustix::process::geteuid().is_root();
    if as_nobody {
        let mode = |name: &str, mode| {
            fs::set_permissions(bench.path(name), std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
        };
        mode("", 0o755);
        fs::copy(env!("CARGO_BIN_EXE_atalaya-agent"), bench.path("program")).unwrap();
        let mut chown = std::process::Command::new("chown");
        assert!(chown.arg("-R").arg("65534:65534").arg(bench.path("repo")).status().unwrap().success());
    }
    let run = |args: &[&str]| {
        let mut command = bench.command(args);
        if as_nobody {
            command = std::process::Command::new(bench.path("program"));
            command.args(args).current_dir(&bench.root).env_clear().uid(65534).gid(65534);
            command.env("ATALAYA_REPO", bench.path("repo")).env("ATALAYA_PASSPHRASE", super::cli::PASSPHRASE);
        }
        command.env("ATALAYA_STATE_DIR", bench.path("closed/state")).env("TMPDIR", std::env::temp_dir());
        ran(command)
    };
    let all: [&[&str]; 7] = [
        &["ls", "latest"],
        &["snapshots"],
        &["find", "hello.txt"],
        &["diff", &ids[0], &ids[1]],
        &["stats"],
        &["dump", &file],
        &["dump", "latest"],
    ];
    for args in all {
        let ran = run(args);
        assert_eq!(ran.code, 0, "{args:?}: {ran:?}");
        assert!(ran.err.contains("closed/state") && ran.err.lines().count() == 1, "{args:?}: {ran:?}");
        assert!(!ran.raw.is_empty() && run(&[args, &["-q"]].concat()).err.is_empty(), "{args:?}");
    }
    let ran = run(&["backup", "src"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("state folder") && ran.err.contains("--state-dir"), "{ran:?}");
}
