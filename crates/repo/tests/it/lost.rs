//! Packs that are gone for good, with content that no source has any more.

use std::sync::Arc;

use atalaya_store::{Body, SimStore, Store};

use crate::fixture::{Tree, World, init, noise};

/// Names and bytes.
type Objects = Vec<(String, Vec<u8>)>;

fn tree(names: &[&str]) -> Tree {
    let mut tree = Tree::default();
    for (n, name) in names.iter().enumerate() {
        tree.file(name, noise(name.bytes().map(u64::from).sum::<u64>() + 7, 300_000 + n));
    }
    tree
}

/// The first data pack holds "old", which was deleted since, and "kept".
fn world() -> (Arc<SimStore>, World, Tree, Objects) {
    let store = Arc::new(SimStore::new());
    init(&*store).unwrap();
    let world = World::over(Arc::clone(&store) as Arc<dyn Store>);
    let mut tree = tree(&["kept", "old", "other"]);
    world.backup(&tree).unwrap();
    let packs = store.names("data/").into_iter().map(|name| (name.clone(), store.contents(&name).unwrap())).collect();
    tree.remove("old");
    world.backup(&tree).unwrap();
    (store, world, tree, packs)
}

fn lose(store: &SimStore, packs: &[(String, Vec<u8>)]) {
    packs.iter().for_each(|(name, _)| store.lose(name).unwrap());
}

fn bring_back(store: &SimStore, packs: &[(String, Vec<u8>)]) {
    packs.iter().for_each(|(name, bytes)| store.put(name, Body::Bytes(bytes)).unwrap());
}

#[test]
fn what_cannot_come_back_makes_one_backup_read_everything_and_no_more() {
    let (store, world, mut tree, packs) = world();
    lose(&store, &packs);
    let first = world.backup(&tree).unwrap();
    assert_eq!((first.files_read, first.had_parent), (2, false), "{first:?}");
    for _ in 0..2 {
        let after = world.backup(&tree).unwrap();
        assert_eq!((after.files_read, after.read_bytes, after.new_chunks), (0, 0, 0), "{after:?}");
        assert!(after.warnings.iter().any(|text| text.contains("missing or damaged")), "{after:?}");
    }
    world.assert_holds("latest", &tree);
    // What was lost counts as not there even so: should it turn up, it is stored.
    let old = self::tree(&["kept", "old", "other"]);
    tree.nodes.extend(old.nodes.into_iter().filter(|(key, _)| key.0 == b"old"));
    let again = world.backup(&tree).unwrap();
    assert_eq!((again.files_read, again.new_chunks), (1, 1), "{again:?}");
    world.assert_holds("latest", &tree);
    assert_eq!(world.backup(&tree).unwrap().files_read, 0);
}

#[test]
fn more_that_is_lost_is_read_again() {
    let (store, world, tree, packs) = world();
    lose(&store, &packs);
    world.backup(&tree).unwrap();
    assert_eq!(world.backup(&tree).unwrap().files_read, 0);
    lose(&store, &store.names("data/").into_iter().map(|name| (name, Vec::new())).collect::<Objects>());
    assert_eq!(world.backup(&tree).unwrap().files_read, 2);
    assert_eq!(world.backup(&tree).unwrap().files_read, 0);
    world.assert_holds("latest", &tree);
}

/// What one job has read says nothing of what another one's last tree names.
#[test]
fn each_job_settles_for_itself() {
    let (store, mut world, tree, packs) = world();
    world.job = "another".into();
    world.backup(&tree).unwrap();
    assert_eq!(world.backup(&tree).unwrap().files_read, 0);
    world.job = "default".into();
    lose(&store, &packs);
    assert_eq!(world.backup(&tree).unwrap().files_read, 2);
    assert_eq!(world.backup(&tree).unwrap().files_read, 0);
    world.job = "another".into();
    assert_eq!(world.backup(&tree).unwrap().files_read, 2);
    assert_eq!(world.backup(&tree).unwrap().files_read, 0);
    world.assert_holds("latest", &tree);
}

/// A disk that comes and goes: a tree that was made while the packs were there may name what they hold.
#[test]
fn a_tree_made_while_the_packs_were_back_is_not_trusted_when_they_go_again() {
    let (store, world, mut tree, packs) = world();
    lose(&store, &packs);
    world.backup(&tree).unwrap();
    bring_back(&store, &packs);
    let old = self::tree(&["kept", "old", "other"]);
    tree.nodes.extend(old.nodes.into_iter().filter(|(key, _)| key.0 == b"old"));
    assert_eq!(world.backup(&tree).unwrap().new_chunks, 0);
    lose(&store, &packs);
    let healing = world.backup(&tree).unwrap();
    assert_eq!((healing.files_read, healing.new_chunks), (3, 1), "{healing:?}");
    world.assert_holds("latest", &tree);
}
