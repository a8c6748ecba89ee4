//! What is stored already goes to the newest keys, in rounds, and nothing is lost wherever that ends.

use std::sync::{Arc, Mutex};

use atalaya_repo::maintain::PruneSummary;
use atalaya_repo::{Kind, Result, Role};
use atalaya_store::Stop;

use super::{Bench, album, error};
use crate::damage::check;
use crate::fixture::World;
use crate::maintain::{How, assert_sound, prune_opened};

fn how() -> How {
    How { reencrypt: true, ..How::default() }
}

/// Three snapshots of before a rotation, and one of after it.
fn four() -> Bench {
    let bench = Bench::new();
    (0..3).for_each(|version| drop(bench.world.backup(&album(version)).unwrap()));
    bench.rotate().unwrap();
    bench.world.backup(&album(3)).unwrap();
    bench
}

/// Rounds of at most `room` bytes until nothing is left.
fn rounds(bench: &Bench, room: u64) -> Result<Vec<PruneSummary>> {
    let mut out = Vec::new();
    loop {
        let done = prune_opened(&bench.world.open()?, How { room, ..how() })?;
        let goes_on = done.more;
        out.push(done);
        if !goes_on {
            return Ok(out);
        }
    }
}

fn assert_all_there(bench: &Bench) {
    let all = bench.world.open().unwrap().snapshots().unwrap().0;
    for (version, info) in all.iter().enumerate() {
        World::over(Arc::clone(&bench.world.store)).assert_holds(&atalaya_repo::hex(&info.id), &album(version as u64));
    }
}

#[test]
fn everything_goes_to_the_newest_keys_in_rounds_that_need_little_room() {
    let bench = four();
    assert_eq!(bench.epochs(), [0, 1]);
    let before = bench.store.names("");
    let dry = prune_opened(&bench.world.open().unwrap(), How { dry_run: true, room: 400_000, ..how() }).unwrap();
    assert_eq!(bench.store.names(""), before);
    let done = rounds(&bench, 400_000).unwrap();
    assert!(done.len() >= 3, "{}", done.len());
    let (packs, bytes) = done.iter().fold((0, 0), |sum, one| (sum.0 + one.repacked_packs, sum.1 + one.repacked_bytes));
    assert_eq!((packs, bytes), (dry.repacked_packs + dry.old_packs, dry.repacked_bytes + dry.old_bytes));
    assert!(bytes > 900_000 && done.iter().all(|one| one.repacked_bytes < 700_000), "{done:?}");
    let last = done.last().unwrap();
    assert_eq!((last.old_packs, last.old_bytes, last.warnings.len()), (0, 0, 0));
    assert_eq!(bench.epochs(), [1]);
    assert_all_there(&bench);
    assert_sound(&bench.world, &album(3));
    let again = rounds(&bench, 1 << 30).unwrap();
    assert_eq!((again.len(), again[0].repacked_packs, again[0].deleted_packs), (1, 0, 0));
}

#[test]
fn what_each_pack_is_sealed_under_is_looked_up_once() {
    let bench = four();
    let look = |how: How| {
        let repo = bench.world.open().unwrap();
        let before = bench.store.operations();
        prune_opened(&repo, How { dry_run: true, ..how }).unwrap();
        bench.store.operations() - before
    };
    look(How::default());
    let (first, second) = (look(how()), look(how()));
    let packs = bench.store.names("data/").len() + bench.store.names("tree/").len();
    assert_eq!(first - second, packs as u64);
}

#[test]
fn stopped_at_every_operation_it_goes_on_and_loses_nothing() {
    let operations = {
        let bench = four();
        let repo = bench.world.open().unwrap();
        let before = bench.store.operations();
        prune_opened(&repo, how()).unwrap();
        bench.store.operations() - before
    };
    let thorough = std::env::var_os("ATALAYA_TESTS_FULL").is_some_and(|full| !full.is_empty());
    for k in (0..operations).step_by(if thorough { 1 } else { 9 }) {
        let bench = four();
        let repo = bench.world.open().unwrap();
        bench.store.stop_at(Stop::Before(bench.store.operations() + k));
        let _ = prune_opened(&repo, how());
        drop(repo);
        bench.store.restart();
        bench.world.assert_holds("latest", &album(3));
        rounds(&bench, 1 << 30).unwrap_or_else(|err| panic!("operation {k}: {err}"));
        assert_eq!(bench.epochs(), [1], "operation {k}");
        assert_all_there(&bench);
        assert_eq!(check(&bench.world, 100.0).unwrap().1, [], "operation {k}");
    }
}

#[test]
fn a_backup_that_is_running_is_waited_for() {
    let bench = four();
    bench.store.stop_after_put("data/");
    let now = Mutex::new(*bench.world.now.lock().unwrap());
    let other = World { now, workers: 1, ..World::over(Arc::clone(&bench.world.store)) };
    other.backup(&album(9)).unwrap_err();
    bench.store.restart();
    let waits = rounds(&bench, 1 << 30).unwrap().remove(0);
    assert!(waits.waiting.len() == 1 && waits.deleted_packs == 0, "{waits:?}");
    assert_eq!(bench.epochs(), [0, 1]);
    assert_all_there(&bench);
    // The next backup there says that it ended.
    other.backup(&album(4)).unwrap();
    rounds(&bench, 1 << 30).unwrap();
    assert_eq!(bench.epochs(), [1]);
    assert_all_there(&bench);
}

#[test]
fn it_takes_an_owner_and_newer_keys() {
    let bench = Bench::new();
    bench.world.backup(&album(0)).unwrap();
    let err = error(prune_opened(&bench.world.open().unwrap(), how()));
    assert!(err.kind == Kind::Usage && err.text.contains("key rotate"), "{err}");
    let key = bench.key(Role::Maintainer);
    bench.rotate().unwrap();
    assert_eq!(error(prune_opened(&bench.open(&key).unwrap(), how())).kind, Kind::NotAllowed);
    assert_eq!(bench.epochs(), [0]);
}
