//! Small objects on a bad sector, or of a newer version: a finding each, and everything else goes on.

use std::sync::Arc;

use atalaya_repo::check::Finding;
use atalaya_repo::{Repository, Unlock};
use atalaya_store::{Fault, SimStore, Store};

use crate::damage::{check, check_opened};
use crate::fixture::{PASSPHRASE, Tree, World, init, noise};

const FOLDERS: [&str; 4] = ["keys/", "index/", "snapshots/", "sessions/"];

/// Two backups, so that each folder has another object beside the bad one; but one key.
fn world() -> (Arc<SimStore>, World, Tree) {
    let store = Arc::new(SimStore::new());
    init(&*store).unwrap();
    let world = World::over(Arc::clone(&store) as Arc<dyn Store>);
    let mut tree = Tree::default();
    tree.file("a", noise(1, 300_000));
    world.backup(&tree).unwrap();
    tree.file("b", noise(2, 300_000));
    world.backup(&tree).unwrap();
    (store, world, tree)
}

/// Opened by a copy of its key file, so that the one in the store may be bad.
fn open(store: &Arc<SimStore>, world: &World) -> Repository {
    let key = store.contents(&store.names("keys/")[0]).unwrap();
    Repository::open(Arc::clone(&world.store), Unlock::KeyFile(&key, Some(PASSPHRASE)), world.state.path()).unwrap()
}

fn says(findings: &[Finding], word: &str) -> bool {
    findings.iter().any(|finding| match finding {
        Finding::Object(text) | Finding::Snapshot(text) => text.contains(word),
        _ => false,
    })
}

#[test]
fn a_bad_sector_under_a_small_object_is_a_finding_and_ends_nothing() {
    let (store, mut kept, tree) = world();
    for name in FOLDERS.iter().flat_map(|folder| store.names(folder)) {
        let bad: Arc<dyn Store> = Arc::new(Fault::bad_sector(Arc::clone(&store), &name));
        let whole = std::mem::replace(&mut kept.store, Arc::clone(&bad));
        let elsewhere = World::over(bad);
        for world in [&kept, &elsewhere] {
            let repo = open(&store, world);
            let (summary, findings) = check_opened(&repo, 100.0).unwrap();
            assert!(says(&findings, &name), "{name}: {findings:?}");
            let snapshots = usize::from(name.starts_with("snapshots/"));
            assert_eq!(summary.snapshots as usize, store.names("snapshots/").len() - snapshots, "{name}");
            assert_eq!(repo.snapshots().unwrap().1.len(), snapshots);
        }
        kept.store = whole;
    }
    kept.assert_holds("latest", &tree);
    assert_eq!(check(&kept, 100.0).unwrap().1, []);
}

#[test]
fn backups_and_restores_go_on_beside_an_index_run_that_cannot_be_read() {
    let (store, _, tree) = world();
    let names = store.names("index/");
    assert_eq!(names.len(), 2);
    for name in &names {
        let elsewhere = World::over(Arc::new(Fault::bad_sector(Arc::clone(&store), name)));
        let warnings = elsewhere.backup_with(&elsewhere.open().unwrap(), &tree).unwrap().warnings;
        assert!(warnings.iter().any(|text| text.contains(name.as_str())), "{warnings:?}");
        elsewhere.assert_holds("latest", &tree);
    }
}

#[test]
fn an_object_of_a_newer_version_is_a_finding_and_ends_nothing() {
    let (store, kept, tree) = world();
    for (folder, version) in [("keys/", 4), ("index/", 4), ("snapshots/", 5), ("sessions/", 5)] {
        for name in store.names(folder) {
            let elsewhere = World::over(Arc::clone(&store) as Arc<dyn Store>);
            let (kept_repo, repo) = (open(&store, &kept), open(&store, &elsewhere));
            store.damage(&name, |bytes| bytes[version] = 9).unwrap();
            for repo in [&kept_repo, &repo] {
                let (_, findings) = check_opened(repo, 0.0).unwrap();
                let shown = if folder == "snapshots/" { &name[folder.len()..folder.len() + 8] } else { &name };
                assert!(says(&findings, shown), "{name}: {findings:?}");
            }
            store.damage(&name, |bytes| bytes[version] = 1).unwrap();
        }
    }
    kept.assert_holds("latest", &tree);
    assert_eq!(check(&kept, 0.0).unwrap().1, []);
}
