//! What is neither file nor folder: links, pipes, devices, sockets, and several names of one.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

use nix::sys::stat::{Mode, SFlag, makedev, mknod};
use nix::unistd::{LinkatFlags, mkfifo};

use super::cli::Bench;

/// Two names of everything that may have two, in different folders; gives the first ones.
fn make_all(src: &Path) -> Vec<&'static str> {
    let mut names = vec!["hello.txt", "link", "pipe"];
    mkfifo(&src.join("pipe"), Mode::S_IRUSR).unwrap();
    // Only root makes devices.
    if mknod(&src.join("null"), SFlag::S_IFCHR, Mode::S_IRUSR, makedev(1, 3)).is_ok() {
        names.push("null");
    }
    for name in &names {
        nix::unistd::linkat(
            nix::fcntl::AT_FDCWD,
            &src.join(name),
            nix::fcntl::AT_FDCWD,
            &src.join("folder").join(name),
            LinkatFlags::empty(),
        )
        .unwrap();
    }
    names
}

fn same_inodes(root: &Path, names: &[&str]) {
    for name in names {
        let ino = |path: &Path| path.symlink_metadata().unwrap().ino();
        assert_eq!(ino(&root.join(name)), ino(&root.join("folder").join(name)), "{name}");
    }
}

#[test]
fn hard_links_of_everything_come_back() {
    let bench = Bench::new();
    let src = bench.path("src");
    let names = make_all(&src);
    bench.backup();
    bench.ok(["restore", &bench.latest(""), "--target", "out"]);
    same_inodes(&bench.path("out"), &names);
    let again = bench.ok(["restore", &bench.latest(""), "--target", "out"]);
    assert!(again.out.contains("right already") && !again.out.contains("hard link"), "{again:?}");

    fs::create_dir(bench.path("tar")).unwrap();
    let archive = bench.ok(["dump", "latest"]).raw;
    fs::write(bench.path("all.tar"), archive).unwrap();
    let tar =
        Command::new("tar").arg("-xf").arg(bench.path("all.tar")).arg("-C").arg(bench.path("tar")).output().unwrap();
    assert!(tar.status.success(), "{}", String::from_utf8_lossy(&tar.stderr));
    same_inodes(&bench.path("tar").join(src.strip_prefix("/").unwrap()), &names);

    // Nothing changed, and that they are linked is still known when nothing is looked at again.
    bench.backup();
    bench.ok(["restore", &bench.latest(""), "--target", "later"]);
    same_inodes(&bench.path("later"), &names);
}

#[test]
fn sockets_are_left_out_said_and_no_failure() {
    let bench = Bench::new();
    let _socket = std::os::unix::net::UnixListener::bind(bench.path("src/socket")).unwrap();
    bench.backup();
    let restored = bench.ok(["restore", "latest", "--target", "out"]);
    assert!(restored.out.contains("left out 1 socket: "), "{restored:?}");
    assert_eq!(bench.json(["restore", "latest", "--target", "again"])["skipped"], 1);
    let dumped = bench.ok(["dump", "latest"]);
    assert!(dumped.err.contains("left out 1 socket: ") && dumped.err.lines().count() == 1, "{}", dumped.err);
    assert_eq!(bench.ok(["dump", "-q", "latest"]).err, "");
}
