//! Packs of which little is used are given up: what is used of them is stored once more, and is never the only copy before
//! it was read back.

use std::sync::Arc;

use atalaya_repo::maintain::PruneSummary;
use atalaya_repo::model::Time;
use atalaya_repo::view::View;
use atalaya_repo::{Repository, Result, Role, Selector, Unlock};
use atalaya_store::{Loss, SimStore, Stop, Store};

use crate::fixture::{NOW, Tree, World, init, noise, read_content};
use crate::maintain::{How, assert_sound, bytes, forget_oldest, prune_opened};

/// Photographs of which every third is another one each time.
fn album(version: u64) -> Tree {
    let mut tree = Tree::default();
    for n in 0..6 {
        let seed = if n % 3 == 0 { n } else { 1000 * (version + 1) + n };
        tree.file(&format!("photo {n}"), noise(seed, 300_000)).meta.mtime.secs += seed as i64;
    }
    tree
}

/// Three backups, the first two forgotten: of the first one's packs a third is used.
fn three() -> (Arc<SimStore>, World) {
    let store = Arc::new(SimStore::new());
    init(&*store).unwrap();
    let mut world = World::over(Arc::clone(&store) as Arc<dyn Store>);
    world.workers = 1;
    (0..3).for_each(|version| drop(world.backup(&album(version)).unwrap()));
    assert_eq!(forget_oldest(&world.open().unwrap(), 2).unwrap(), 2);
    (store, world)
}

fn how() -> How {
    How { repack_percent: 1.0, ..How::default() }
}

/// With little more allowed to go than goes: 2,400 of 4,200 KB, and 600 that were stored once more when it was cut off before
/// a run named them.
fn strict() -> How {
    How { drop_percent_max: 64.0, ..how() }
}

fn repack(world: &World) -> Result<PruneSummary> {
    prune_opened(&world.open()?, how())
}

fn left(store: &SimStore) -> Vec<String> {
    ["condemned/", "sessions/", "ended/"].iter().flat_map(|folder| store.names(folder)).collect()
}

/// Bytes after a prune that nothing disturbs.
fn clean() -> usize {
    let (store, world) = three();
    repack(&world).unwrap();
    bytes(&store)
}

#[test]
fn what_is_used_in_part_is_given_up() {
    let (store, world) = three();
    let before = bytes(&store);
    let dry = prune_opened(&world.open().unwrap(), How { dry_run: true, ..how() }).unwrap();
    assert_eq!(bytes(&store), before);
    let done = repack(&world).unwrap();
    assert!(dry.repacked_packs > 0 && dry.repacked_unused_bytes > 0, "{dry:?}");
    let counts = |one: &PruneSummary| (one.repacked_packs, one.repacked_bytes, one.repacked_unused_bytes);
    assert_eq!(counts(&dry), counts(&done));
    assert_eq!((done.locked_bytes, done.warnings.len()), (0, 0), "{done:?}");
    assert!(done.deleted_packs > dry.unused_packs);
    // Six photographs are left of fourteen.
    assert!((1_800_000..1_900_000).contains(&bytes(&store)), "{before} {}", bytes(&store));
    assert_eq!((left(&store), store.names("index/").len()), (Vec::<String>::new(), 1));
    assert_sound(&world, &album(2));
    let again = repack(&world).unwrap();
    assert_eq!((again.repacked_packs, again.unused_packs, again.deleted_packs), (0, 0, 0));
    let summary = world.backup(&album(0)).unwrap();
    assert!(summary.had_parent && summary.warnings.is_empty(), "{summary:?}");
    assert_sound(&world, &album(0));
}

#[test]
fn a_maintainer_gives_up_trees_alone() {
    let (store, world) = three();
    let (_, file) = world.open().unwrap().add_key(Role::Maintainer, "box", None, NOW).unwrap();
    let state = tempfile::tempdir().unwrap();
    let opened = Arc::clone(&store) as Arc<dyn Store>;
    let repo = Repository::open(opened, Unlock::KeyFile(&file.unwrap(), None), state.path()).unwrap();
    let done = prune_opened(&repo, how()).unwrap();
    assert!(done.locked_bytes > 0, "what cannot be opened is not copied: {done:?}");
    drop(repo);
    assert_sound(&world, &album(2));
    assert_eq!(repack(&world).unwrap().locked_bytes, 0, "an owner goes on");
    assert_sound(&world, &album(2));
}

#[test]
fn stopped_at_every_operation_it_goes_on_and_leaves_nothing_twice() {
    let operations = {
        let (store, world) = three();
        let repo = world.open().unwrap();
        let before = store.operations();
        prune_opened(&repo, how()).unwrap();
        store.operations() - before
    };
    let (clean, thorough) = (clean(), std::env::var_os("ATALAYA_TESTS_FULL").is_some_and(|full| !full.is_empty()));
    for k in (0..operations).step_by(if thorough { 1 } else { 4 }) {
        let stops: [fn(u64) -> Stop; 2] = [Stop::Before, Stop::After];
        for stop in stops.into_iter().take(if thorough { 2 } else { 1 }) {
            let (store, world) = three();
            let repo = world.open().unwrap();
            store.stop_at(stop(store.operations() + k));
            let _ = prune_opened(&repo, how());
            drop(repo);
            store.restart();
            world.assert_holds("latest", &album(2));
            World::over(Arc::clone(&world.store)).assert_holds("latest", &album(2));
            let done = prune_opened(&world.open().unwrap(), strict());
            let done = done.unwrap_or_else(|err| panic!("operation {k}: {err}"));
            assert_eq!(done.waiting, [], "operation {k}");
            let last = repack(&world).unwrap();
            assert_eq!((last.unused_packs, last.locked_bytes), (0, 0), "operation {k}: {last:?}");
            assert_sound(&world, &album(2));
            assert!(bytes(&store) < clean + clean / 20, "operation {k}: {} instead of {clean}", bytes(&store));
            assert_eq!(left(&store), Vec::<String>::new(), "operation {k}");
        }
    }
}

