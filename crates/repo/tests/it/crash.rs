//! The program, the machine or the disk gives out at any moment: what was committed stays, the next backup succeeds.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use atalaya_repo::Kind;
use atalaya_repo::check::Finding;
use atalaya_store::{Loss, SimStore, Stop, Store};

use crate::damage::check;
use crate::fixture::{Tree, World, init, noise};

fn first() -> Tree {
    let mut tree = Tree::default();
    for n in 0..40 {
        tree.file(&format!("notes/{n}"), format!("note {n}"));
    }
    tree.file("large", noise(1, 1_500_000));
    tree
}

fn second() -> Tree {
    let mut tree = first();
    for n in 0..12 {
        tree.file(&format!("photo {n}"), noise(100 + n, 2_500_000));
    }
    tree
}

fn world() -> (Arc<SimStore>, World) {
    let store = Arc::new(SimStore::new());
    init(&*store).unwrap();
    let world = World::over(Arc::clone(&store) as Arc<dyn Store>);
    world.backup(&first()).unwrap();
    (store, world)
}

/// After whatever happened: sound, the old snapshot whole, the next backup whole, with this state folder or another.
fn assert_recovers(world: &World, what: &str) {
    assert_eq!(findings_after(world, what), [], "{what}");
}

/// The same where a lying disk may tear what died before it was synced: the announcement of the session, an index run
/// that no later one relies on, and the snapshot of a backup that nobody was told had succeeded. Nothing depends on them;
/// unless the state folder has what the index run names, and later backups took that for stored.
fn assert_recovers_torn(world: &World, what: &str) {
    let mut findings = findings_after(world, what);
    findings.retain(|f| match f {
        Finding::Harmless(text) => !text.starts_with("sessions/"),
        Finding::Snapshot(text) => !text.starts_with("snapshot "),
        Finding::Object(text) => {
            !text.starts_with("index run ") || text.contains("sound copy") || text.contains("restored only here")
        }
        _ => true,
    });
    assert_eq!(findings, [], "{what}");
}

fn findings_after(world: &World, what: &str) -> Vec<Finding> {
    let latest = if world.open().unwrap().snapshots().unwrap().0.len() > 1 { second() } else { first() };
    assert_latest(world, &latest);
    world.backup(&second()).unwrap_or_else(|err| panic!("{what}: {err}"));
    assert_latest(world, &second());
    let (summary, findings) = check(world, 100.0).unwrap();
    assert!(summary.snapshots >= 2, "{what}");
    findings
}

/// Also for whoever has nothing but the repository.
fn assert_latest(world: &World, tree: &Tree) {
    world.assert_holds("latest", tree);
    World::over(Arc::clone(&world.store)).assert_holds("latest", tree);
}

/// Number of store operations of the second backup.
fn operations() -> u64 {
    let (store, world) = world();
    let before = store.operations();
    world.backup(&second()).unwrap();
    store.operations() - before
}

#[test]
fn stopped_at_every_operation() {
    let total = operations();
    assert!(total > 20);
    for k in 0..total {
        for stop in [Stop::Before(0), Stop::After(0)] {
            let (store, world) = world();
            let at = store.operations() + k;
            let stop = match stop {
                Stop::Before(_) => Stop::Before(at),
                Stop::After(_) => Stop::After(at),
            };
            store.stop_at(stop);
            let err = world.backup(&second());
            store.restart();
            assert!(err.is_err() || k + 3 >= total, "operation {k} of {total}");
            assert_recovers(&world, &format!("stopped at operation {k}"));
        }
    }
}

#[test]
fn power_cut_at_every_operation() {
    let total = operations();
    for k in 0..total {
        let (store, world) = world();
        store.sync().unwrap();
        store.stop_at(Stop::Before(store.operations() + k));
        let _ = world.backup(&second());
        let loss = if k % 2 == 0 { Loss::Whole } else { Loss::Torn };
        assert_power_cut(&store, &world, k, loss, &format!("power cut at operation {k}"));
    }
}

