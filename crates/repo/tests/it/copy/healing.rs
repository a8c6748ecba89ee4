//! What is damaged in one store comes back from another.

use atalaya_store::Fault;

use super::*;

const HEAL: Manner = Manner { heal: true, dry_run: false, init: false, drop_percent_max: None };

/// A primary and a replica that are the same, and what each object was.
fn same() -> (Home, Arc<SimStore>) {
    let (home, away) = (Home::new(), Arc::new(SimStore::new()));
    (0..2).for_each(|version| home.backup(version));
    home.copy(&away).unwrap();
    (home, away)
}

fn middle(store: &SimStore, name: &str) -> usize {
    store.contents(name).unwrap().len() / 2
}

#[test]
fn a_sound_object_takes_the_place_of_a_damaged_one_on_either_side() {
    let (home, away) = same();
    for folder in ["data/", "tree/", "index/", "snapshots/", "keys/"] {
        for primary in [true, false] {
            for way in 0..2 {
                let what = format!("{folder} of the {}, way {way}", if primary { "primary" } else { "replica" });
                let victim = if primary { &home.store } else { &away };
                let name = victim.names(folder)[0].clone();
                match way {
                    // In a key file what is sealed shows nothing; its form does.
                    0 => victim.flip(&name, if folder == "keys/" { 0 } else { middle(victim, &name) }).unwrap(),
                    _ => victim.truncate(&name, middle(victim, &name)).unwrap(),
                }
                let done = home.copy_as(&away, HEAL).unwrap();
                let healed = (done.healed_here, done.healed_there);
                assert_eq!(healed, if primary { (1, 0) } else { (0, 1) }, "{what}: {done:?}");
                assert_eq!(done.troubles, 0, "{what}: {done:?}");
                assert_eq!(differences(&home.store, &away), Vec::<String>::new(), "{what}");
            }
        }
        assert_whole(&home, &away, &[0, 1], folder);
    }
    let (_, findings) = check_opened(&home.open(), 100.0).unwrap();
    assert_eq!(findings, []);
}

#[test]
fn what_is_damaged_at_the_primary_is_told_and_not_copied() {
    let (home, away) = same();
    let other = Arc::new(SimStore::new());
    let to_other = |how| copy_with(&home.open(), Arc::new(At(Arc::clone(&other), "other")), how);
    let name = home.store.names("data/")[0].clone();
    home.store.flip(&name, middle(&home.store, &name)).unwrap();
    // A replica that has it already is left alone, since nothing of it is read.
    assert_eq!(home.copy(&away).unwrap().troubles, 0);
    let done = to_other(Manner::default()).unwrap();
    assert_eq!(done.troubles, 1, "{done:?}");
    assert!(done.told[0].contains(&name) && done.told[0].contains("not copied"), "{done:?}");
    assert!(!other.names("").contains(&name));
    // Cut short it shows in the listing: what the replica has is not replaced by that, and offered.
    home.store.truncate(&name, middle(&home.store, &name)).unwrap();
    let done = home.copy(&away).unwrap();
    assert!(done.troubles == 1 && done.warnings.iter().any(|text| text.contains("--heal")), "{done:?}");
    // Gone: the same.
    home.store.lose(&name).unwrap();
    let done = home.copy(&away).unwrap();
    assert!(done.troubles == 1 && done.told[0].contains("--heal"), "{done:?}");
    let done = home.copy_as(&away, HEAL).unwrap();
    assert_eq!((done.healed_here, done.troubles), (1, 0), "{done:?}");
    assert_eq!(to_other(Manner::default()).unwrap().packs, 1);
    assert_eq!(differences(&home.store, &other), Vec::<String>::new());
}

#[test]
fn where_both_are_damaged_nothing_is_touched() {
    let (home, away) = same();
    let name = home.store.names("data/")[0].clone();
    home.store.flip(&name, middle(&home.store, &name)).unwrap();
    away.flip(&name, middle(&away, &name) + 1).unwrap();
    let before = (home.store.contents(&name), away.contents(&name));
    let done = home.copy_as(&away, HEAL).unwrap();
    assert_eq!((done.troubles, done.healed_here, done.healed_there), (1, 0, 0), "{done:?}");
    assert_eq!(before, (home.store.contents(&name), away.contents(&name)));
}

#[test]
fn nothing_is_deleted_while_something_is_damaged() {
    let (home, away) = (Home::new(), Arc::new(SimStore::new()));
    (0..3).for_each(|version| home.backup(version));
    home.copy(&away).unwrap();
    home.forget_and_prune(2);
    let name = home.store.names("data/")[0].clone();
    home.store.lose(&name).unwrap();
    let before = away.names("data/");
    let done = home.copy(&away).unwrap();
    assert!(done.not_deleted.is_some() && done.troubles == 1, "{done:?}");
    assert_eq!((done.deleted_packs, away.names("data/")), (0, before));
    assert!(home.copy_as(&away, HEAL).unwrap().deleted_packs > 0);
    assert_eq!(differences(&home.store, &away), Vec::<String>::new());
}

#[test]
fn a_bad_sector_is_one_objects_trouble_and_a_line_that_is_down_everybodys() {
    let (home, away) = (Home::new(), Arc::new(SimStore::new()));
    home.backup(0);
    let name = home.store.names("data/")[0].clone();
    let bad = Fault::bad_sector(Arc::clone(&home.store), &name);
    let repo = home.open_at(Arc::new(At(bad, "home")), home.world.state.path()).unwrap();
    let done = copy_with(&repo, Arc::new(At(Arc::clone(&away), "away")), Manner::default()).unwrap();
    assert_eq!((done.troubles, done.snapshots), (1, 1), "what can be read is copied: {done:?}");
    let done = home.copy(&away).unwrap();
    assert_eq!((done.troubles, done.packs), (0, 1));
    assert_eq!(differences(&home.store, &away), Vec::<String>::new());
}
