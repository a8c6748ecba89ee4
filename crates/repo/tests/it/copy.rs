//! Replicas: at every moment a repository of its own, the same bytes in the end, and nothing is lost for want of a listing.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use atalaya_repo::check::Finding;
use atalaya_repo::copy::{CopyOptions, CopyProgress, CopySummary};
use atalaya_repo::{Kind, Repository, Result, Role, Selector, Unlock};
use atalaya_store::{Body, Entry, Op, Recorder, SimStore, SpoolFile, Store};

use crate::damage::check_opened;
use crate::fixture::{NOW, PASSPHRASE, Tree, World, init, noise};
use crate::maintain::{How, forget_oldest, prune_opened};

/// A store with a name of its own: places are remembered by it.
pub struct At<S>(pub S, pub &'static str);

impl<S: Store> Store for At<S> {
    fn put(&self, name: &str, body: Body<'_>) -> atalaya_store::Result<()> {
        self.0.put(name, body)
    }
    fn sync(&self) -> atalaya_store::Result<()> {
        self.0.sync()
    }
    fn get(&self, name: &str, offset: u64, buf: &mut [u8]) -> atalaya_store::Result<()> {
        self.0.get(name, offset, buf)
    }
    fn list(
        &self,
        prefix: &str,
        each: &mut dyn FnMut(&Entry) -> atalaya_store::Result<()>,
    ) -> atalaya_store::Result<()> {
        self.0.list(prefix, each)
    }
    fn stat(&self, name: &str) -> atalaya_store::Result<u64> {
        self.0.stat(name)
    }
    fn delete(&self, name: &str) -> atalaya_store::Result<()> {
        self.0.delete(name)
    }
    fn spool(&self, fallback: &Path) -> atalaya_store::Result<SpoolFile> {
        self.0.spool(fallback)
    }
    fn place(&self) -> String {
        self.1.to_owned()
    }
}

/// How a test copies.
#[derive(Clone, Copy, Default)]
pub struct Manner {
    pub heal: bool,
    pub dry_run: bool,
    pub init: bool,
    /// Of what may be deleted at once there is no end unless a test says so.
    pub drop_percent_max: Option<f64>,
}

pub fn copy_with(from: &Repository, target: Arc<dyn Store>, how: Manner) -> Result<CopySummary> {
    let spool = tempfile::tempdir().unwrap();
    from.copy_to(
        target,
        &CopyOptions {
            heal: how.heal,
            dry_run: how.dry_run,
            init: how.init,
            drop_percent_max: how.drop_percent_max.unwrap_or(100.0),
            spool: spool.path(),
            now: &|| NOW,
            stop: &AtomicBool::new(false),
            progress: &CopyProgress::default(),
        },
    )
}

/// A primary, and the key that opens it without a passphrase being stretched.
pub struct Home {
    pub store: Arc<SimStore>,
    pub world: World,
    pub key: Vec<u8>,
}

impl Home {
    pub fn new() -> Self {
        let store = Arc::new(SimStore::new());
        init(&*store).unwrap();
        let world = World::over(Arc::new(At(Arc::clone(&store), "home")));
        let key = world.open().unwrap().add_key(Role::Owner, "box", None, NOW).unwrap().1.unwrap();
        Self { store, world, key }
    }

    pub fn open(&self) -> Repository {
        self.open_at(Arc::clone(&self.world.store), self.world.state.path()).unwrap()
    }

    pub fn open_at(&self, store: Arc<dyn Store>, state: &Path) -> Result<Repository> {
        Repository::open(store, Unlock::KeyFile(&self.key, None), state)
    }

    pub fn backup(&self, version: u64) {
        self.world.backup_with(&self.open(), &tree(version)).unwrap();
    }

    fn copy(&self, target: &Arc<SimStore>) -> Result<CopySummary> {
        self.copy_as(target, Manner::default())
    }

    fn copy_as(&self, target: &Arc<SimStore>, how: Manner) -> Result<CopySummary> {
        copy_with(&self.open(), Arc::new(At(Arc::clone(target), "away")), how)
    }

    /// The first of three versions forgotten, and its data gone.
    fn forget_and_prune(&self, count: usize) {
        forget_oldest(&self.open(), count).unwrap();
        assert!(prune_opened(&self.open(), How::default()).unwrap().deleted_packs > 0);
    }
}

fn tree(version: u64) -> Tree {
    let mut tree = Tree::default();
    for n in 0..10 {
        tree.file(&format!("notes/{n}"), format!("note {n} of {version}"));
    }
    tree.file("photo of today", noise(100 + version, 300_000));
    tree.nodes.values_mut().for_each(|node| node.meta.mtime.secs += version as i64);
    tree.file("photo of always", noise(1, 400_000));
    tree
}

/// Everything that a store holds, as it is.
fn clone(store: &SimStore) -> Arc<SimStore> {
    let out = SimStore::new();
    for name in store.names("") {
        out.put(&name, Body::Bytes(&store.contents(&name).unwrap())).unwrap();
    }
    out.sync().unwrap();
    Arc::new(out)
}

/// What a replica holds that its primary does not, and the other way round.
fn differences(home: &SimStore, away: &SimStore) -> Vec<String> {
    let (ours, theirs) = (home.names(""), away.names(""));
    let own = |name: &&String| ["sessions/", "ended/", "condemned/", "deleted/"].iter().all(|f| !name.starts_with(f));
    let mut out: Vec<String> =
        ours.iter().filter(own).filter(|name| home.contents(name) != away.contents(name)).cloned().collect();
    out.extend(theirs.iter().filter(own).filter(|name| *name != "replica" && !ours.contains(name)).cloned());
    out
}

/// With nothing but the replica: a full check, and the newest snapshot that it has, byte for byte.
fn assert_whole(home: &Home, away: &Arc<SimStore>, versions: &[u64], what: &str) -> usize {
    let alone = World::over(Arc::new(At(Arc::clone(away), "alone")));
    let repo = home.open_at(Arc::clone(&alone.store), alone.state.path()).unwrap_or_else(|err| panic!("{what}: {err}"));
    let (_, mut findings) = check_opened(&repo, 100.0).unwrap();
    findings.retain(|finding| !matches!(finding, Finding::Harmless(_)));
    assert_eq!(findings, [], "{what}");
    let (snapshots, bad) = repo.snapshots().unwrap();
    assert!(bad.is_empty(), "{what}");
    for info in &snapshots {
        let id = atalaya_repo::hex(&info.id);
        let stored = alone.read_with(&repo, &id.parse::<Selector>().unwrap()).unwrap();
        let matches = |version: &u64| {
            let tree = tree(*version);
            tree.nodes.len() == stored.len()
                && tree.nodes.iter().all(|(key, node)| stored.get(key).is_some_and(|there| there.1 == *node.content))
        };
        assert!(versions.iter().any(matches), "{what}: snapshot {id}");
    }
    snapshots.len()
}

fn thorough() -> bool {
    std::env::var_os("ATALAYA_TESTS_FULL").is_some_and(|full| !full.is_empty())
}

mod beside;
mod healing;
mod interrupted;
mod refusals;

#[test]
fn a_replica_is_the_same_bytes_and_restores_alone() {
    let (home, away) = (Home::new(), Arc::new(SimStore::new()));
    (0..2).for_each(|version| home.backup(version));
    let dry = home.copy_as(&away, Manner { dry_run: true, ..Manner::default() }).unwrap();
    assert_eq!(away.names(""), Vec::<String>::new(), "a dry run");
    let done = home.copy(&away).unwrap();
    assert!(done.made && done.packs > 0 && done.snapshots == 2, "{done:?}");
    assert_eq!((dry.packs, dry.bytes, dry.snapshots), (done.packs, done.bytes, done.snapshots));
    assert_eq!((done.troubles, &done.not_deleted), (0, &None), "{done:?}");
    assert_eq!(differences(&home.store, &away), Vec::<String>::new());
    assert_eq!(away.names("sessions/").len() + away.names("ended/").len(), 0, "its session is over");
    assert_eq!(assert_whole(&home, &away, &[0, 1], "copied"), 2);
    // By the passphrase, too: the key files are there.
    World::over(Arc::new(At(away, "alone"))).assert_holds("latest", &tree(1));
}

#[test]
fn what_is_there_is_neither_read_nor_put_again() {
    let (home, away) = (Home::new(), Arc::new(SimStore::new()));
    home.backup(0);
    home.copy(&away).unwrap();
    let copy = || {
        let from = Arc::new(Recorder::new(At(Arc::clone(&home.store), "home")));
        let to = Arc::new(Recorder::new(At(Arc::clone(&away), "away")));
        let repo = home.open_at(Arc::clone(&from) as Arc<dyn Store>, home.world.state.path()).unwrap();
        let done = copy_with(&repo, Arc::clone(&to) as Arc<dyn Store>, Manner::default()).unwrap();
        let read = from.take().into_iter().filter_map(|op| match op {
            Op::Get(name, ..) if name.starts_with("data/") || name.starts_with("tree/") => Some(name),
            Op::Put(name, _) | Op::Delete(name) => Some(format!("changed {name}")),
            _ => None,
        });
        let put = to.take().into_iter().filter_map(|op| match op {
            Op::Put(name, _) if !name.starts_with("sessions/") && !name.starts_with("ended/") => Some(name),
            Op::Delete(name) if !name.starts_with("sessions/") && !name.starts_with("ended/") => Some(name),
            _ => None,
        });
        (done, read.collect::<Vec<_>>(), put.collect::<Vec<_>>())
    };
    let (done, read, put) = copy();
    assert_eq!((done, read, put), (CopySummary::default(), Vec::new(), Vec::new()));
    let before = away.names("");
    home.backup(1);
    let (done, mut read, put) = copy();
    read.dedup();
    let mut new: Vec<String> = home.store.names("").into_iter().filter(|name| !before.contains(name)).collect();
    new.retain(|name| !name.starts_with("sessions/"));
    let mut sorted = put.clone();
    sorted.sort();
    assert_eq!(sorted, new, "exactly what is new");
    assert_eq!((done.packs, done.snapshots), (read.len() as u64, 1));
    let place = |folder: &str| put.iter().position(|name| name.starts_with(folder)).unwrap();
    assert!(
        place("data/") < place("index/") && place("tree/") < place("index/") && place("index/") < place("snapshots/")
    );
}

#[test]
fn what_was_forgotten_and_dropped_at_the_primary_goes() {
    let (home, away) = (Home::new(), Arc::new(SimStore::new()));
    (0..3).for_each(|version| home.backup(version));
    home.copy(&away).unwrap();
    let full = clone(&away);
    home.forget_and_prune(2);
    let dry = home.copy_as(&away, Manner { dry_run: true, ..Manner::default() }).unwrap();
    assert_eq!(away.names(""), full.names(""), "a dry run");
    let done = home.copy(&away).unwrap();
    assert!(done.deleted_packs > 0 && done.deleted_snapshots == 2 && done.deleted_objects > 0, "{done:?}");
    assert_eq!(
        (dry.deleted_packs, dry.deleted_bytes, dry.deleted_snapshots),
        (done.deleted_packs, done.deleted_bytes, 2)
    );
    assert_eq!(differences(&home.store, &away), Vec::<String>::new());
    assert_eq!(assert_whole(&home, &away, &[2], "followed"), 1);
    // More than is expected at once is asked for first.
    let asked = home.copy_as(&full, Manner { drop_percent_max: Some(1.0), init: true, ..Manner::default() }).unwrap();
    assert!(asked.not_deleted.as_ref().is_some_and(|why| why.contains("--drop-max")), "{asked:?}");
    assert_eq!((asked.deleted_packs, asked.deleted_snapshots), (0, 0));
    assert_eq!(assert_whole(&home, &full, &[0, 1, 2], "asked for first"), 3);
}

#[test]
fn keys_follow_and_none_goes_because_it_is_not_listed() {
    let (home, away) = (Home::new(), Arc::new(SimStore::new()));
    home.backup(0);
    let number = home.open().add_key(Role::Writer, "nas", Some(b"another one"), NOW).unwrap().0;
    home.copy(&away).unwrap();
    assert_eq!(away.names("keys/").len(), 2);
    home.open().remove_key(number, NOW).unwrap();
    let done = home.copy(&away).unwrap();
    assert_eq!((away.names("keys/").len(), done.warnings), (1, Vec::new()));
    assert_eq!(differences(&home.store, &away), Vec::<String>::new());
    // Another passphrase: nothing that is signed says that the old file is to go.
    home.world.open().unwrap().change_passphrase(b"a new one", NOW).unwrap();
    let done = home.copy(&away).unwrap();
    assert_eq!((away.names("keys/").len(), done.warnings.len()), (2, 1), "{done:?}");
    assert!(Repository::open(away.clone(), Unlock::Passphrase(PASSPHRASE), home.world.state.path()).is_ok());
}

#[test]
fn a_writers_key_copies_but_makes_none() {
    let (home, away) = (Home::new(), Arc::new(SimStore::new()));
    let key = home.open().add_key(Role::Writer, "nas", None, NOW).unwrap().1.unwrap();
    home.backup(0);
    let state = tempfile::tempdir().unwrap();
    let copy = || {
        let repo = Repository::open(Arc::clone(&home.world.store), Unlock::KeyFile(&key, None), state.path()).unwrap();
        copy_with(&repo, Arc::new(At(Arc::clone(&away), "away")), Manner::default())
    };
    assert_eq!(copy().unwrap_err().kind, Kind::NotAllowed);
    assert_eq!(away.names(""), Vec::<String>::new());
    home.copy(&away).unwrap();
    home.backup(1);
    home.backup(2);
    home.forget_and_prune(1);
    let done = copy().unwrap();
    assert!(done.snapshots == 2 && done.deleted_snapshots == 1 && done.deleted_packs > 0, "{done:?}");
    assert_eq!(differences(&home.store, &away), Vec::<String>::new());
    assert_whole(&home, &away, &[1, 2], "by a writer");
}
