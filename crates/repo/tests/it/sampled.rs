//! Checks that read a part of what is stored: what nobody has read yet comes first, then what was read longest ago.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use atalaya_repo::Kind;
use atalaya_repo::check::{CheckOptions, CheckProgress, CheckSummary, Sample};
use atalaya_repo::model::Time;
use atalaya_store::{SimStore, Store};

use crate::damage::check_sample;
use crate::fixture::{NOW, Tree, World, init, noise};

/// Five backups: a pack of content and one of names each.
fn five() -> (Arc<SimStore>, World) {
    let store = Arc::new(SimStore::new());
    init(&*store).unwrap();
    let mut world = World::over(Arc::clone(&store) as Arc<dyn Store>);
    world.workers = 1;
    for version in 0..5 {
        let mut tree = Tree::default();
        tree.file("photo", noise(version, 300_000)).meta.mtime.secs += version as i64;
        world.backup(&tree).unwrap();
    }
    (store, world)
}

fn later(days: i64) -> Time {
    Time { secs: NOW.secs + days * 86_400, nanos: 0 }
}

fn read(world: &World, sample: Sample<'_>, days: i64) -> CheckSummary {
    let (summary, findings) = check_sample(&world.open().unwrap(), sample, later(days)).unwrap();
    assert_eq!(findings, []);
    summary
}

fn file_of(world: &World, name: &str) -> Option<std::path::PathBuf> {
    let repo = std::fs::read_dir(world.state.path()).unwrap().flatten().find(|entry| entry.path().is_dir()).unwrap();
    Some(repo.path().join(name)).filter(|path| path.exists())
}

#[test]
fn what_was_read_longest_ago_comes_first() {
    let (_, world) = five();
    let packs = read(&world, Sample::Nothing, 0).packs as i64;
    assert!(packs >= 10);
    for day in 0..packs {
        let done = read(&world, Sample::Bytes(1), day);
        assert_eq!((done.packs_read, done.packs_never_read as i64), (1, packs - day - 1), "day {day}");
        assert_eq!(done.oldest_read_secs, Some(NOW.secs), "day {day}");
    }
    // Now each is read again in its turn.
    for day in packs..2 * packs {
        let done = read(&world, Sample::Bytes(1), day);
        assert_eq!((done.packs_read, done.packs_never_read), (1, 0), "day {day}");
        assert_eq!(done.oldest_read_secs, Some(later(day - packs + 1).secs), "day {day}");
    }
    // What a backup adds is new.
    let mut tree = Tree::default();
    tree.file("photo", noise(99, 300_000)).meta.mtime.secs += 99;
    world.backup(&tree).unwrap();
    let done = read(&world, Sample::Bytes(1), 100);
    assert_eq!(done.packs_never_read as i64, done.packs as i64 - packs - 1);
    // Two halves are all of it, but for the pack in the middle.
    let half = read(&world, Sample::Percent(50.0), 101);
    let other = read(&world, Sample::Percent(50.0), 102);
    assert!(half.packs_read + other.packs_read >= done.packs && half.packs_read < done.packs, "{half:?} {other:?}");
    assert_eq!(other.packs_never_read, 0);
    assert_eq!(read(&world, Sample::Percent(100.0), 103).oldest_read_secs, Some(later(103).secs));
}

#[test]
fn a_check_that_is_stopped_or_out_of_time_remembers_what_it_read() {
    let (_, world) = five();
    let asked = AtomicU64::new(0);
    let two = || asked.fetch_add(1, Ordering::Relaxed) < 2;
    let done = read(&world, Sample::While(&two), 0);
    assert_eq!((done.packs_read, done.packs_never_read), (2, done.packs - 2));
    let (stop, spool) = (AtomicBool::new(false), tempfile::tempdir().unwrap());
    // Asked for the second time it is stopped; that pack is not read any more.
    let calls = AtomicU64::new(0);
    let go = || {
        stop.store(calls.fetch_add(1, Ordering::Relaxed) > 0, Ordering::Relaxed);
        true
    };
    let options = CheckOptions {
        sample: Sample::While(&go),
        now: &|| later(1),
        threads: 1,
        spool: spool.path(),
        stop: &stop,
        finding: &|finding| panic!("{finding:?}"),
        progress: &CheckProgress::default(),
    };
    assert_eq!(world.open().unwrap().check(&options).unwrap_err().kind, Kind::Interrupted);
    assert_eq!(read(&world, Sample::Bytes(1), 2).packs_never_read, done.packs - 4);
}

#[test]
fn a_torn_memory_is_none() {
    let (_, world) = five();
    let packs = read(&world, Sample::Percent(100.0), 0).packs;
    let path = file_of(&world, "read-packs").unwrap();
    let whole = std::fs::read(&path).unwrap();
    let mut flipped = whole.clone();
    flipped[30] ^= 1;
    for bad in [&whole[..whole.len() - 21], &whole[..7], &[], &flipped] {
        std::fs::write(&path, bad).unwrap();
        assert_eq!(read(&world, Sample::Bytes(1), 1).packs_never_read, packs - 1);
    }
    // And another machine knows nothing of it.
    let mut other = World::over(Arc::clone(&world.store));
    other.workers = 1;
    assert_eq!(read(&other, Sample::Bytes(1), 1).packs_never_read, packs - 1);
}

#[test]
fn what_is_damaged_is_not_taken_for_read_and_mended_ones_are_trusted_again() {
    let (store, world) = five();
    let victim = store.names("data/")[0].clone();
    let whole = store.contents(&victim).unwrap();
    store.flip(&victim, whole.len() / 2).unwrap();
    let (done, findings) = check_sample(&world.open().unwrap(), Sample::Percent(100.0), NOW).unwrap();
    assert!(!findings.is_empty());
    assert_eq!(done.packs_never_read, 1);
    assert!(file_of(&world, "damaged").is_some());
    store.damage(&victim, |bytes| *bytes = whole.clone()).unwrap();
    // The one that was never sound comes first.
    assert_eq!(read(&world, Sample::Bytes(1), 1).packs_never_read, 0);
    assert!(file_of(&world, "damaged").is_none(), "the next backup relies on it");
}
