//! A store that has no room left.

use std::io::Write;
use std::path::Path;
use std::process::Command;

use atalaya_store::{Body, Kind, LocalStore, Store};
use tempfile::TempDir;

/// A small file system of its own, unmounted at the end.
pub(crate) struct Mount(TempDir);

impl Mount {
    /// `None`, with the reason printed, where mounting is not permitted.
    pub(crate) fn tmpfs(size: &str) -> Option<Self> {
        let dir = TempDir::new().unwrap();
        let output = Command::new("mount").args(["-t", "tmpfs", "-o", size, "tmpfs"]).arg(dir.path()).output();
        match output {
            Ok(output) if output.status.success() => Some(Self(dir)),
            Ok(output) => {
                eprintln!("skipped, cannot mount: {}", String::from_utf8_lossy(&output.stderr));
                None
            }
            Err(err) => {
                eprintln!("skipped, no mount program: {err}");
                None
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

fn fill(store: &LocalStore) {
    let before = store.free().unwrap().unwrap();
    let mut put = Vec::new();
    let err = loop {
        let name = format!("f/{}", put.len());
        match store.put(&name, Body::Bytes(&[7; 50_000])) {
            Ok(()) => put.push(name),
            Err(err) => break err,
        }
    };
    assert_eq!(err.kind, Kind::Full, "{err}");
    assert!(put.len() > 10);
    let mut listed = Vec::new();
    store
        .list("", &mut |entry| {
            listed.push((entry.name.clone(), entry.len));
            Ok(())
        })
        .unwrap();
    assert_eq!(listed.len(), put.len(), "a failed put shows");
    assert!(listed.iter().all(|(_, len)| *len == 50_000), "an object is cut short");
    put.iter().for_each(|name| store.delete(name).unwrap());
    assert!(before - store.free().unwrap().unwrap() < 20_000, "a failed put keeps room");
}

#[test]
fn a_full_disk_leaves_nothing_behind() {
    let Some(mount) = Mount::tmpfs("size=1m") else { return };
    fill(&LocalStore::open(mount.path()).unwrap());
    fill(&LocalStore::open(mount.path()).unwrap().without(true, false, false));
    fill(&LocalStore::open(mount.path()).unwrap().without(true, true, true));
}

#[test]
fn a_spool_file_from_elsewhere_is_copied_or_refused_whole() {
    let Some(mount) = Mount::tmpfs("size=1m") else { return };
    let other = TempDir::new().unwrap();
    let store = LocalStore::open(mount.path()).unwrap();
    let mut spool = atalaya_store::spool_in(other.path()).unwrap();
    spool.file.write_all(&[1; 400_000]).unwrap();
    store.put("copied", Body::File(&spool)).unwrap();
    assert_eq!(store.stat("copied").unwrap(), 400_000);
    spool.file.write_all(&[1; 900_000]).unwrap();
    assert_eq!(store.put("large", Body::File(&spool)).unwrap_err().kind, Kind::Full);
    assert_eq!(store.stat("large").unwrap_err().kind, Kind::NotFound);
    assert!(store.free().unwrap().unwrap() > 600_000);
}

#[test]
fn no_inodes_left_is_full_too() {
    let Some(mount) = Mount::tmpfs("size=1m,nr_inodes=8") else { return };
    let store = LocalStore::open(mount.path()).unwrap();
    let failed = (0..10).map(|i| store.put(&format!("i/{i}"), Body::Bytes(b"x"))).find_map(Result::err);
    assert_eq!(failed.unwrap().kind, Kind::Full);
}
