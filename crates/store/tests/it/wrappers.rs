//! Recorder, fault injector and retry.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use atalaya_store::{Body, Fault, Kind, Op, Rates, Recorder, Retry, SimStore, Store, Tally, jittered};

#[test]
fn the_recorder_counts() {
    let store = Recorder::new(SimStore::new());
    store.put("a/b", Body::Bytes(b"123")).unwrap();
    store.get("a/b", 1, &mut [0; 2]).unwrap();
    store.list("a/", &mut |_| Ok(())).unwrap();
    let expected = Tally { puts: 1, gets: 1, lists: 1, bytes_put: 3, bytes_got: 2, ..Tally::default() };
    assert_eq!(store.tally(), expected);
    assert_eq!(store.take()[0], Op::Put("a/b".to_owned(), 3));
    assert_eq!(store.tally(), Tally::default());
}

#[test]
fn faults_follow_the_seed() {
    let run = |seed| {
        let store = Fault::new(SimStore::new(), Rates { before: 300, after: 300 }, seed);
        (0..100).map(|i| store.put(&format!("{i}"), Body::Bytes(b"x")).is_ok()).collect::<Vec<_>>()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
    let good = run(1).into_iter().filter(|ok| *ok).count();
    assert!((30..70).contains(&good), "{good}");
}

#[test]
fn a_put_that_succeeded_unheard_is_recognised() {
    let sim = Arc::new(SimStore::new());
    sim.lie_at_put(0);
    let store = Retry::new(sim.clone(), 3, |_| {});
    store.put("a", Body::Bytes(&[5; 200_000])).unwrap();
    // On the first try an object that is there is a conflict, whatever it holds.
    assert_eq!(store.put("a", Body::Bytes(&[5; 200_000])).unwrap_err().kind, Kind::Exists);
}

#[test]
fn somebody_elses_object_is_not_taken_for_ours() {
    // Among these seeds are some that fail the first try and not the second.
    for seed in 0..20 {
        let fault = Fault::new(SimStore::new(), Rates { before: 500, after: 0 }, seed);
        fault.inner().put("a", Body::Bytes(&[6; 200_000])).unwrap();
        let store = Retry::new(fault, 50, |_| {});
        assert_eq!(store.put("a", Body::Bytes(&[5; 200_000])).unwrap_err().kind, Kind::Exists);
    }
}

#[test]
fn waits_grow_and_end() {
    let waits = Arc::new(Mutex::new(Vec::new()));
    let seen = waits.clone();
    let broken = Fault::new(SimStore::new(), Rates { before: 1000, after: 0 }, 1);
    let store = Retry::new(broken, 10, move |wait| seen.lock().unwrap().push(wait));
    assert_eq!(store.stat("a").unwrap_err().kind, Kind::Io);
    let waits = waits.lock().unwrap();
    assert_eq!(waits.len(), 9);
    assert_eq!(waits[..3], [500, 1000, 2000].map(Duration::from_millis));
    assert_eq!(waits[8], Duration::from_secs(60));
}

#[test]
fn a_listing_that_began_is_not_repeated() {
    let broken = Fault::new(SimStore::new(), Rates { before: 0, after: 1000 }, 1);
    broken.inner().put("a", Body::Bytes(b"x")).unwrap();
    let store = Retry::new(broken, 10, |_| {});
    let mut seen = 0;
    let result = store.list("", &mut |_| {
        seen += 1;
        Ok(())
    });
    assert_eq!((seen, result.unwrap_err().kind), (1, Kind::Io));
}

#[test]
fn everything_gets_through_a_bad_line() {
    let store = Retry::new(Fault::new(SimStore::new(), Rates { before: 300, after: 300 }, 3), 60, |_| {});
    for i in 0..50 {
        store.put(&format!("{i}"), Body::Bytes(&[i; 1000])).unwrap();
        let mut bytes = [0; 1000];
        store.get(&format!("{i}"), 0, &mut bytes).unwrap();
        assert_eq!(bytes, [i; 1000]);
        store.sync().unwrap();
        store.delete(&format!("{i}")).unwrap();
    }
}

#[test]
fn waits_differ_by_chance() {
    let whole = Duration::from_secs(8);
    let waits: Vec<Duration> = (0..100).map(|_| jittered(whole)).collect();
    assert!(waits.iter().all(|wait| (whole / 2..=whole).contains(wait)), "{waits:?}");
    assert!(waits.iter().any(|wait| *wait != waits[0]), "{waits:?}");
}
