//! A key that an owner left out of the newest epoch: what it cannot open is not damaged, and it stores nothing that it could
//! not read again.

use std::sync::Arc;

use atalaya_repo::check::Finding;
use atalaya_repo::view::View;
use atalaya_repo::{Kind, Role, hex};
use atalaya_store::Stop;

use super::{Bench, album, error, reads};
use crate::damage::check_opened;
use crate::fixture::{NOW, World, noise, read_content};
use crate::maintain::{How, forget_oldest, prune_opened};
use crate::repair::repair;

/// A snapshot of before the rotation, whose note alone is used in the first pack; and the key that was left out.
fn one(role: Role) -> (Bench, Vec<u8>) {
    let bench = Bench::new();
    let key = bench.key(role);
    bench.world.backup(&album(0)).unwrap();
    let mut tree = album(0);
    tree.file("photo", noise(7, 400_000)).meta.mtime.secs += 7;
    bench.world.backup(&tree).unwrap();
    forget_oldest(&bench.world.open().unwrap(), 1).unwrap();
    assert_eq!(bench.world.open().unwrap().rotate_keys(&[1], NOW).unwrap(), 1);
    (bench, key)
}

#[test]
fn only_a_key_that_there_is_can_be_left_out() {
    let bench = Bench::new();
    let err = error(bench.world.open().unwrap().rotate_keys(&[7], NOW));
    assert!(err.kind == Kind::NotFound && err.text.contains("no key 7") && err.text.contains("key list"), "{err}");
    assert_eq!(bench.store.names("epochs/"), Vec::<String>::new());
}

#[test]
fn what_it_cannot_open_is_not_damaged_and_what_decays_shows() {
    for role in [Role::Maintainer, Role::Owner] {
        let (bench, key) = one(role);
        bench.world.backup(&album(1)).unwrap();
        let opened = bench.open(&key).unwrap();
        let (summary, found) = check_opened(&opened, 100.0).unwrap();
        let [Finding::Harmless(told)] = &found[..] else { panic!("{found:?}") };
        assert!(told.contains("left out") && told.contains("key rotate"), "{told}");
        assert!(!summary.trees_checked && !summary.content_verified && summary.packs_read > 2);
        // Nothing was noted as damaged either: nothing is stored again.
        assert_eq!(bench.world.backup_with(&opened, &album(1)).unwrap().added_bytes, 0);
        for folder in ["data/", "tree/"] {
            let newest = |name: &String| bench.store.contents(name).unwrap()[9] == 1;
            let pack = bench.store.names(folder).into_iter().find(newest).unwrap();
            bench.store.flip(&pack, bench.store.contents(&pack).unwrap().len() / 2).unwrap();
            let found = check_opened(&bench.open(&key).unwrap(), 100.0).unwrap().1;
            assert!(found.iter().any(|one| matches!(one, Finding::Pack(text) if text.contains(&pack))), "{found:?}");
        }
    }
}

#[test]
fn it_stores_nothing_that_it_could_not_read_again() {
    let (bench, key) = one(Role::Owner);
    let packs = || [bench.store.names("data/"), bench.store.names("tree/")].concat();
    let before = packs();
    let err = error(prune_opened(&bench.open(&key).unwrap(), How { reencrypt: true, ..How::default() }));
    assert!(err.kind == Kind::NotAllowed && err.text.contains("left out"), "{err}");
    for apply in [false, true] {
        let err = error(repair(&bench.open(&key).unwrap(), apply));
        assert!(err.kind == Kind::NotAllowed && err.text.contains("left out"), "{err}");
    }
    // A pack that is worth giving up stays, and nothing is stored beside it.
    let how = || How { repack_percent: 1.0, ..How::default() };
    assert_eq!(prune_opened(&bench.open(&key).unwrap(), how()).unwrap().repacked_packs, 0);
    assert!(packs().iter().all(|pack| before.contains(pack)));
    assert_eq!(reads(&bench.open(&key).unwrap()).0.unwrap(), 2);
    assert!(prune_opened(&bench.world.open().unwrap(), how()).unwrap().repacked_packs > 0);
}

/// While a re-encryption waits, everything is there twice, and chance decides what is found first.
#[test]
fn it_reads_on_what_is_there_under_older_keys_too() {
    (0..6).for_each(|_| reads_on());
}

fn reads_on() {
    let (bench, key) = one(Role::Owner);
    bench.store.stop_after_put("sessions/");
    let other = World { workers: 1, ..World::over(Arc::clone(&bench.world.store)) };
    other.backup(&album(9)).unwrap_err();
    bench.store.restart();
    let how = How { reencrypt: true, ..How::default() };
    assert_eq!(prune_opened(&bench.world.open().unwrap(), how).unwrap().waiting.len(), 1);
    assert_eq!(bench.epochs(), [0, 1]);
    let opened = bench.open(&key).unwrap();
    let info = opened.snapshots().unwrap().0.remove(0);
    let snapshot = opened.open_snapshot(&info, 1).unwrap();
    let mut entries = snapshot.entries(b"").unwrap();
    let mut read = 0;
    while let Some(entry) = entries.next().unwrap_or_else(|err| panic!("{}: {err}", hex(&info.id))) {
        read += read_content(&snapshot, &entry).unwrap().len();
    }
    assert!(read > 300_000, "{read}");
}

/// Somebody who is cut off while a key is removed removes it the next time.
#[test]
fn a_key_that_is_removed_and_cut_off_at_every_operation_is_removed_the_next_time() {
    for k in 0.. {
        let bench = Bench::new();
        bench.world.open().unwrap().add_key(Role::Owner, "second", Some(b"other words"), NOW).unwrap();
        assert_eq!(bench.store.names("keys/").len(), 2);
        let mut repo = bench.world.open().unwrap();
        bench.store.stop_at(Stop::Before(bench.store.operations() + k));
        let done = repo.remove_key(1, NOW).is_ok();
        drop(repo);
        bench.store.restart();
        if done {
            assert!(k > 3, "{k}");
            assert_eq!(error(bench.world.open().unwrap().remove_key(1, NOW)).kind, Kind::NotFound);
            return;
        }
        // What was deleted and not synced may be gone all the same, or not.
        let again = bench.world.open().unwrap().remove_key(1, NOW);
        assert!(again.is_ok() || bench.store.names("keys/").len() == 1, "operation {k}");
        assert_eq!(bench.store.names("keys/").len(), 1, "operation {k}");
        assert!(bench.world.open().unwrap().keys().unwrap()[1].revoked_secs.is_some(), "operation {k}");
    }
}
