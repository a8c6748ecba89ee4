//! What is backed up comes back, whatever it is, and what did not change is not read again.

use atalaya_repo::model::{Kind, Meta, Time, Xattr, XattrValue};

use crate::damage::check;
use crate::fixture::{Key, NOW, Tree, World, noise};

pub fn mixed() -> Tree {
    let mut tree = Tree::default();
    tree.dir("home");
    for n in 0..3_000 {
        tree.file(&format!("home/notes/{:03}/{n}.txt", n % 50), format!("note {n} {}", "word ".repeat(n % 90)));
    }
    for d in 0..50 {
        tree.dir(&format!("home/notes/{d:03}"));
    }
    tree.dir("home/notes");
    tree.file("home/empty", "");
    tree.file("home/photo.jpg", noise(1, 3_000_000));
    tree.file("home/photo copy.jpg", noise(1, 3_000_000));
    tree.file("home/song.mp3", noise(2, 700_000));
    let sparse = tree.file("home/disk.img", noise(3, 2_500_000));
    sparse.hole = 40_000_000;
    sparse.meta.size += 40_000_000;
    let small = tree.file("home/small.img", "after the hole");
    small.hole = 100_000;
    small.meta.size += 100_000;
    let link = tree.file("home/link", "");
    link.meta.kind = Kind::Symlink;
    link.target = b"../\xff target".to_vec();
    let device = tree.file("home/tty", "");
    device.meta.kind = Kind::CharDevice;
    device.meta.rdev = 0x0501;
    let tagged = tree.file("home/tagged", "x");
    tagged.xattrs = vec![
        Xattr { name: b"user.large".to_vec(), value: XattrValue::Inline(noise(9, 60_000)) },
        Xattr { name: b"user.small".to_vec(), value: XattrValue::Inline(b"v".to_vec()) },
    ];
    tree
}

#[test]
fn everything_comes_back() {
    let world = World::new();
    let tree = mixed();
    let summary = world.backup(&tree).unwrap();
    assert_eq!(summary.entries, tree.nodes.len() as u64);
    assert!(!summary.had_parent);
    world.assert_holds("latest", &tree);
    assert!(world.problems.lock().unwrap().is_empty() && world.notices.lock().unwrap().is_empty());
}

#[test]
fn an_unchanged_tree_is_not_read_and_stores_nothing() {
    let world = World::new();
    let tree = mixed();
    world.backup(&tree).unwrap();
    let again = world.backup(&tree).unwrap();
    assert_eq!((again.files_read, again.read_bytes, again.added_bytes), (0, 0, 0));
    assert_eq!(again.unchanged, tree.nodes.len() as u64);
    world.assert_holds("latest", &tree);
}

#[test]
fn without_the_state_folder_large_files_deduplicate() {
    let mut world = World::new();
    let tree = mixed();
    let first = world.backup(&tree).unwrap();
    world.state = tempfile::tempdir().unwrap();
    let again = world.backup(&tree).unwrap();
    assert_eq!(again.files_read, first.files_read);
    assert_eq!((again.new_chunks, again.added_bytes), (0, 0), "nothing changed, so nothing is new");
}

#[test]
fn changes_anywhere_are_found_and_only_they_are_read() {
    let world = World::new();
    let mut tree = mixed();
    world.backup(&tree).unwrap();
    for (step, n) in [(1, 70), (2, 2_999), (3, 1_500)] {
        tree.file(&format!("home/notes/{:03}/{n}.txt", n % 50), format!("changed {step}"));
        tree.remove(&format!("home/notes/{:03}/{}.txt", (n + 3 * step) % 50, n - 47 * step));
        tree.file(&format!("home/notes/added {step}"), "new");
        tree.file(&format!("zzz {step}"), "at the end");
        tree.file(&format!("a {step}"), "at the beginning");
        let summary = world.backup(&tree).unwrap();
        assert_eq!(summary.files_read, 4, "step {step}");
        world.assert_holds("latest", &tree);
    }
    tree.nodes.retain(|key, _| !key.0.starts_with(b"home/notes/02"));
    assert_eq!(world.backup(&tree).unwrap().files_read, 0);
    world.assert_holds("latest", &tree);
    tree.nodes.clear();
    world.backup(&tree).unwrap();
    world.assert_holds("latest", &tree);
}

#[test]
fn a_change_of_attributes_alone_stores_no_content_again() {
    let world = World::new();
    let mut tree = mixed();
    world.backup(&tree).unwrap();
    for node in tree.nodes.values_mut() {
        node.meta.mode = 0o600;
        node.meta.ctime.secs += 1_000;
    }
    let summary = world.backup(&tree).unwrap();
    assert_eq!(summary.new_chunks, 0);
    world.assert_holds("latest", &tree);
}

