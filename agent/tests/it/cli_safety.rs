//! Ways to lose data that a user once found.

use std::fs;
use std::process::Command;

use super::cli::{Bench, ran};

#[test]
fn delete_beside_a_single_file_is_refused() {
    let bench = Bench::empty();
    fs::create_dir_all(bench.path("src/home/sub")).unwrap();
    fs::write(bench.path("src/home/a"), "a").unwrap();
    bench.ok(["init"]);
    bench.ok(["backup", "src/home"]);
    fs::write(bench.path("src/home/sub/precious"), "p").unwrap();
    let ran = bench.run(["restore", &bench.latest("home/a"), "--target", "src/home", "--delete"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("--delete"), "{ran:?}");
    assert!(bench.path("src/home/sub/precious").exists());
}

#[test]
fn a_named_mount_point_is_backed_up_with_one_file_system() {
    let bench = Bench::empty();
    let mount = bench.path("src/home/disk");
    fs::create_dir_all(&mount).unwrap();
    fs::write(bench.path("src/home/a"), "a").unwrap();
    let mounted = Command::new("mount").args(["-t", "tmpfs", "none"]).arg(&mount).status();
    if !mounted.is_ok_and(|status| status.success()) {
        println!("left out: only root may mount");
        return;
    }
    fs::write(mount.join("inside"), "i").unwrap();
    bench.ok(["init"]);
    bench.ok(["backup", "--job", "both", "--one-file-system", "src/home", "src/home/disk"]);
    bench.ok(["backup", "--job", "one", "--one-file-system", "src/home"]);
    let both = bench.ok(["ls", &bench.latest("home").replace("latest", "latest/both")]).out;
    let one = bench.ok(["ls", &bench.latest("home").replace("latest", "latest/one")]).out;
    let mut unmount = Command::new("umount");
    unmount.arg(&mount);
    ran(unmount);
    assert!(both.contains("disk/inside"), "{both}");
    assert!(one.contains("disk") && !one.contains("disk/inside"), "{one}");
}

#[test]
fn init_leaves_a_folder_with_something_in_it_alone() {
    let bench = Bench::empty();
    for (file, says) in [("notes.txt", "not empty"), ("keys/0123456789abcdef", "another \"init\"")] {
        let folder = bench.path("full");
        fs::create_dir_all(folder.join("keys")).unwrap();
        fs::write(folder.join(file), "mine").unwrap();
        let ran = bench.run(["init", "--repo", "full"]);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(ran.err.contains(says), "{ran:?}");
        assert_eq!(fs::read_to_string(folder.join(file)).unwrap(), "mine");
        fs::remove_dir_all(folder).unwrap();
    }
}

#[test]
fn a_key_file_of_another_repository_locks_nobody_out() {
    let bench = Bench::empty();
    bench.ok(["init", "--repo", "one"]);
    bench.ok(["init", "--repo", "two"]);
    for entry in fs::read_dir(bench.path("one/keys")).unwrap().flatten() {
        fs::copy(entry.path(), bench.path("two/keys/0000000000000001")).unwrap();
    }
    bench.ok(["snapshots", "--repo", "two"]);
}

#[test]
fn a_key_that_reads_no_content_restores_nothing() {
    let bench = Bench::backed_up();
    for role in ["maintainer", "writer"] {
        let key = format!("{role}.key");
        bench.ok(["key", "add", "--role", role, "--label", role, "--out", &key]);
        let ran = bench.run(["restore", "latest", "--target", "out/deep", "--key-file", &key]);
        assert_eq!(ran.code, 12, "{ran:?}");
        assert!(ran.err.contains(&format!("a {role}'s key cannot read content")), "{ran:?}");
        assert!(!bench.path("out").exists());
    }
}
