//! Others are at work at the same time, and retention looks at what was made anew.

use std::sync::Arc;

use atalaya_repo::Kind;
use atalaya_repo::model::Time;
use atalaya_store::Store;

use super::{Bench, repair, wounded, wounds};
use crate::fixture::NOW;
use crate::maintain::{How, prune_opened};

#[test]
fn two_at_once_on_two_machines_both_succeed() {
    let sound = Bench::new();
    for (wound, names) in wounds(&sound) {
        let bench = wounded(&sound, &names);
        let before = bench.restorable();
        let elsewhere = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            let one = scope.spawn(|| bench.repair(true));
            let store = Arc::clone(&bench.store) as Arc<dyn Store>;
            let two = scope.spawn(|| repair(&bench.open_in(store, elsewhere.path()).unwrap(), true));
            // Who comes upon what the other one took away meanwhile may say so.
            let results = [one.join().unwrap().map(|_| ()), two.join().unwrap().map(|_| ())];
            assert!(results.iter().any(Result::is_ok), "{wound}: {results:?}");
        });
        bench.assert_keeps(&before, wound);
        bench.repair(true).unwrap();
        bench.assert_keeps(&before, wound);
        bench.assert_sound(wound);
    }
}

#[test]
fn one_with_the_same_state_folder_waits_for_its_end() {
    let bench = Bench::new();
    let repo = bench.open().unwrap();
    let state = std::fs::read_dir(bench.world.state.path()).unwrap().map(|entry| entry.unwrap().path());
    let lock = state.filter(|path| path.is_dir()).map(|path| path.join("prune-lock")).next().unwrap();
    let held = std::fs::File::create(lock).unwrap();
    held.lock().unwrap();
    let err = repair(&repo, true).unwrap_err();
    assert!(err.kind == Kind::Refused && err.text.contains("wait for its end"), "{err}");
}

/// What was dropped goes with the next prune, and what was stored once more stays.
#[test]
fn a_prune_takes_away_what_was_dropped() {
    let sound = Bench::new();
    let (wound, names) = wounds(&sound).remove(0);
    let bench = wounded(&sound, &names);
    let before = bench.restorable();
    bench.repair(true).unwrap();
    let how = How { grace_secs: 0, ..How::default() };
    let summary = prune_opened(&bench.open().unwrap(), how);
    assert!(summary.unwrap().deleted_packs > 0);
    assert!(bench.store.contents(&names[0]).is_none());
    bench.assert_keeps(&before, wound);
    bench.assert_sound(wound);
}

/// Else all of an old repository would be a day old, and forgotten but for one.
#[test]
fn a_snapshot_made_anew_is_as_old_as_it_was() {
    let sound = Bench::new();
    let bench = wounded(&sound, &wounds(&sound)[1].1);
    let look = |now: i64| {
        let repo = bench.open().unwrap();
        let (snapshots, _) = repo.snapshots().unwrap();
        let times = repo.sightings(&snapshots, Time { secs: now, nanos: 0 }).unwrap();
        times.iter().map(|sighting| sighting.time_secs).collect::<Vec<_>>()
    };
    let before = look(NOW.secs + 10_000);
    look(NOW.secs + 9_000_000);
    bench.repair(true).unwrap();
    let after = look(NOW.secs + 9_100_000);
    assert!(!after.is_empty() && after.iter().all(|time| before.contains(time)), "{before:?} {after:?}");
}