/// Which operation that is differs from run to run, since packs fill as the workers come.
#[test]
fn power_cut_behind_an_index_run() {
    for (seed, loss) in [(0, Loss::Whole), (1, Loss::Whole), (2, Loss::Torn), (3, Loss::Torn), (4, Loss::Cut)] {
        let (store, world) = world();
        store.sync().unwrap();
        store.stop_after_put("index/");
        world.backup(&second()).unwrap_err();
        assert_power_cut(&store, &world, seed, loss, &format!("power cut behind an index run, {loss:?} {seed}"));
    }
}

fn assert_power_cut(store: &SimStore, world: &World, seed: u64, loss: Loss, what: &str) {
    store.restart();
    store.power_cut(seed, loss);
    match loss {
        Loss::Whole => assert_recovers(world, what),
        Loss::Torn | Loss::Cut => assert_recovers_torn(world, what),
    }
}

#[test]
fn an_interrupted_backup_is_reused() {
    let (store, world) = world();
    let total = operations();
    // Everything is uploaded and named by an index run; only the snapshot is missing.
    store.stop_at(Stop::Before(store.operations() + total - 3));
    world.backup(&second()).unwrap_err();
    store.restart();
    let summary = world.backup(&second()).unwrap();
    assert_eq!(summary.new_chunks, 0, "{summary:?}");
}

#[test]
fn a_full_store_says_so_and_loses_nothing() {
    let (store, world) = world();
    let used: usize = store.names("").iter().map(|n| store.contents(n).unwrap().len()).sum();
    for more in [0, 100, 2_000, 1_000_000, 9_000_000, 20_000_000] {
        store.set_capacity(Some((used + more) as u64));
        let err = world.backup(&second()).unwrap_err();
        assert_eq!(err.kind, Kind::Full, "{err}");
        world.assert_holds("latest", &first());
    }
    store.set_capacity(None);
    assert_recovers(&world, "a full store");
}

/// Much is still to be read when the workers have ended: nobody may wait for them then.
#[test]
fn a_store_that_fills_up_early_ends_the_backup_at_once() {
    let mut many = Tree::default();
    for n in 0..800 {
        many.file(&format!("file {n:04}"), noise(n, 200_000));
    }
    let mut large = Tree::default();
    large.file("large", noise(1, 160_000_000));
    for tree in [many, large] {
        let (sender, ended) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let store = Arc::new(SimStore::new());
            let world = World::over(Arc::clone(&store) as Arc<dyn Store>);
            init(&*store).unwrap();
            store.set_capacity(Some(20_000_000));
            let result = world.backup(&tree);
            let _ = sender.send((result.map(|_| ()).unwrap_err(), world.read_bytes.load(Ordering::Relaxed)));
        });
        let (err, read) = ended.recv_timeout(Duration::from_secs(300)).expect("the backup ends");
        assert_eq!(err.kind, Kind::Full, "{err}");
        assert!(read < 120_000_000, "it goes on reading for nothing: {read}");
    }
}

#[test]
fn two_at_once_with_one_state_folder_both_succeed() {
    for _ in 0..10 {
        let (_, world) = world();
        let (a, b) = (first(), second());
        std::thread::scope(|scope| {
            let one = scope.spawn(|| world.backup(&b).unwrap());
            let two = scope.spawn(|| world.backup(&a).unwrap());
            one.join().unwrap();
            two.join().unwrap();
        });
        world.backup(&b).unwrap();
        world.assert_holds("latest", &b);
        assert_eq!(check(&world, 100.0).unwrap().1, []);
    }
}

#[test]
fn two_at_once_both_succeed() {
    let (store, world) = world();
    let other = World::over(store as Arc<dyn Store>);
    let (a, b) = (first(), second());
    std::thread::scope(|scope| {
        let one = scope.spawn(|| world.backup(&b).unwrap());
        let two = scope.spawn(|| other.backup(&a).unwrap());
        one.join().unwrap();
        two.join().unwrap();
    });
    let (summary, findings) = check(&world, 100.0).unwrap();
    assert_eq!(findings, []);
    assert_eq!(summary.snapshots, 3);
}
