//! Files with several names, and device numbers that change between backups.

use std::collections::BTreeMap;

use atalaya_repo::Selector;
use atalaya_repo::model::{Entry, Meta, Time};
use atalaya_repo::view::View;

use crate::fixture::{Tree, World, noise};

/// Adds two names of one inode.
fn pair(tree: &mut Tree, folder: &str, (dev, ino): (u64, u64), content: Vec<u8>) {
    let meta = tree.file(&format!("{folder}/one"), content.clone()).meta;
    let meta = Meta { dev, ino, nlink: 2, ..meta };
    for name in ["one", "two"] {
        tree.put(format!("{folder}/{name}").as_bytes(), meta, content.clone());
    }
}

fn entries(world: &World) -> BTreeMap<String, Entry> {
    let repo = world.open().unwrap();
    let info = repo.find_snapshot(&"latest".parse::<Selector>().unwrap()).unwrap();
    let snapshot = repo.open_snapshot(&info, 1).unwrap();
    let (mut out, mut entries) = (BTreeMap::new(), snapshot.entries(b"").unwrap());
    while let Some(entry) = entries.next().unwrap() {
        out.insert(String::from_utf8(entry.path.clone()).unwrap(), entry);
    }
    out
}

/// Of each name by itself, and of the two in one folder, whether they are one file.
fn assert_two_files(world: &World) {
    let entries = entries(world);
    let key = |path: &str| entries[path].one_file_key().unwrap();
    assert!(key("a/one") == key("a/two") && key("b/one") == key("b/two") && key("a/one") != key("b/one"));
    let group = |path: &str| entries[path].link.unwrap();
    assert!(group("a/one") == group("a/two") && group("b/one") == group("b/two"));
    assert_ne!(group("a/one"), group("b/one"), "a device number of an earlier backup");
}

#[test]
fn device_numbers_that_swap_put_no_two_files_into_one_group() {
    for touched in ["a/", "b/"] {
        let world = World::new();
        let mut tree = Tree::default();
        pair(&mut tree, "a", (50, 7), noise(1, 9_000));
        pair(&mut tree, "b", (51, 7), noise(2, 9_000));
        world.backup(&tree).unwrap();
        assert_two_files(&world);
        // The machine starts again, and one of the two changes.
        for (key, node) in &mut tree.nodes {
            node.meta.dev = 101 - node.meta.dev;
            if key.0.starts_with(touched.as_bytes()) {
                node.meta.ctime = Time { secs: node.meta.ctime.secs + 9, nanos: 0 };
            }
        }
        let summary = world.backup(&tree).unwrap();
        assert_eq!((summary.files_read, summary.new_chunks), (2, 0), "each is read once, and nothing is stored again");
        assert_two_files(&world);
        world.assert_holds("latest", &tree);
        assert_eq!(world.backup(&tree).unwrap().files_read, 0);
    }
}

#[test]
fn a_leaf_that_stays_whole_keeps_no_device_number_of_an_earlier_backup() {
    let world = World::new();
    let mut tree = Tree::default();
    pair(&mut tree, "a", (50, 7), noise(1, 9_000));
    // Enough entries for several leaves, none of which changes.
    for n in 0..3_000 {
        tree.file(&format!("plain/{n}"), "x").meta.dev = 50;
    }
    pair(&mut tree, "z", (50, 8), noise(2, 9_000));
    world.backup(&tree).unwrap();
    tree.nodes.values_mut().for_each(|node| node.meta.dev = 60);
    let summary = world.backup(&tree).unwrap();
    assert_eq!((summary.files_read, summary.new_chunks, summary.unchanged), (2, 0, 3_000));
    let devices: Vec<_> = entries(&world).into_values().filter_map(|entry| entry.link).map(|group| group.dev).collect();
    assert_eq!(devices, [60; 4]);
}

#[test]
fn a_name_that_is_seen_later_is_one_of_the_same_file() {
    let world = World::new();
    let mut tree = Tree::default();
    pair(&mut tree, "a", (50, 7), noise(1, 9_000));
    let mut first = tree.clone();
    first.remove("a/one");
    world.backup(&first).unwrap();
    world.backup(&tree).unwrap();
    let entries = entries(&world);
    assert_eq!(entries["a/one"].one_file_key(), entries["a/two"].one_file_key());
    world.assert_holds("latest", &tree);
}
