//! The simulated store's switches.

use atalaya_store::{Body, Kind, Loss, SimStore, Stop, Store};

const OLD: &[u8] = b"durable";

fn store_with_sync() -> SimStore {
    let store = SimStore::new();
    store.put("old", Body::Bytes(OLD)).unwrap();
    store.sync().unwrap();
    store
}

#[test]
fn stops_before_and_after() {
    let store = store_with_sync();
    let now = store.operations();
    store.stop_at(Stop::Before(now + 1));
    store.put("one", Body::Bytes(b"1")).unwrap();
    assert_eq!(store.put("two", Body::Bytes(b"2")).unwrap_err().kind, Kind::Stopped);
    assert_eq!(store.stat("one").unwrap_err().kind, Kind::Stopped);
    store.restart();
    assert_eq!(store.names(""), ["old", "one"]);
    store.stop_at(Stop::After(store.operations()));
    assert_eq!(store.put("two", Body::Bytes(b"2")).unwrap_err().kind, Kind::Stopped);
    store.restart();
    assert_eq!(store.contents("two").unwrap(), b"2");
}

#[test]
fn a_power_cut_takes_only_what_was_not_synced() {
    let (mut kept, mut lost, mut back) = (0, 0, 0);
    for seed in 0..100 {
        let store = store_with_sync();
        store.put("gone", Body::Bytes(b"x")).unwrap();
        store.sync().unwrap();
        store.delete("gone").unwrap();
        store.put("new", Body::Bytes(&[1; 100])).unwrap();
        store.power_cut(seed, Loss::Whole);
        assert_eq!(store.contents("old").unwrap(), OLD);
        back += u32::from(store.contents("gone").is_some());
        match store.contents("new") {
            Some(bytes) => kept += u32::from(bytes == [1; 100]),
            None => lost += 1,
        }
    }
    assert_eq!(kept + lost, 100);
    assert!(kept > 20 && lost > 20 && (20..80).contains(&back));
}

#[test]
fn a_lying_disk_tears() {
    let mut torn = 0;
    for seed in 0..100 {
        let store = store_with_sync();
        store.put("new", Body::Bytes(&[1; 10_000])).unwrap();
        store.put("empty", Body::Bytes(b"")).unwrap();
        store.power_cut(seed, Loss::Torn);
        torn += u32::from(store.contents("new").is_some_and(|bytes| bytes != [1; 10_000]));
        assert_eq!(store.contents("old").unwrap(), OLD);
    }
    assert!(torn > 20);
}

#[test]
fn capacity_and_lies() {
    let store = SimStore::new();
    store.set_capacity(Some(10));
    store.put("a", Body::Bytes(&[0; 8])).unwrap();
    assert_eq!(store.put("b", Body::Bytes(&[0; 3])).unwrap_err().kind, Kind::Full);
    assert_eq!(store.free().unwrap(), Some(2));
    store.delete("a").unwrap();
    store.lie_at_put(1);
    assert_eq!(store.put("b", Body::Bytes(&[0; 3])).unwrap_err().kind, Kind::Io);
    assert_eq!(store.stat("b").unwrap(), 3);
}

#[test]
fn damage() {
    let store = store_with_sync();
    store.flip("old", 0).unwrap();
    assert_eq!(store.contents("old").unwrap()[0], !OLD[0]);
    assert!(store.flip("old", 100).is_err());
    store.truncate("old", 2).unwrap();
    assert_eq!(store.stat("old").unwrap(), 2);
    store.lose("old").unwrap();
    assert_eq!(store.stat("old").unwrap_err().kind, Kind::NotFound);
}

#[test]
fn listings_that_are_late() {
    let names = |store: &SimStore| {
        let mut names = Vec::new();
        store
            .list("", &mut |entry| {
                names.push(entry.name.clone());
                Ok(())
            })
            .unwrap();
        names
    };
    let store = store_with_sync();
    store.lag_listing(1);
    store.put("new", Body::Bytes(b"x")).unwrap();
    assert_eq!(names(&store), ["old"]);
    store.put("newer", Body::Bytes(b"x")).unwrap();
    assert_eq!(names(&store), ["new", "old"]);
    store.freeze_listing();
    store.delete("old").unwrap();
    assert_eq!(names(&store), ["new", "newer", "old"]);
    store.thaw_listing();
    store.lag_listing(0);
    assert_eq!(names(&store), ["new", "newer"]);
}
