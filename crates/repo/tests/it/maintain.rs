//! Forgetting and pruning: what is kept comes back whole, what nobody uses goes, and nothing goes that may be in use.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use atalaya_repo::maintain::{Forgetting, PruneOptions, PruneProgress, PruneSummary};
use atalaya_repo::model::Time;
use atalaya_repo::{Kind, Repository, Result, Role, Unlock};
use atalaya_store::{Body, SimStore, Stop, Store};

use crate::damage::check;
use crate::fixture::{NOW, Tree, World, init, noise};

/// How a test prunes.
#[derive(Clone, Copy)]
pub struct How {
    pub grace_secs: i64,
    pub drop_percent_max: f64,
    pub repack_percent: f64,
    pub reencrypt: bool,
    /// Bytes stored once more in one round.
    pub room: u64,
    pub dry_run: bool,
    pub now: Time,
}

impl Default for How {
    fn default() -> Self {
        Self {
            grace_secs: 86_400,
            drop_percent_max: 100.0,
            repack_percent: 200.0,
            reencrypt: false,
            room: 1 << 30,
            dry_run: false,
            now: NOW,
        }
    }
}

pub fn prune_opened(repo: &Repository, how: How) -> Result<PruneSummary> {
    let spool = tempfile::tempdir().unwrap();
    repo.prune(&PruneOptions {
        grace_secs: how.grace_secs,
        drop_percent_max: how.drop_percent_max,
        repack_percent: how.repack_percent,
        repack_bytes_max: how.room,
        reencrypt: how.reencrypt,
        dry_run: how.dry_run,
        spool: spool.path(),
        now: &|| how.now,
        stop: &AtomicBool::new(false),
        progress: &PruneProgress::default(),
    })
}

fn prune(world: &World) -> Result<PruneSummary> {
    prune_opened(&world.open()?, How::default())
}

/// Forgets the oldest `count` snapshots.
pub fn forget_oldest(repo: &Repository, count: usize) -> Result<u64> {
    let (all, _) = repo.snapshots()?;
    let chosen: Vec<Forgetting> =
        all.iter().take(count).map(|info| Forgetting { id: info.id, seen_secs: NOW.secs }).collect();
    repo.forget(&chosen, NOW)
}

fn world() -> (Arc<SimStore>, World) {
    let store = Arc::new(SimStore::new());
    init(&*store).unwrap();
    let world = World::over(Arc::clone(&store) as Arc<dyn Store>);
    (store, world)
}

/// Some notes, a photograph that stays, and one that is another one each time.
fn tree(version: u64) -> Tree {
    let mut tree = Tree::default();
    for n in 0..30 {
        tree.file(&format!("notes/{n}"), format!("note {n} of {version}"));
    }
    tree.file("photo of today", noise(100 + version, 600_000));
    tree.nodes.values_mut().for_each(|node| node.meta.mtime.secs += version as i64);
    tree.file("photo of always", noise(1, 700_000));
    tree
}

pub fn bytes(store: &SimStore) -> usize {
    ["data/", "tree/"].iter().flat_map(|folder| store.names(folder)).map(|n| store.contents(&n).unwrap().len()).sum()
}

/// Three backups, the first two forgotten.
fn three() -> (Arc<SimStore>, World) {
    let (store, world) = world();
    (0..3).for_each(|version| drop(world.backup(&tree(version)).unwrap()));
    assert_eq!(forget_oldest(&world.open().unwrap(), 2).unwrap(), 2);
    (store, world)
}

pub fn assert_sound(world: &World, tree: &Tree) {
    world.assert_holds("latest", tree);
    World::over(Arc::clone(&world.store)).assert_holds("latest", tree);
    let (_, findings) = check(world, 100.0).unwrap();
    assert_eq!(findings, []);
}

