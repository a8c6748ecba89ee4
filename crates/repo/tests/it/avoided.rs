//! Mistakes that other backup tools paid for, one test for each that applies and is not held elsewhere.
//!
//! Elsewhere: nonces and tables of our own in the crate's own tests, missing syncs and full disks in `crash`,
//! drifting chunkers beside the chunker, unsafe paths in the agent's tests.

use std::path::Path;
use std::sync::Arc;

use atalaya_repo::Kind;
use atalaya_repo::check::Finding;
use atalaya_store::{Body, Entry, Error, Result, SimStore, SpoolFile, Store};

use crate::damage::check;
use crate::fixture::{Tree, World, init, noise};

fn tree() -> Tree {
    let mut tree = Tree::default();
    for n in 0..700 {
        tree.file(&format!("notes/{n:04}"), format!("note {n} ").repeat(20));
    }
    tree.file("photo", noise(1, 2_500_000));
    tree
}

fn world() -> (Arc<SimStore>, World) {
    let store = Arc::new(SimStore::new());
    init(&*store).unwrap();
    let world = World::over(Arc::clone(&store) as Arc<dyn Store>);
    (store, world)
}

/// borg#9748, borg#9904: the local copy said "it is there" after the repository had lost it.
#[test]
fn a_state_folder_that_knows_more_than_the_repository_borg_9748() {
    let (store, world) = world();
    let empty = store.names("");
    world.backup(&tree()).unwrap();
    // The repository is put back from a copy made before; the state folder stays.
    store.names("").iter().filter(|name| !empty.contains(name)).for_each(|name| store.lose(name).unwrap());
    let summary = world.backup(&tree()).unwrap();
    assert!(!summary.had_parent && summary.new_chunks > 0, "{summary:?}");
    assert!(summary.warnings.iter().any(|text| text.contains("is gone")), "{:?}", summary.warnings);
    world.assert_holds("latest", &tree());
    let (_, findings) = check(&world, 100.0).unwrap();
    assert!(findings.iter().all(|finding| matches!(finding, Finding::Snapshot(_))), "{findings:?}");
}

/// The same with a snapshot that nothing changed in since: its tree counts as that of the newest snapshot.
#[test]
fn the_last_tree_belongs_to_the_newest_snapshot_that_has_it() {
    let (store, world) = world();
    world.backup(&tree()).unwrap();
    let first = store.names("snapshots/");
    world.backup(&tree()).unwrap();
    store.lose(&first[0]).unwrap();
    assert!(world.backup(&tree()).unwrap().had_parent);
}

/// rustic#249: an upload failed, nobody was told, and the index named the pack.
#[test]
fn a_put_that_fails_names_nothing_rustic_249() {
    for number in 2..14 {
        let (store, world) = world();
        // The object is there, but the store says that it failed; the caller cannot know.
        store.lie_at_put(number);
        let failed = (0..3).filter(|_| world.backup(&tree()).is_err()).count();
        assert!(failed <= 1, "put {number}");
        world.assert_holds("latest", &tree());
        assert_eq!(check(&world, 100.0).unwrap().1, [], "put {number}");
    }
}

/// A store whose listing of one folder fails, or where something has the name of a fence as soon as a session is seen.
struct Odd {
    inner: Arc<SimStore>,
    unlisted: Option<&'static str>,
    fences: bool,
}

impl Store for Odd {
    fn put(&self, name: &str, body: Body<'_>) -> Result<()> {
        self.inner.put(name, body)?;
        match name.strip_prefix("sessions/") {
            Some(session) if self.fences => self.inner.put(&format!("fences/{session}"), Body::Bytes(b"x")),
            _ => Ok(()),
        }
    }
    fn sync(&self) -> Result<()> {
        self.inner.sync()
    }
    fn get(&self, name: &str, offset: u64, buf: &mut [u8]) -> Result<()> {
        self.inner.get(name, offset, buf)
    }
    fn list(&self, prefix: &str, each: &mut dyn FnMut(&Entry) -> Result<()>) -> Result<()> {
        if self.unlisted == Some(prefix) {
            return Err(Error::new(atalaya_store::Kind::Io, "listing failed"));
        }
        self.inner.list(prefix, each)
    }
    fn stat(&self, name: &str) -> Result<u64> {
        self.inner.stat(name)
    }
    fn delete(&self, name: &str) -> Result<()> {
        self.inner.delete(name)
    }
    fn spool(&self, fallback: &Path) -> Result<SpoolFile> {
        self.inner.spool(fallback)
    }
    fn place(&self) -> String {
        "unlisted".into()
    }
}

