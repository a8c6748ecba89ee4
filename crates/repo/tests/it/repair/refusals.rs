//! When a repair does nothing: no right to it, a store that hides what it has, reads that fail for a while.

use std::sync::Arc;

use atalaya_repo::{Kind, Repository, Role, Unlock};
use atalaya_store::{Fault, Rates, Retry, SimStore, Store};

use super::{Bench, repair, wounded, wounds};
use crate::copy::{Manner, copy_with};
use crate::damage::check_opened;
use crate::fixture::{NOW, World};

#[test]
fn only_an_owner_may() {
    let bench = Bench::new();
    let before = bench.contents();
    for role in [Role::Writer, Role::Maintainer] {
        let file = bench.open().unwrap().add_key(role, "other", None, NOW).unwrap().1.unwrap();
        let state = tempfile::tempdir().unwrap();
        let store = Arc::clone(&bench.store) as Arc<dyn Store>;
        let repo = Repository::open(store, Unlock::KeyFile(&file, None), state.path()).unwrap();
        let err = repair(&repo, true).unwrap_err();
        assert!(err.kind == Kind::NotAllowed && err.text.contains("owner's passphrase"), "{err}");
    }
    let after = bench.contents();
    let of_keys = |name: &str| name.starts_with("roster/") || name.starts_with("members/");
    assert!(after.keys().all(|name| before.contains_key(name) || of_keys(name)));
}

/// A listing that is not whole looks like packs that are gone.
#[test]
fn a_store_that_hides_what_it_has_is_refused() {
    let bench = Bench::new();
    let elsewhere = tempfile::tempdir().unwrap();
    let fresh = || bench.open_in(Arc::clone(&bench.store) as Arc<dyn Store>, elsewhere.path()).unwrap();
    // An index that is known, and a list of the store that lags behind it.
    assert!(repair(&fresh(), false).unwrap().0.is_nothing());
    let before = bench.contents();
    let packs = bench.store.names("data/").len() + bench.store.names("tree/").len();
    bench.store.lag_listing(packs as u64 + 4);
    for repo in [bench.open().unwrap(), fresh()] {
        match repair(&repo, true) {
            Err(err) => assert!(err.kind == Kind::Refused && err.text.contains("run it again"), "{err}"),
            Ok((summary, _)) => assert!(!summary.is_loss(), "{summary:?}"),
        }
    }
    bench.store.lag_listing(0);
    assert!(before.iter().all(|(name, bytes)| bench.store.contents(name).as_ref() == Some(bytes)));
}

/// Reads that fail now and then, beyond what is tried again: nothing is taken for lost that is not.
#[test]
fn silence_is_not_taken_for_loss() {
    let sound = Bench::new();
    for seed in 0..12 {
        let (wound, names) = wounds(&sound).remove(seed as usize % 4);
        let bench = wounded(&sound, &names);
        let before = bench.restorable();
        let inner = Arc::clone(&bench.store);
        let faulty = Retry::new(Fault::new(inner, Rates { before: 60, after: 20 }, seed), 3, |_| {});
        if let Ok(repo) = bench.open_in(Arc::new(faulty), bench.world.state.path()) {
            let _ = repair(&repo, true);
        }
        bench.assert_keeps(&before, wound);
        bench.repair(true).unwrap();
        bench.assert_keeps(&before, wound);
        bench.assert_sound(wound);
    }
}

/// A sector that cannot be read is damage all the same, while everything else can.
#[test]
fn a_bad_sector_is_damage() {
    let bench = Bench::new();
    let pack = bench.store.names("data/").remove(0);
    let bad = Fault::bad_sector(Arc::clone(&bench.store), &pack);
    let bad: Arc<dyn Store> = Arc::new(bad);
    let open = || bench.open_in(Arc::clone(&bad), bench.world.state.path()).unwrap();
    let (summary, _) = repair(&open(), true).unwrap();
    assert!(summary.dropped_packs == 1 && summary.lost_files > 0, "{summary:?}");
    assert_eq!(check_opened(&open(), 100.0).unwrap().1, []);
    assert!(repair(&open(), false).unwrap().0.is_nothing());
}

#[test]
fn a_replica_is_healed_by_its_primary() {
    let (bench, copy) = (Bench::new(), Arc::new(SimStore::new()));
    copy_with(&bench.open().unwrap(), Arc::clone(&copy) as Arc<dyn Store>, Manner::default()).unwrap();
    let world = World::over(copy as Arc<dyn Store>);
    let err = repair(&bench.open_in(Arc::clone(&world.store), world.state.path()).unwrap(), true).unwrap_err();
    assert!(err.kind == Kind::Refused && err.text.contains("it is a replica"), "{err}");
}
