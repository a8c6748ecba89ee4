//! The state and spool folders: where they may be, and what happens without them.

use std::fs;
use std::os::unix::process::CommandExt;

use super::cli::{Bench, files, ran};
use super::noise::noise;

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

/// A small file system of its own, where one may be mounted.
struct Small(std::path::PathBuf);

impl Small {
    fn mount(at: std::path::PathBuf) -> Option<Self> {
        fs::create_dir(&at).unwrap();
        Self::run("mount", &["-t", "tmpfs", "-o", "size=1m", "none"], &at).then_some(Self(at))
    }

    fn run(program: &str, args: &[&str], at: &std::path::Path) -> bool {
        std::process::Command::new(program).args(args).arg(at).output().is_ok_and(|output| output.status.success())
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        Self::run("umount", &["-l"], &self.0);
    }
}

#[test]
fn the_folder_that_is_full_or_not_to_be_written_is_named() {
    let bench = Bench::new();
    let Some(small) = Small::mount(bench.path("small")) else { return println!("left out: only root may mount") };
    fs::write(bench.path("src/noise"), noise(0, 2_800_000)).unwrap();
    let says = |args: &[&str], folder: &str, advice: &str| {
        let ran = bench.run(args);
        assert_eq!((ran.code, ran.err.lines().count()), (1, 1), "{args:?}: {ran:?}");
        let folder = bench.path(folder);
        assert!(ran.err.contains(folder.to_str().unwrap()) && ran.err.contains(advice), "{args:?}: {ran:?}");
    };
    bench.ok(["init", "--repo", "small/repo"]);
    says(&["backup", "src", "--repo", "small/repo"], "small/repo", "make room");
    fs::remove_dir_all(bench.path("small/repo")).unwrap();
    bench.ok(["init", "--repo", "small/repo"]);
    let _ = fs::write(bench.path("small/fill"), vec![1; 1 << 20]);
    says(&["backup", "src", "--state-dir", "small/state"], "small/state", "make room");
    fs::remove_file(bench.path("small/fill")).unwrap();
    assert!(Small::run("mount", &["-o", "remount,ro"], &small.0));
    says(&["backup", "src", "--repo", "small/repo"], "small/repo", "mount it for writing");
    says(
        &["key", "add", "--role", "writer", "--label", "w", "--out", "w.key", "--repo", "small/repo"],
        "small/repo",
        "mount it",
    );
    says(&["backup", "src", "--state-dir", "small/state"], "small/state", "mount it for writing");
    says(&["backup", "src", "--spool-dir", "small/spool"], "small/spool", "mount it for writing");
    // Reading works from a repository that nobody may write.
    bench.ok(["snapshots", "--repo", "small/repo"]);
}