#[test]
fn what_nobody_uses_goes_and_the_rest_comes_back() {
    let (store, world) = three();
    let before = bytes(&store);
    let dry = prune_opened(&world.open().unwrap(), How { dry_run: true, ..How::default() }).unwrap();
    assert_eq!(bytes(&store), before, "a dry run");
    let done = prune(&world).unwrap();
    assert_eq!((dry.unused_packs, dry.unused_bytes, dry.packs), (done.unused_packs, done.unused_bytes, done.packs));
    assert!(done.deleted_packs > 0 && done.deleted_bytes == done.unused_bytes, "{done:?}");
    assert_eq!(bytes(&store), before - done.deleted_bytes as usize);
    assert_eq!(store.names("index/").len(), 1, "one run in the place of all");
    for folder in ["condemned/", "deleted/", "sessions/", "ended/", "fences/"] {
        assert_eq!(store.names(folder), Vec::<String>::new());
    }
    assert_sound(&world, &tree(2));
    let again = prune(&world).unwrap();
    assert_eq!((again.unused_packs, again.deleted_packs), (0, 0));
    // What is backed up afterwards knows what is gone, and carries over what is there.
    let summary = world.backup(&tree(0)).unwrap();
    assert!(summary.had_parent, "{summary:?}");
    assert_sound(&world, &tree(0));
}

#[test]
fn what_was_forgotten_is_not_missed_here_nor_elsewhere() {
    let (_, world) = three();
    assert_eq!(world.backup(&tree(3)).unwrap().warnings, Vec::<String>::new());
    let other = World::over(Arc::clone(&world.store));
    assert_eq!(other.backup(&tree(4)).unwrap().warnings, Vec::<String>::new());
    assert_eq!(check(&world, 0.0).unwrap().1, []);
}

#[test]
fn the_last_valid_snapshot_stays() {
    let (store, world) = world();
    world.backup(&tree(0)).unwrap();
    let err = forget_oldest(&world.open().unwrap(), 1).unwrap_err();
    assert_eq!(err.kind, Kind::Refused);
    assert_eq!(store.names("snapshots/").len(), 1);
    assert_eq!(store.names("forgets/").len(), 0);
}

#[test]
fn a_writer_may_not_and_a_maintainer_may() {
    let (store, world) = three();
    for role in [Role::Writer, Role::Maintainer] {
        let (_, file) = world.open().unwrap().add_key(role, "box", None, NOW).unwrap();
        let state = tempfile::tempdir().unwrap();
        let opened = Arc::clone(&store) as Arc<dyn Store>;
        let repo = Repository::open(opened, Unlock::KeyFile(&file.unwrap(), None), state.path()).unwrap();
        if role == Role::Writer {
            assert_eq!(prune_opened(&repo, How::default()).unwrap_err().kind, Kind::NotAllowed);
            assert_eq!(forget_oldest(&repo, 0).unwrap_err().kind, Kind::NotAllowed);
        } else {
            assert!(prune_opened(&repo, How::default()).unwrap().deleted_packs > 0);
        }
    }
    assert_sound(&world, &tree(2));
}

#[test]
fn much_more_than_usual_is_asked_for_first() {
    let (store, world) = three();
    let before = bytes(&store);
    let err = prune_opened(&world.open().unwrap(), How { drop_percent_max: 10.0, ..How::default() }).unwrap_err();
    assert_eq!(err.kind, Kind::Refused);
    assert!(err.text.contains("--drop-max"), "{err}");
    assert_eq!((bytes(&store), store.names("condemned/").len()), (before, 0));
}

#[test]
fn stopped_at_every_operation_it_goes_on_and_loses_nothing() {
    let operations = {
        let (store, world) = three();
        let repo = world.open().unwrap();
        let before = store.operations();
        prune_opened(&repo, How::default()).unwrap();
        store.operations() - before
    };
    assert!(operations > 30);
    let thorough = std::env::var_os("ATALAYA_TESTS_FULL").is_some_and(|full| !full.is_empty());
    for k in 0..operations {
        let stops: [fn(u64) -> Stop; 2] = [Stop::Before, Stop::After];
        for stop in stops.into_iter().take(if thorough { 2 } else { 1 }) {
            let (store, world) = three();
            let repo = world.open().unwrap();
            store.stop_at(stop(store.operations() + k));
            let _ = prune_opened(&repo, How::default());
            drop(repo);
            store.restart();
            world.assert_holds("latest", &tree(2));
            assert_eq!(check(&world, 0.0).unwrap().1, [], "operation {k}");
            // A backup in between, here or elsewhere, stores what it needs.
            let other = World::over(Arc::clone(&world.store));
            other.now.lock().unwrap().secs += 86_400;
            let chosen = if k % 2 == 0 { &world } else { &other };
            let warnings = chosen.backup(&tree(1)).unwrap().warnings;
            assert_eq!(warnings, Vec::<String>::new(), "operation {k}");
            chosen.assert_holds("latest", &tree(1));
            let done = prune(&world).unwrap_or_else(|err| panic!("operation {k}: {err}"));
            assert_eq!(done.waiting, [], "operation {k}");
            let last = prune(&world).unwrap();
            assert_eq!(last.unused_packs, 0, "operation {k}: {last:?}");
            assert_sound(&world, &tree(1));
            assert_eq!(store.names("condemned/"), Vec::<String>::new(), "operation {k}");
            assert_eq!(store.names("sessions/"), Vec::<String>::new(), "operation {k}");
        }
    }
}

