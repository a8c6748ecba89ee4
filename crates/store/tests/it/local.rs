//! What only the folder store does.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use atalaya_store::{Body, Kind, LocalStore, Store, remove_stale_spools};
use tempfile::TempDir;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn opening_does_not_create() {
    let root = TempDir::new().unwrap();
    let path = root.path().join("not-mounted/repo");
    assert_eq!(LocalStore::open(&path).unwrap_err().kind, Kind::NotFound);
    assert_eq!(LocalStore::create(&path).unwrap_err().kind, Kind::NotFound, "the parent is not made");
    let path = root.path().join("repo");
    LocalStore::create(&path).unwrap();
    LocalStore::create(&path).unwrap();
    assert_eq!(mode(&path), 0o700);
}

#[test]
fn modes() {
    for poor in [false, true] {
        let root = TempDir::new().unwrap();
        let store = LocalStore::open(root.path()).unwrap().without(poor, poor, false);
        store.put("a/b/c", Body::Bytes(b"x")).unwrap();
        assert_eq!(mode(&root.path().join("a/b")), 0o700);
        assert_eq!(mode(&root.path().join("a/b/c")), 0o400);
    }
}

#[test]
fn what_is_not_ours_is_not_listed() {
    let root = TempDir::new().unwrap();
    let store = LocalStore::open(root.path()).unwrap().without(true, false, false);
    let mut spool = store.spool(Path::new("/")).unwrap();
    spool.file.write_all(b"not put yet").unwrap();
    store.put("a", Body::Bytes(b"x")).unwrap();
    fs::write(root.path().join(".hidden"), "x").unwrap();
    fs::write(root.path().join("with space"), "x").unwrap();
    fs::create_dir(root.path().join("lost+found")).unwrap();
    fs::write(root.path().join("lost+found/b"), "x").unwrap();
    symlink("a", root.path().join("link")).unwrap();
    symlink(".", root.path().join("loop")).unwrap();
    let mut names = Vec::new();
    store
        .list("", &mut |entry| {
            names.push(entry.name.clone());
            Ok(())
        })
        .unwrap();
    assert_eq!(names, ["a"]);
    assert_eq!(store.get("link", 0, &mut [0]).unwrap_err().kind, Kind::NotFound);
}

#[test]
fn a_spool_file_is_put_without_copying() {
    use std::os::unix::fs::MetadataExt;
    let root = TempDir::new().unwrap();
    for (poor, name) in [(false, "anonymous"), (true, "named")] {
        let store = LocalStore::open(root.path()).unwrap().without(poor, false, false);
        let mut spool = store.spool(Path::new("/")).unwrap();
        assert_eq!(spool.path.is_some(), poor);
        spool.file.write_all(b"bytes").unwrap();
        store.put(name, Body::File(&spool)).unwrap();
        let inode = spool.file.metadata().unwrap().ino();
        assert_eq!(fs::metadata(root.path().join(name)).unwrap().ino(), inode);
    }
}

#[test]
fn stale_spool_files_go_and_used_ones_stay() {
    let root = TempDir::new().unwrap();
    let store = LocalStore::open(root.path()).unwrap().without(true, false, false);
    let used = store.spool(Path::new("/")).unwrap();
    let folder = used.path.as_ref().unwrap().parent().unwrap();
    let stale = folder.join(".atalaya-spool-1-1");
    let foreign = folder.join("somebody-else");
    fs::write(&stale, "x").unwrap();
    fs::write(&foreign, "x").unwrap();
    remove_stale_spools(folder).unwrap();
    assert!(!stale.exists() && foreign.exists() && used.path.as_ref().unwrap().exists());
}

#[test]
fn many_folders_are_synced_at_once() {
    let root = TempDir::new_in("/dev/shm").unwrap_or_else(|_| TempDir::new().unwrap());
    let store = LocalStore::open(root.path()).unwrap();
    for i in 0..1100 {
        store.put(&format!("f{i}/x"), Body::Bytes(b"x")).unwrap();
    }
    store.sync().unwrap();
}

#[test]
fn a_removed_folder_does_not_stop_sync() {
    let root = TempDir::new().unwrap();
    let store = LocalStore::open(root.path()).unwrap();
    store.put("gone/x", Body::Bytes(b"x")).unwrap();
    fs::remove_dir_all(root.path().join("gone")).unwrap();
    store.sync().unwrap();
    store.put("gone/x", Body::Bytes(b"x")).unwrap();
    store.sync().unwrap();
}

#[test]
fn descriptors_are_bounded() {
    let count = || fs::read_dir("/proc/self/fd").unwrap().count();
    let root = TempDir::new().unwrap();
    let store = LocalStore::open(root.path()).unwrap();
    let before = count();
    for i in 0..300 {
        store.put(&format!("d/{i}/x"), Body::Bytes(b"x")).unwrap();
        store.get(&format!("d/{i}/x"), 0, &mut [0]).unwrap();
    }
    store.sync().unwrap();
    store.list("", &mut |_| Ok(())).unwrap();
    // Other tests run beside this one.
    assert!(count() < before + 100);
}
