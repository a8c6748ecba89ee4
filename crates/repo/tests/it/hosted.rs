//! Checks by whoever keeps the objects and has no key.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use atalaya_repo::check::{CheckOptions, CheckProgress, CheckSummary, Finding, Sample, check_hosted};
use atalaya_repo::{Kind, Result};
use atalaya_store::{Body, SimStore, Stop, Store};

use crate::fixture::{NOW, Tree, World, init, noise};
use crate::maintain::{How, forget_oldest, prune_opened};

fn three() -> (Arc<SimStore>, World) {
    let store = Arc::new(SimStore::new());
    init(&*store).unwrap();
    let mut world = World::over(Arc::clone(&store) as Arc<dyn Store>);
    world.workers = 1;
    (0..3).for_each(|version| backup(&world, version));
    (store, world)
}

fn backup(world: &World, version: u64) {
    let mut tree = Tree::default();
    tree.file("photo", noise(version, 300_000)).meta.mtime.secs += version as i64;
    world.backup(&tree).unwrap();
}

fn hosted(store: &SimStore, sample: Sample<'_>) -> Result<(CheckSummary, Vec<Finding>)> {
    let (spool, findings) = (tempfile::tempdir().unwrap(), Mutex::new(Vec::new()));
    let summary = check_hosted(
        store,
        &CheckOptions {
            sample,
            now: &|| NOW,
            threads: 1,
            spool: spool.path(),
            stop: &AtomicBool::new(false),
            finding: &|finding| findings.lock().unwrap().push(finding.clone()),
            progress: &CheckProgress::default(),
        },
    )?;
    Ok((summary, findings.into_inner().unwrap()))
}

const ALL: Sample<'_> = Sample::Percent(100.0);

#[test]
fn a_sound_repository_needs_no_key() {
    let (store, world) = three();
    let (done, findings) = hosted(&store, ALL).unwrap();
    assert_eq!((findings.len(), done.snapshots, done.packs, done.packs_read), (0, 3, done.packs_read, done.packs));
    assert!(done.packs >= 6 && !done.trees_checked && !done.content_verified);
    let stored: usize =
        ["data/", "tree/"].iter().flat_map(|f| store.names(f)).map(|n| store.contents(&n).unwrap().len()).sum();
    assert_eq!(done.bytes_read, stored as u64);
    assert_eq!(hosted(&store, Sample::Nothing).unwrap().0.packs_read, 0);
    assert_eq!(hosted(&store, Sample::Bytes(1)).unwrap().0.packs_read, 1);
    assert_eq!(hosted(&SimStore::new(), ALL).unwrap_err().kind, Kind::NoRepository);
    // What a backup left that was killed is nobody's.
    store.stop_after_put("data/");
    let mut tree = Tree::default();
    tree.file("photo", noise(9, 300_000));
    world.backup(&tree).unwrap_err();
    store.restart();
    let (done, findings) = hosted(&store, ALL).unwrap();
    assert!(findings.is_empty() && done.unindexed_packs > 0, "{done:?}");
}

#[test]
fn damage_anywhere_is_found() {
    for folder in ["data/", "tree/", "index/", "snapshots/", "keys/"] {
        for way in 0..3 {
            let (store, _) = three();
            let name = store.names(folder)[0].clone();
            let len = store.contents(&name).unwrap().len();
            match way {
                0 => store.flip(&name, if folder == "keys/" { 0 } else { len / 2 }).unwrap(),
                // In a key file what is sealed shows nothing; its form does.
                1 if folder == "keys/" => store.truncate(&name, 9).unwrap(),
                1 => store.truncate(&name, len - 1).unwrap(),
                // That a small object is gone shows in what is left of the others, or to whoever knew it.
                _ if folder == "data/" || folder == "tree/" => store.lose(&name).unwrap(),
                _ => continue,
            }
            let (done, findings) = hosted(&store, ALL).unwrap();
            assert!(done.findings > 0 && format!("{findings:?}").contains(&name), "{name}, way {way}: {findings:?}");
        }
    }
}

/// Whole, under its own name, and not what was stored.
#[test]
fn a_pack_of_another_content_is_found_by_its_checksum() {
    let (store, _) = three();
    let name = store.names("data/")[0].clone();
    store
        .damage(&name, |bytes| {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            let end = bytes.len() - 28;
            let sum = twox_hash::XxHash3_128::oneshot(&bytes[..end + 8]).to_be_bytes();
            bytes[end + 8..end + 24].copy_from_slice(&sum);
        })
        .unwrap();
    let (_, findings) = hosted(&store, ALL).unwrap();
    assert!(format!("{findings:?}").contains("another pack than the index names"), "{findings:?}");
}

#[test]
fn a_prune_that_was_stopped_anywhere_is_no_damage() {
    let operations = {
        let (store, world) = three();
        forget_oldest(&world.open().unwrap(), 2).unwrap();
        let (repo, before) = (world.open().unwrap(), store.operations());
        prune_opened(&repo, How::default()).unwrap();
        store.operations() - before
    };
    let thorough = std::env::var_os("ATALAYA_TESTS_FULL").is_some_and(|full| !full.is_empty());
    for k in (0..operations).step_by(if thorough { 1 } else { 3 }) {
        let (store, world) = three();
        forget_oldest(&world.open().unwrap(), 2).unwrap();
        let repo = world.open().unwrap();
        store.stop_at(Stop::After(store.operations() + k));
        let _ = prune_opened(&repo, How::default());
        store.restart();
        let (_, findings) = hosted(&store, ALL).unwrap();
        assert!(findings.iter().all(|f| matches!(f, Finding::Harmless(_))), "operation {k}: {findings:?}");
    }
}

#[test]
fn what_somebody_without_a_key_put_is_told() {
    let (store, _) = three();
    store.put(&format!("snapshots/{}", "0".repeat(32)), Body::Bytes(b"a forgery")).unwrap();
    let (_, findings) = hosted(&store, Sample::Nothing).unwrap();
    assert!(matches!(&findings[..], [Finding::Snapshot(_)]), "{findings:?}");
}