#[test]
fn a_file_changed_within_the_clock_tick_of_its_reading_is_read_again() {
    let world = World::new();
    let mut tree = Tree::default();
    tree.file("f", "first").meta.ctime = Time { secs: NOW.secs, nanos: 0 };
    world.backup(&tree).unwrap();
    let node = tree.nodes.values_mut().next().unwrap();
    node.content = std::sync::Arc::new(b"other".to_vec());
    assert_eq!(world.backup(&tree).unwrap().files_read, 1);
    world.assert_holds("latest", &tree);
}

#[test]
fn a_file_that_keeps_changing_is_stored_as_such_and_reported() {
    let mut world = World::new();
    let mut tree = Tree::default();
    tree.file("calm", "calm");
    tree.file("log", "line");
    tree.file("big", noise(5, 900_000));
    world.restless = vec![b"log".to_vec(), b"big".to_vec()];
    let summary = world.backup(&tree).unwrap();
    assert_eq!(summary.problems, 2);
    let repo = world.open().unwrap();
    let snapshot = repo.open_snapshot(&repo.snapshots().unwrap().0[0], 1).unwrap();
    use atalaya_repo::view::View;
    let mut entries = snapshot.entries(b"").unwrap();
    let mut unstable = Vec::new();
    while let Some(entry) = entries.next().unwrap() {
        if entry.flags.unstable {
            unstable.push(String::from_utf8(entry.path).unwrap());
        }
    }
    assert_eq!(unstable, ["big", "log"]);
    // It stands still now, and is read again although its attributes are as they were stored.
    world.restless.clear();
    assert_eq!(world.backup(&tree).unwrap().files_read, 2);
    world.assert_holds("latest", &tree);
}

#[test]
fn what_cannot_be_read_is_reported_and_left_out() {
    let mut world = World::new();
    let mut tree = mixed();
    world.unreadable = vec![b"home/song.mp3".to_vec()];
    assert_eq!(world.backup(&tree).unwrap().problems, 1);
    assert_eq!(world.problems.lock().unwrap()[0].path, b"home/song.mp3");
    tree.remove("home/song.mp3");
    world.assert_holds("latest", &tree);
}

#[test]
fn attributes_that_cannot_be_read_are_reported_and_tried_again() {
    let mut world = World::new();
    let mut tree = mixed();
    let xattr = Xattr { name: b"user.x".to_vec(), value: XattrValue::Inline(b"1".to_vec()) };
    for path in ["aa-dir", "aa-file"] {
        let node = if path == "aa-dir" { tree.dir(path) } else { tree.file(path, "content") };
        node.xattrs = vec![xattr.clone()];
        world.without_attributes.push(path.as_bytes().to_vec());
    }
    assert_eq!(world.backup(&tree).unwrap().problems, 2);
    assert!(world.problems.lock().unwrap().iter().all(|problem| problem.missing));
    let stored = world.read("latest").unwrap();
    let file = &stored[&Key(b"aa-file".to_vec())];
    assert_eq!((&file.1[..], &file.3[..]), (&b"content"[..], &[][..]), "stored without them");
    // As long as they cannot be read, every backup says so, and the first that can has them.
    assert_eq!(world.backup(&tree).unwrap().problems, 2);
    world.without_attributes.clear();
    assert_eq!(world.backup(&tree).unwrap().problems, 0);
    world.assert_holds("latest", &tree);
}

#[test]
fn full_finds_content_that_changed_without_a_time_stamp() {
    let mut world = World::new();
    let mut tree = mixed();
    world.backup(&tree).unwrap();
    for path in ["home/notes/001/1.txt", "home/photo.jpg"] {
        let node = tree.nodes.get_mut(&crate::fixture::Key(path.as_bytes().to_vec())).unwrap();
        let mut bytes = node.content.to_vec();
        bytes[0] ^= 1;
        node.content = std::sync::Arc::new(bytes);
    }
    assert_eq!(world.backup(&tree).unwrap().files_read, 0, "time stamps say nothing changed");
    world.full = true;
    let summary = world.backup(&tree).unwrap();
    assert!(summary.files_read > 3_000 && summary.new_chunks <= 3, "{summary:?}");
    assert_eq!(summary.files_decayed, 2);
    assert_eq!(world.notices.lock().unwrap().len(), 2, "{:?}", world.notices.lock().unwrap());
    world.assert_holds("latest", &tree);
}

#[test]
fn a_wide_folder_and_a_long_path() {
    let world = World::new();
    let mut tree = Tree::default();
    for n in 0..20_000 {
        tree.file(&format!("wide/{n:08}"), "");
    }
    let meta: Meta = tree.nodes.values().next().unwrap().meta;
    let mut path = vec![b'x'; 250];
    while path.len() < 60_000 {
        path.push(b'/');
        path.extend_from_slice(&[b'y'; 255]);
    }
    tree.put(&path, meta, Vec::new());
    world.backup(&tree).unwrap();
    world.assert_holds("latest", &tree);
    tree.file("wide/00010000b", "new");
    world.backup(&tree).unwrap();
    world.assert_holds("latest", &tree);
}

