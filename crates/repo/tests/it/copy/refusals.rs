//! Targets that are something else, and primaries that look as if they had lost something.

use super::*;

#[test]
fn a_replica_is_written_to_by_copies_alone_until_it_is_promoted() {
    let (home, away) = (Home::new(), Arc::new(SimStore::new()));
    home.backup(0);
    home.copy(&away).unwrap();
    let alone = World::over(Arc::new(At(Arc::clone(&away), "alone")));
    let open = || home.open_at(Arc::clone(&alone.store), alone.state.path()).unwrap();
    let before = away.names("");
    let refused = [
        alone.backup_with(&open(), &tree(1)).map(|_| ()),
        prune_opened(&open(), How::default()).map(|_| ()),
        forget_oldest(&open(), 1).map(|_| ()),
        open().add_key(Role::Writer, "nas", None, NOW).map(|_| ()),
    ];
    for result in refused {
        let err = result.unwrap_err();
        assert!(err.kind == Kind::Refused && err.text.contains("--promote"), "{err}");
    }
    assert_eq!(away.names(""), before);
    assert!(open().is_replica());
    open().promote().unwrap();
    assert!(!open().is_replica());
    alone.backup_with(&open(), &tree(1)).unwrap();
    let (_, findings) = check_opened(&open(), 100.0).unwrap();
    assert_eq!(findings, []);
    // It is a primary now: whoever still copies to it hears of that, and then of what it has.
    let before = away.names("");
    let err = home.copy(&away).unwrap_err();
    assert!(err.kind == Kind::Refused && err.text.contains("no replica"), "{err}");
    let err = home.copy_as(&away, Manner { init: true, ..Manner::default() }).unwrap_err();
    assert!(err.kind == Kind::Refused && err.text.contains("somebody wrote to away"), "{err}");
    assert_eq!(away.names(""), before);
}

#[test]
fn what_is_something_else_is_refused_and_left_alone() {
    let home = Home::new();
    home.backup(0);
    let another = Arc::new(SimStore::new());
    init(&*another).unwrap();
    let stray = Arc::new(SimStore::new());
    stray.put("holiday.jpg", Body::Bytes(b"a photo")).unwrap();
    for (target, says) in [(&another, "another repository"), (&stray, "holiday.jpg"), (&home.store, "no replica")] {
        let before = target.names("");
        let err = home.copy(target).unwrap_err();
        assert!(err.kind == Kind::Refused && err.text.contains(says), "{err}");
        assert_eq!(target.names(""), before);
    }
    // Under another name it is still the same place.
    let before = home.store.names("");
    let err = home.copy_as(&home.store, Manner { init: true, ..Manner::default() }).unwrap_err();
    assert!(err.text.contains("to itself"), "{err}");
    assert_eq!(home.store.names(""), before);
}

#[test]
fn a_disk_that_is_not_mounted_is_not_filled_up() {
    let (home, away) = (Home::new(), Arc::new(SimStore::new()));
    home.backup(0);
    home.copy(&away).unwrap();
    let empty = Arc::new(SimStore::new());
    let err = home.copy(&empty).unwrap_err();
    assert!(err.kind == Kind::Refused && err.text.contains("--init"), "{err}");
    assert_eq!(empty.names(""), Vec::<String>::new());
    assert!(home.copy_as(&empty, Manner { init: true, ..Manner::default() }).unwrap().made);
}

#[test]
fn a_copy_by_other_means_becomes_a_replica_when_asked_to() {
    let home = Home::new();
    home.backup(0);
    let away = clone(&home.store);
    assert_eq!(home.copy(&away).unwrap_err().kind, Kind::Refused);
    let done = home.copy_as(&away, Manner { init: true, ..Manner::default() }).unwrap();
    assert_eq!((done.made, done.packs), (true, 0));
    assert_eq!(home.copy(&away).unwrap(), CopySummary::default());
}

#[test]
fn a_primary_that_lists_too_little_changes_nothing() {
    let (home, away) = (Home::new(), Arc::new(SimStore::new()));
    (0..2).for_each(|version| home.backup(version));
    home.copy(&away).unwrap();
    let before = clone(&away);
    let total = home.store.names("").len() as u64;
    for lag in 1..=total {
        home.store.lag_listing(lag);
        // A new machine: only the target remembers what there was.
        let state = tempfile::tempdir().unwrap();
        let opened = home.open_at(Arc::clone(&home.world.store), state.path());
        let result =
            opened.and_then(|repo| copy_with(&repo, Arc::new(At(Arc::clone(&away), "away")), Manner::default()));
        home.store.lag_listing(0);
        match result {
            Err(err) => assert!(
                matches!(err.kind, Kind::Refused | Kind::NotFound | Kind::Damaged | Kind::WrongKey),
                "lag {lag}: {err}"
            ),
            Ok(done) => assert_eq!((done.deleted_packs, done.deleted_snapshots), (0, 0), "lag {lag}: {done:?}"),
        }
        assert_eq!(differences(&before, &away), Vec::<String>::new(), "lag {lag}");
    }
    assert_eq!(home.copy(&away).unwrap(), CopySummary::default());
}

#[test]
fn a_primary_that_lost_something_is_told_and_the_replica_stays() {
    for folder in ["snapshots/", "index/"] {
        let (home, away) = (Home::new(), Arc::new(SimStore::new()));
        (0..2).for_each(|version| home.backup(version));
        home.copy(&away).unwrap();
        let before = clone(&away);
        let name = home.store.names(folder)[0].clone();
        let bytes = home.store.contents(&name).unwrap();
        home.store.lose(&name).unwrap();
        let err = home.copy(&away).unwrap_err();
        assert!(err.kind == Kind::Refused && err.text.contains(&name), "{err}");
        assert_eq!(differences(&before, &away), Vec::<String>::new());
        // As the message says.
        home.store.put(&name, Body::Bytes(&bytes)).unwrap();
        assert_eq!(home.copy(&away).unwrap(), CopySummary::default());
    }
}

#[test]
fn members_that_the_primary_does_not_know_are_refused() {
    let (home, away) = (Home::new(), Arc::new(SimStore::new()));
    home.backup(0);
    home.copy(&away).unwrap();
    let older = clone(&home.store);
    home.open().add_key(Role::Writer, "nas", None, NOW).unwrap();
    home.copy(&away).unwrap();
    let state = tempfile::tempdir().unwrap();
    let repo = home.open_at(Arc::new(At(older, "home")), state.path()).unwrap();
    let err = copy_with(&repo, Arc::new(At(away, "away")), Manner::default()).unwrap_err();
    assert!(err.kind == Kind::Refused && err.text.contains("newer"), "{err}");
}

#[test]
fn only_who_may_says_that_a_store_is_a_replica() {
    let (home, away) = (Home::new(), Arc::new(SimStore::new()));
    home.backup(0);
    home.copy(&away).unwrap();
    // Cut off a byte: it counts for nobody, and backups to the primary go on.
    let mut mark = away.contents("replica").unwrap();
    mark.pop();
    home.store.put("replica", Body::Bytes(&mark)).unwrap();
    assert!(!home.open().is_replica());
    home.backup(1);
    // A replica whose mark is damaged is told, and marked anew when asked to.
    away.flip("replica", 20).unwrap();
    assert_eq!(home.copy(&away).unwrap_err().kind, Kind::Refused);
    home.copy_as(&away, Manner { init: true, ..Manner::default() }).unwrap();
    assert_eq!(home.copy(&away).unwrap(), CopySummary::default());
}