#[test]
fn a_power_cut_at_any_operation_loses_nothing() {
    let operations = {
        let (store, world) = three();
        let repo = world.open().unwrap();
        let before = store.operations();
        prune_opened(&repo, how()).unwrap();
        store.operations() - before
    };
    let (clean, thorough) = (clean(), std::env::var_os("ATALAYA_TESTS_FULL").is_some_and(|full| !full.is_empty()));
    for k in (0..operations).skip(1).step_by(if thorough { 1 } else { 5 }) {
        let (store, world) = three();
        let repo = world.open().unwrap();
        store.stop_at(Stop::Before(store.operations() + k));
        let _ = prune_opened(&repo, how());
        drop(repo);
        store.power_cut(k, Loss::Whole);
        // Whoever lost what it knew, too.
        for other in [World::over(Arc::clone(&world.store)), world] {
            other.assert_holds("latest", &album(2));
            let done = prune_opened(&other.open().unwrap(), How { grace_secs: -100 * 86_400, ..how() });
            done.unwrap_or_else(|err| panic!("power cut at operation {k}: {err}"));
            assert_sound(&other, &album(2));
        }
        assert!(bytes(&store) < clean + clean / 20, "operation {k}: {} instead of {clean}", bytes(&store));
    }
}

/// A backup that was killed keeps the first prune from deleting; meanwhile what that stored once more rots, or is lost.
#[test]
fn what_does_not_read_back_is_not_relied_on() {
    for loses in [false, true] {
        let (store, world) = three();
        let dead = World::over(Arc::clone(&world.store));
        store.stop_after_put("data/");
        dead.backup(&album(7)).unwrap_err();
        store.restart();
        let before = store.names("data/");
        let first = repack(&world).unwrap();
        assert_eq!((first.waiting.len(), first.deleted_packs), (1, 0));
        let made: Vec<String> = store.names("data/").into_iter().filter(|name| !before.contains(name)).collect();
        assert!(!made.is_empty(), "{first:?}");
        for name in &made {
            match loses {
                true => store.lose(name).unwrap(),
                false => store.flip(name, store.contents(name).unwrap().len() / 2).unwrap(),
            }
        }
        let later = Time { secs: NOW.secs + 100 * 86_400, nanos: 0 };
        let second = prune_opened(&world.open().unwrap(), How { now: later, ..how() }).unwrap();
        assert!(second.spared_packs > 0, "{second:?}");
        assert_eq!(second.warnings.iter().any(|text| text.contains("does not read back")), !loses, "{second:?}");
        world.assert_holds("latest", &album(2));
        World::over(Arc::clone(&world.store)).assert_holds("latest", &album(2));
    }
}

/// Of a pack that cannot be read whole nothing is copied: it stays, and so does what is told of it.
#[test]
fn what_cannot_be_read_stays_where_it_is() {
    let (store, world) = three();
    for name in store.names("data/") {
        let len = store.contents(&name).unwrap().len();
        (1..20).for_each(|part| store.flip(&name, len * part / 20).unwrap());
    }
    let before = (store.names("data/").len(), bytes(&store));
    let done = repack(&world).unwrap();
    assert!(!done.warnings.is_empty() && done.locked_bytes > 0, "{done:?}");
    assert!(store.names("data/").len() <= before.0 && bytes(&store) <= before.1, "nothing was added");
}

/// Whoever reads when a prune takes packs away finds what it put elsewhere.
#[test]
fn a_restore_that_goes_on_meanwhile_finds_it() {
    let (store, world) = three();
    let reader = World::over(Arc::clone(&world.store));
    let repo = reader.open().unwrap();
    let info = repo.find_snapshot(&Selector::Latest).unwrap();
    let snapshot = repo.open_snapshot(&info, 2).unwrap();
    assert!(repack(&world).unwrap().repacked_packs > 0);
    let mut entries = snapshot.entries(b"").unwrap();
    let mut files = 0;
    while let Some(entry) = entries.next().unwrap() {
        assert!(read_content(&snapshot, &entry).is_ok(), "{entry:?}");
        files += 1;
    }
    assert_eq!(files, album(2).nodes.len());
    // What is really lost is asked for once, and not for every blob.
    store.names("data/").iter().for_each(|name| store.lose(name).unwrap());
    let before = store.operations();
    let mut entries = snapshot.entries(b"").unwrap();
    while let Some(entry) = entries.next().unwrap() {
        let _ = read_content(&snapshot, &entry);
    }
    assert!(store.operations() - before < 60, "{}", store.operations() - before);
}