/// restic#4612: an error while listing was read as "there is nothing".
#[test]
fn a_listing_that_fails_is_not_an_empty_one_restic_4612() {
    for folder in ["snapshots/", "index/", "roster/", "keys/", "configs/", "condemned/", "deleted/", "fences/"] {
        let (store, world) = world();
        world.backup(&tree()).unwrap();
        let other = World::over(Arc::new(Odd { inner: Arc::clone(&store), unlisted: Some(folder), fences: false }));
        let err = other.backup(&tree()).unwrap_err();
        assert!(err.text.contains("listing failed"), "{folder}: {err}");
        world.assert_holds("latest", &tree());
    }
}

/// restic#3273, restic#3317: a store whose listings lag behind.
#[test]
fn a_listing_that_lags_loses_nothing_restic_3273() {
    let (store, world) = world();
    let mut tree = tree();
    world.backup(&tree).unwrap();
    store.lag_listing(3);
    for n in 0..3 {
        tree.file(&format!("new {n}"), noise(n + 10, 400_000));
        world.backup(&tree).unwrap();
    }
    store.lag_listing(0);
    world.assert_holds("latest", &tree);
    assert_eq!(check(&world, 100.0).unwrap().1, []);
}

/// borg#1138: an input error in the middle of a file.
#[test]
fn an_input_error_in_the_middle_of_a_file_borg_1138() {
    let (_, mut world) = world();
    let mut tree = tree();
    tree.file("bad small", noise(7, 90_000));
    tree.file("bad large", noise(8, 5_000_000));
    world.torn = vec![b"bad small".to_vec(), b"bad large".to_vec()];
    let summary = world.backup(&tree).unwrap();
    assert_eq!(summary.problems, 2);
    assert!(world.problems.lock().unwrap().iter().all(|problem| problem.missing), "the snapshot is incomplete");
    for path in ["bad small", "bad large"] {
        tree.remove(path);
    }
    world.assert_holds("latest", &tree);
    assert_eq!(check(&world, 100.0).unwrap().1, []);
}

/// borg#8963: runs of zeros and holes.
#[test]
fn holes_and_zeros_of_all_sorts_borg_8963() {
    let (_, world) = world();
    let mut tree = Tree::default();
    for (name, hole, content) in [
        ("only a hole", 3_000_000, Vec::new()),
        ("a hole of one byte", 1, Vec::new()),
        ("a hole larger than four gigabytes would need", 1 << 22, vec![0; 10]),
        ("zeros behind a hole", 4096, vec![0; 2_200_000]),
        ("zeros", 0, vec![0; 5_000_000]),
        ("one zero", 0, vec![0]),
        ("zeros of the least chunk", 0, vec![0; 256 << 10]),
        ("zeros of the largest chunk", 0, vec![0; 2 << 20]),
        ("one more", 0, vec![0; (2 << 20) + 1]),
    ] {
        let node = tree.file(name, content);
        node.hole = hole;
        node.meta.size += hole;
    }
    world.backup(&tree).unwrap();
    world.assert_holds("latest", &tree);
    assert_eq!(world.backup(&tree).unwrap().files_read, 0);
}

/// Deletion by a later version: this one cannot tell what is condemned, so it stays away. What is no list is passed over.
#[test]
fn a_newer_version_that_deletes_is_not_disturbed() {
    let (store, world) = world();
    world.backup(&tree()).unwrap();
    store.put("condemned/00000000000000000000000000000001", Body::Bytes(b"x")).unwrap();
    let warnings = world.backup(&tree()).unwrap().warnings;
    assert!(matches!(&warnings[..], [one] if one.contains("does not count")), "{warnings:?}");
    let mut newer = vec![0; 14 + 64];
    newer[..6].copy_from_slice(b"ATLA\x06\x02");
    store.put("condemned/00000000000000000000000000000002", Body::Bytes(&newer)).unwrap();
    assert_eq!(world.backup(&tree()).unwrap_err().kind, Kind::TooNew);
    world.assert_holds("latest", &tree());
    store.put("configs/00000002", Body::Bytes(b"x")).unwrap();
    assert_eq!(world.open().err().map(|err| err.kind), Some(Kind::TooNew));
}

/// Whoever may only write to the store voids no backup: what has a fence's name is none if nobody signed it.
#[test]
fn something_else_in_the_place_of_a_fence_voids_nothing() {
    let (store, world) = world();
    let fenced = World::over(Arc::new(Odd { inner: Arc::clone(&store), unlisted: None, fences: true }));
    let summary = fenced.backup(&tree()).unwrap();
    let told = fenced.open().unwrap().void_fence(&summary.snapshot).unwrap().unwrap();
    assert!(told.contains("fences/") && told.contains("does not count"), "{told}");
    world.assert_holds("latest", &tree());
}