#[test]
fn a_backup_that_may_be_running_is_waited_for_and_then_fenced() {
    let (store, world) = three();
    // One that was killed: its session says nothing of its end.
    let dead = World::over(Arc::clone(&world.store));
    store.stop_after_put("data/");
    dead.backup(&tree(7)).unwrap_err();
    store.restart();
    let before = bytes(&store);
    let first = prune(&world).unwrap();
    assert_eq!((first.waiting.len(), first.deleted_packs, bytes(&store)), (1, 0, before));
    assert_eq!(store.names("condemned/").len(), 1, "the next one goes on from there");
    let second = prune(&world).unwrap();
    assert_eq!((second.waiting.len(), second.deleted_packs), (1, 0));
    let later = Time { secs: NOW.secs + 100 * 86_400, nanos: 0 };
    let third = prune_opened(&world.open().unwrap(), How { now: later, ..How::default() }).unwrap();
    assert_eq!((third.waiting.len(), third.fenced), (0, 1));
    assert!(third.deleted_packs > 0);
    assert_eq!(store.names("fences/").len(), 1, "whoever slept still finds it");
    assert_sound(&world, &tree(2));
}

/// A prune that fenced a backup lost power before it could say that the snapshot was there in time.
#[test]
fn a_torn_withdrawal_of_a_fence_is_written_anew() {
    let (store, world) = world();
    world.backup(&tree(0)).unwrap();
    let session = store.names("sessions/")[0].strip_prefix("sessions/").unwrap().to_owned();
    atalaya_repo::testing::fence(&world.open().unwrap(), &session).unwrap();
    store.put(&format!("unfenced/{session}"), Body::Bytes(b"torn")).unwrap();
    let fenced = || world.open().unwrap().snapshots().unwrap().0[0].fenced;
    assert!(fenced());
    prune(&world).unwrap();
    assert!(!fenced());
    assert_sound(&world, &tree(0));
}

#[test]
fn the_next_backup_says_that_one_that_was_killed_ended() {
    let (store, world) = three();
    store.stop_after_put("data/");
    world.backup(&tree(7)).unwrap_err();
    store.restart();
    world.backup(&tree(2)).unwrap();
    let done = prune(&world).unwrap();
    assert_eq!((done.waiting.len(), done.fenced), (0, 0));
    assert!(done.deleted_packs > 0);
    assert_sound(&world, &tree(2));
    let left = std::fs::read_dir(world.state.path()).unwrap().flatten().flat_map(|repo| std::fs::read_dir(repo.path()));
    let left: Vec<_> =
        left.flatten().flatten().filter(|file| file.file_name().as_encoded_bytes().starts_with(b"session-")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn what_is_odd_stops_it() {
    // A snapshot that is gone though nobody forgot it, one that is damaged, a run that is lost, a tree that cannot be read.
    for folder in ["snapshots/", "index/", "tree/"] {
        let (store, world) = world();
        (0..3).for_each(|version| drop(world.backup(&tree(version)).unwrap()));
        check(&world, 0.0).unwrap();
        let victim = store.names(folder)[0].clone();
        store.flip(&victim, store.contents(&victim).unwrap().len() / 2).unwrap();
        let others = World::over(Arc::clone(&world.store));
        let err = prune(&others).unwrap_err();
        assert!(matches!(err.kind, Kind::Refused | Kind::Damaged), "{folder}: {err}");
        store.lose(&victim).unwrap();
        let err = prune(&world).unwrap_err();
        assert!(matches!(err.kind, Kind::Refused | Kind::Damaged), "{folder}: {err}");
        assert_eq!(store.names("condemned/"), Vec::<String>::new());
    }
}
