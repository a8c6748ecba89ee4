//! What was read is not asked for again, is never something else, and never takes more room than it may.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use atalaya_store::{Body, Cached, Op, Recorder, SimStore, Store};
use tempfile::TempDir;

use crate::full::Mount;

const LEN: usize = 20_000;
const BYTES_MAX: u64 = 2 << 20;

type Far = Arc<Recorder<SimStore>>;

fn name(number: usize) -> String {
    format!("tree/ab/{number}")
}

fn content(number: usize) -> Vec<u8> {
    (0..LEN).map(|at| (at * 7 + number * 31) as u8).collect()
}

/// A store with so many objects.
fn far(objects: usize) -> Far {
    let far = Arc::new(Recorder::new(SimStore::new()));
    (0..objects).for_each(|number| far.put(&name(number), Body::Bytes(&content(number))).unwrap());
    far
}

fn cached(far: &Far, folder: &Path) -> Cached<Far> {
    Cached::new(far.clone(), &folder.join("cache"), BYTES_MAX)
}

/// Reads one of them, and whether it was asked for.
fn is_asked(store: &Cached<Far>, far: &Far, number: usize) -> bool {
    far.take();
    let mut buf = vec![0; LEN - 100];
    store.get(&name(number), 100, &mut buf).unwrap();
    assert_eq!(buf, content(number)[100..]);
    far.take().iter().any(|op| matches!(op, Op::Get(..)))
}

#[test]
fn what_was_read_is_not_asked_for_again() {
    let (far, folder) = (far(3), TempDir::new().unwrap());
    let store = cached(&far, folder.path());
    assert_eq!([0, 0, 1, 0].map(|number| is_asked(&store, &far, number)), [true, false, true, false]);
    // Another process finds it, and another store's is not it.
    assert!(!is_asked(&cached(&far, folder.path()), &far, 1));
    let mut buf = [0; 10];
    store.get(&name(0), 0, &mut buf).unwrap();
    assert_eq!(buf, content(0)[..10], "another part");
    // Content is read once, and is not kept.
    far.put("data/ab/1", Body::Bytes(&[1; 100])).unwrap();
    far.take();
    (0..2).for_each(|_| store.get("data/ab/1", 0, &mut buf).unwrap());
    assert_eq!(far.take().len(), 2);
    let nothing = Cached::new(far.clone(), &folder.path().join("none"), 0);
    assert_eq!([0, 0].map(|number| is_asked(&nothing, &far, number)), [true, true]);
    assert!(!folder.path().join("none").exists());
}

#[test]
fn what_a_disk_altered_is_asked_for_again() {
    let (far, folder) = (far(1), TempDir::new().unwrap());
    let store = cached(&far, folder.path());
    assert!(is_asked(&store, &far, 0));
    let path = folder.path().join("cache");
    let whole = fs::read(&path).unwrap();
    let begin = whole.iter().position(|byte| *byte != 0).unwrap() / 65_536 * 65_536;
    for at in (begin..begin + 64).chain((begin + 64..begin + LEN).step_by(997)) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        fs::write(&path, &bytes).unwrap();
        // When it was used last says nothing of what it is.
        assert!(is_asked(&store, &far, 0) || (16..32).contains(&(at - begin)), "byte {}", at - begin);
    }
    fs::write(&path, &whole[..begin + 1000]).unwrap();
    assert!(is_asked(&store, &far, 0), "a file that was cut");
}

#[test]
fn what_was_damaged_when_it_was_read_is_not_kept_for_ever() {
    let (far, folder) = (far(2), TempDir::new().unwrap());
    let read = |store: &Cached<Far>| {
        let mut buf = vec![0; LEN];
        store.get(&name(0), 0, &mut buf).unwrap();
        buf
    };
    far.inner().flip(&name(0), 77).unwrap();
    assert_ne!(read(&cached(&far, folder.path())), content(0));
    // It is put right there, and only who is not content with what he was given asks again.
    far.inner().flip(&name(0), 77).unwrap();
    let store = cached(&far, folder.path());
    assert_ne!(read(&store), content(0));
    let mut buf = vec![0; LEN];
    assert!(store.get_anew(&name(0), 0, &mut buf).unwrap() && buf == content(0));
    assert_eq!(read(&cached(&far, folder.path())), content(0));
    assert!(!store.get_anew("data/ab/1", 0, &mut buf).unwrap() && !far.get_anew(&name(0), 0, &mut buf).unwrap());
}

#[test]
fn it_is_never_longer_than_it_may_be_and_what_is_used_stays() {
    let (far, folder) = (far(200), TempDir::new().unwrap());
    let store = cached(&far, folder.path());
    let mut asked = 0;
    for number in 1..200 {
        asked += usize::from(is_asked(&store, &far, 0));
        assert!(is_asked(&store, &far, number), "{number} was never read");
        let meta = fs::metadata(folder.path().join("cache")).unwrap();
        assert!(meta.len() <= BYTES_MAX && meta.blocks() * 512 <= BYTES_MAX, "{} bytes", meta.len());
    }
    assert_eq!(asked, 1, "what is used all the time was given up");
    let kept = (1..200).filter(|number| !is_asked(&cached(&far, folder.path()), &far, *number)).count();
    assert!(kept <= (BYTES_MAX / 65_536) as usize);
    // Another limit holds from now on.
    let small = Cached::new(far.clone(), &folder.path().join("cache"), 600_000);
    assert!(fs::metadata(folder.path().join("cache")).unwrap().len() <= 600_000);
    assert_eq!([3, 3].map(|number| is_asked(&small, &far, number)), [true, false]);
}

#[test]
fn two_at_once_read_what_is_right() {
    let (far, folder) = (far(40), TempDir::new().unwrap());
    std::thread::scope(|scope| {
        for begin in 0..2 {
            let (far, folder) = (&far, folder.path());
            scope.spawn(move || {
                let store = Cached::new(far.clone(), &folder.join("cache"), 600_000);
                for round in 0..400 {
                    let (number, mut buf) = ((round * 7 + begin) % 40, vec![0; LEN]);
                    store.get(&name(number), 0, &mut buf).unwrap();
                    assert_eq!(buf, content(number));
                }
            });
        }
    });
}

#[test]
fn where_nothing_can_be_kept_all_goes_on() {
    let far = far(40);
    let read_all = |store: &Cached<Far>| (0..80).filter(|number| is_asked(store, &far, number % 40)).count();
    assert_eq!(read_all(&Cached::new(far.clone(), Path::new("/nowhere/cache"), BYTES_MAX)), 80);
    assert_eq!(read_all(&Cached::new(far.clone(), Path::new("/dev/full"), BYTES_MAX)), 80);
    let Some(mount) = Mount::tmpfs("size=300k") else { return };
    let store = cached(&far, mount.path());
    assert!(read_all(&store) > 40);
    assert!(is_asked(&store, &far, 0) && is_asked(&store, &far, 0), "after a failure it is not tried again");
}
