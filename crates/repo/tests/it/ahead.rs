//! Reading ahead changes nothing but who reads.

use std::sync::atomic::Ordering;

use atalaya_repo::model::{Xattr, XattrValue};

use crate::fixture::{NOW, Tree, World, noise};

/// Many small files, and among them each kind that is left to the reader.
fn tree() -> Tree {
    let mut tree = Tree::default();
    for n in 0..8_000_u64 {
        tree.file(&format!("file {n:05}"), noise(n, (n % 700) as usize));
    }
    tree.file("file 00100 with a hole", noise(1, 5_000)).hole = 8_192;
    tree.nodes.values_mut().for_each(|node| node.meta.size = node.hole + node.content.len() as u64);
    let attribute = |len| Xattr { name: b"user.note".to_vec(), value: XattrValue::Inline(vec![7; len]) };
    tree.file("file 00200 with attributes", noise(2, 900)).xattrs = vec![attribute(100)];
    tree.file("file 00300 with large attributes", noise(3, 900)).xattrs = vec![attribute(50_000)];
    tree.file("file 00400 of 64 KiB", noise(4, 64 << 10));
    tree.file("file 00500 of more", noise(5, 70_000));
    tree
}

#[test]
fn what_is_read_ahead_is_what_reading_gives() {
    let mut world = World::new();
    let mut tree = tree();
    world.unreadable = vec![b"file 00600".to_vec()];
    world.torn = vec![b"file 00700".to_vec()];
    world.restless = vec![b"file 05000".to_vec()];
    world.without_attributes = vec![b"file 05001".to_vec()];
    let summary = world.backup(&tree).unwrap();
    assert!(world.opened_ahead.load(Ordering::Relaxed) > 0, "somebody read ahead");
    let mut told: Vec<_> = world.problems.lock().unwrap().iter().map(|problem| problem.path.clone()).collect();
    told.sort();
    assert_eq!(told, [&b"file 00600"[..], b"file 05000", b"file 05001"], "each once; the torn one is empty");
    assert_eq!(summary.problems, 3);
    tree.remove("file 00600");
    let restless = tree.nodes.keys().find(|key| key.0 == b"file 05000").unwrap().clone();
    tree.nodes.remove(&restless);
    let mut stored = world.read("latest").unwrap();
    stored.remove(&restless);
    assert_eq!(stored.len(), tree.nodes.len());
    for (key, node) in &tree.nodes {
        let (meta, content, _, xattrs) = &stored[key];
        assert_eq!((meta.size, &content[node.hole as usize..]), (node.meta.size, &node.content[..]), "{key:?}");
        assert_eq!(xattrs, &node.xattrs, "{key:?}");
    }
}

#[test]
fn a_full_run_reads_ahead_and_stores_nothing_anew() {
    let mut world = World::new();
    let tree = tree();
    world.backup(&tree).unwrap();
    let before = world.opened_ahead.swap(0, Ordering::Relaxed);
    assert!(before > 0);
    assert_eq!(world.backup(&tree).unwrap().files_read, 0);
    assert_eq!(world.opened_ahead.load(Ordering::Relaxed), 0, "nothing is read ahead where little is read");
    world.full = true;
    let full = world.backup(&tree).unwrap();
    assert!(world.opened_ahead.load(Ordering::Relaxed) > 0);
    assert_eq!((full.files_read, full.new_chunks), (8_005, 0));
    assert_eq!(*world.notices.lock().unwrap(), Vec::<String>::new());
}

/// A file whose time stamps are as young as the backup is read again next time, whoever read it.
#[test]
fn racy_files_read_ahead_are_read_again() {
    let world = World::new();
    let mut tree = tree();
    let young: Vec<_> = tree.nodes.keys().filter(|key| key.0.ends_with(b"77")).cloned().collect();
    for key in &young {
        let node = tree.nodes.get_mut(key).unwrap();
        (node.meta.ctime, node.meta.mtime) = (NOW, NOW);
    }
    world.backup(&tree).unwrap();
    assert_eq!(world.backup(&tree).unwrap().files_read, young.len() as u64);
}