#[test]
fn a_file_with_several_names_is_read_once() {
    let world = World::new();
    let mut tree = Tree::default();
    let mut meta = tree.file("one/original", noise(4, 100_000)).meta;
    meta.nlink = 500;
    tree.nodes.values_mut().next().unwrap().meta = meta;
    for n in 0..499 {
        tree.put(format!("other/{n}").as_bytes(), meta, noise(4, 100_000));
    }
    tree.file("alone", "alone");
    let summary = world.backup(&tree).unwrap();
    assert_eq!((summary.files_read, summary.new_chunks), (2, 1));
    world.assert_holds("latest", &tree);
    for node in tree.nodes.values_mut().filter(|node| node.meta.nlink > 1) {
        node.meta.nlink = 501;
        node.meta.ctime.secs += 10;
    }
    let summary = world.backup(&tree).unwrap();
    assert_eq!((summary.files_read, summary.new_chunks), (1, 0));
    world.assert_holds("latest", &tree);
}

#[test]
fn bundles_that_rot_are_bundled_anew() {
    let mut world = World::new();
    let mut tree = Tree::default();
    for n in 0..400 {
        tree.file(&format!("{n:03}"), noise(n, 5_000));
    }
    world.backup(&tree).unwrap();
    tree.nodes.retain(|key, _| key.0.ends_with(b"7"));
    world.full = true;
    world.backup(&tree).unwrap();
    let rotten = world.open().unwrap().stats().unwrap().rotten_bundles;
    assert!(rotten > 0);
    world.full = false;
    let summary = world.backup(&tree).unwrap();
    // Where bundles end depends on the key. The last one may be so short that one file is a quarter of it.
    assert!((38..=40).contains(&summary.files_read) && (1..=2).contains(&summary.new_chunks), "{summary:?}");
    world.assert_holds("latest", &tree);
    assert_eq!(world.backup(&tree).unwrap().files_read, 0);
    world.full = true;
    world.backup(&tree).unwrap();
    assert_eq!(world.open().unwrap().stats().unwrap().rotten_bundles, 0);
    assert!(world.notices.lock().unwrap().is_empty());
}

#[test]
fn a_decayed_copy_of_the_index_heals() {
    let world = World::new();
    let mut tree = mixed();
    // More than the eight runs that are kept apart, so that one was merged here.
    for n in 0..12 {
        tree.file(&format!("later/{n}"), noise(n, 1000));
        world.backup(&tree).unwrap();
    }
    let folder = world.state.path().join(world.open().unwrap().id()).join("index");
    let runs = || -> Vec<_> {
        let all = std::fs::read_dir(&folder).unwrap().flatten().map(|entry| entry.path());
        all.filter(|path| path.extension().is_some_and(|x| x == "run")).collect()
    };
    let longest = runs().iter().map(|path| path.metadata().unwrap().len()).max().unwrap();
    // Every part of a run: head, pages, pack table, replaced, firsts, foot, signature.
    let places = [0, 4, 10, 30, 100, 4000, longest / 3, longest / 2, longest - 300, longest - 160, longest - 70];
    for at in places {
        for path in runs() {
            let mut bytes = std::fs::read(&path).unwrap();
            if let Some(byte) = bytes.get_mut(at as usize) {
                *byte ^= 4;
            }
            std::fs::write(path, bytes).unwrap();
        }
        world.assert_holds("latest", &tree);
    }
    let flip = |at: usize| {
        for path in runs() {
            let mut bytes = std::fs::read(&path).unwrap();
            let at = bytes.len() - at.min(bytes.len());
            bytes[at] ^= 4;
            std::fs::write(path, bytes).unwrap();
        }
    };
    // Neither a check nor a backup takes it for damage of the repository.
    for at in [70, 110, 150, 200] {
        flip(at);
        assert_eq!(check(&world, 0.0).unwrap().1, [], "{at} from the end");
        flip(at);
        let summary = world.backup(&tree).unwrap();
        assert_eq!((summary.warnings.len(), summary.files_read), (0, 0), "{at} from the end: {:?}", summary.warnings);
    }
}

#[test]
fn what_killed_runs_left_in_the_state_folder_goes() {
    let world = World::new();
    let tree = mixed();
    world.backup(&tree).unwrap();
    let folder = world.state.path().join(world.open().unwrap().id());
    let left = [folder.join("last-00.aa.part"), folder.join("index/bb.part")];
    let leave = || left.iter().for_each(|path| std::fs::write(path, "x").unwrap());
    // As long as somebody else has the repository open, they may be that one's.
    let other = world.open().unwrap();
    leave();
    world.assert_holds("latest", &tree);
    assert!(left.iter().all(|path| path.exists()));
    drop(other);
    world.assert_holds("latest", &tree);
    assert!(left.iter().all(|path| !path.exists()));
}
