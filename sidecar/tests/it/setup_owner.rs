//! `setup` by root, for a service of a user of its own.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;

use super::setup::Bench;

const USER: (u32, u32) = (4711, 4712);

/// A folder that is somebody's, below one that they may look into or not.
fn bench(mode: u32) -> Bench {
    let bench = Bench::new();
    fs::set_permissions(bench.path(""), fs::Permissions::from_mode(mode)).unwrap();
    fs::create_dir_all(bench.path("lib/state")).unwrap();
    chown(bench.path("lib/state"), Some(USER.0), Some(USER.1)).unwrap();
    bench
}

#[test]
fn what_root_sets_up_belongs_to_whose_the_folder_is() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let mut bench = bench(0o755);
    let password = bench.path("password");
    let done = bench.set_up(&["--reach", "machine", "--account", "ana", "--password-file", &password]);
    assert_eq!((done.code, done.err.as_str()), (0, ""), "{}", done.out);
    assert!(done.out.contains("which belongs to 4711"), "{}", done.out);
    for entry in fs::read_dir(bench.path("lib/state")).unwrap() {
        let (meta, path) = (fs::metadata(entry.as_ref().unwrap().path()).unwrap(), entry.unwrap().path());
        assert_eq!((meta.uid(), meta.gid()), USER, "{}", path.display());
    }
    let config = fs::metadata(bench.path("etc/sidecar.toml")).unwrap();
    assert_eq!((config.uid(), config.gid(), config.mode() & 0o777), (0, USER.1, 0o640));
}

#[test]
fn what_that_user_cannot_reach_is_found_and_nothing_is_left() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let mut bench = bench(0o700);
    let ended = bench.set_up(&["--reach", "machine"]);
    assert!(ended.code == 1 && ended.err.contains("Permission denied; give another --state-dir"), "{}", ended.err);
    assert_eq!(fs::read_dir(bench.path("lib/state")).unwrap().count(), 0);
    assert!(!Path::new(&bench.path("etc")).exists());
}
