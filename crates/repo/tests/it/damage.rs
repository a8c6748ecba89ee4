//! Every object, deleted, cut short or with a bit flipped: found, named, never believed, and the rest comes back.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use atalaya_repo::check::{CheckOptions, CheckProgress, CheckSummary, Finding, Sample};
use atalaya_repo::model::{Content, Run, Time};
use atalaya_repo::view::{View, Want};
use atalaya_repo::{Kind, Repository, Result, Selector, Unlock};
use atalaya_store::{Cached, SimStore, Store};

use crate::fixture::{NOW, PASSPHRASE, Tree, World, init, noise, read_content};

pub fn check(world: &World, percent: f64) -> Result<(CheckSummary, Vec<Finding>)> {
    check_opened(&world.open()?, percent)
}

pub fn check_opened(repo: &Repository, percent: f64) -> Result<(CheckSummary, Vec<Finding>)> {
    check_sample(repo, Sample::Percent(percent), NOW)
}

pub fn check_sample(repo: &Repository, sample: Sample<'_>, now: Time) -> Result<(CheckSummary, Vec<Finding>)> {
    let findings = Mutex::new(Vec::new());
    let spool = tempfile::tempdir().unwrap();
    let summary = repo.check(&CheckOptions {
        sample,
        now: &|| now,
        threads: 2,
        spool: spool.path(),
        stop: &AtomicBool::new(false),
        finding: &|finding| findings.lock().unwrap().push(finding.clone()),
        progress: &CheckProgress::default(),
    })?;
    Ok((summary, findings.into_inner().unwrap()))
}

fn tree() -> Tree {
    let mut tree = Tree::default();
    for n in 0..600 {
        tree.file(&format!("notes/{n:04}"), format!("note {n} ").repeat(20));
    }
    tree.file("large", noise(1, 3_000_000));
    tree.file("music", noise(2, 900_000));
    tree
}

/// What can still be read, and whether anything that was read is wrong.
fn survivors(world: &World, tree: &Tree) -> Result<(usize, usize)> {
    survivors_of(&world.open()?, tree)
}

fn survivors_of(repo: &Repository, tree: &Tree) -> Result<(usize, usize)> {
    let info = repo.find_snapshot(&"latest".parse::<Selector>()?)?;
    let snapshot = repo.open_snapshot(&info, 2)?;
    let mut entries = snapshot.entries(b"")?;
    let (mut good, mut bad) = (0, 0);
    loop {
        match entries.next() {
            Ok(None) => return Ok((good, bad)),
            Ok(Some(entry)) => match read_content(&snapshot, &entry) {
                Ok(content) => {
                    let expected = &tree.nodes[&crate::fixture::Key(entry.path.clone())];
                    assert!(content == **expected.content, "wrong bytes of {}", String::from_utf8_lossy(&entry.path));
                    good += 1;
                }
                Err(_) => bad += 1,
            },
            Err(_) => bad += 1,
        }
    }
}

/// What was read of folder listings is kept on this machine, as it was read.
#[test]
fn what_was_healed_is_read_though_it_was_kept_as_it_was_before() {
    let (store, kept) = (Arc::new(SimStore::new()), tempfile::tempdir().unwrap());
    init(&*store).unwrap();
    World::over(Arc::clone(&store) as Arc<dyn Store>).backup(&tree()).unwrap();
    let packs = store.names("tree/");
    let flip = |at: usize| packs.iter().for_each(|pack| store.flip(pack, at).unwrap());
    // Header, sealed key, blob.
    for at in [3, 60, 2_000] {
        let far = || Cached::new(Arc::clone(&store), &kept.path().join(at.to_string()), 4 << 20);
        let read = || World::over(Arc::new(far())).read("latest");
        flip(at);
        assert!(read().is_err(), "byte {at}");
        flip(at);
        assert_eq!(read().unwrap().len(), tree().nodes.len(), "byte {at}");
    }
}

#[test]
fn a_sound_repository_has_no_findings() {
    let world = World::new();
    world.backup(&tree()).unwrap();
    world.backup(&tree()).unwrap();
    let (summary, findings) = check(&world, 100.0).unwrap();
    assert_eq!(findings, []);
    assert!(summary.trees_checked && summary.content_verified);
    assert!(summary.packs_read >= 2 && summary.packs_read == summary.packs && summary.blobs_verified > 4);
}

/// A backup that fails for want of room, but has enough to say so.
fn end_a_session(store: &SimStore, world: &World, tree: &Tree) {
    let used: usize = store.names("").iter().map(|name| store.contents(name).unwrap().len()).sum();
    store.set_capacity(Some(used as u64 + 400));
    let mut more = tree.clone();
    more.file("more", noise(3, 900_000));
    world.backup(&more).unwrap_err();
    store.set_capacity(None);
    assert_eq!(store.names("ended/").len(), 1);
}

#[test]
fn damage_matrix() {
    let store = Arc::new(SimStore::new());
    init(&*store).unwrap();
    let mut world = World::over(Arc::clone(&store) as Arc<dyn Store>);
    let tree = tree();
    world.backup(&tree).unwrap();
    end_a_session(&store, &world, &tree);
    let whole = tree.nodes.len();
    let key = store.contents(&store.names("keys/")[0]).unwrap();
    let names = store.names("");
    let kinds: BTreeSet<&str> = names.iter().map(|n| n.split('/').next().unwrap()).collect();
    assert_eq!(
        kinds,
        BTreeSet::from([
            "config",
            "data",
            "ended",
            "index",
            "keys",
            "members",
            "roster",
            "sessions",
            "snapshots",
            "tree"
        ])
    );
    let full = std::env::var("ATALAYA_TESTS_FULL").is_ok_and(|full| !full.is_empty());
    for (number, name) in names.iter().enumerate() {
        let before = store.contents(name).unwrap();
        let mut places = vec![0, 5, 30, before.len() / 3, before.len() / 2, before.len() - 30, before.len() - 1];
        if name.starts_with("data/") {
            // There a flip makes it a pack of a newer version, with an unknown cipher, KEM or epoch.
            places.extend([4, 6, 7, 8, 9]);
        }
        let mut cases: Vec<(String, Option<Vec<u8>>)> = vec![("gone".into(), None)];
        for len in [0, 10, before.len() - 1] {
            cases.push((format!("cut to {len}"), Some(before[..len].to_vec())));
        }
        for at in places {
            let mut bytes = before.clone();
            bytes[at.min(before.len() - 1)] ^= 1 << (at % 8);
            cases.push((format!("bit flipped in byte {at}"), Some(bytes)));
        }
        if !full {
            // Every object is lost, and a third of the rest: another third for the next object, which is of the same kind.
            let mut place = number;
            cases.retain(|(case, _)| {
                place += 1;
                case == "gone" || place % 3 == 0
            });
        }
        for (case, bytes) in cases {
            let what = format!("{name} {case}");
            match bytes {
                Some(bytes) => store.damage(name, |b| *b = bytes).unwrap(),
                None => store.lose(name).unwrap(),
            }
            // Nothing in the data depends on these where the state folder has a copy of the index (which an index run
            // that is gone takes with it: whoever removes one means it).
            let spared = name.starts_with("index/") && case != "gone";
            if spared || ["keys/", "members/", "sessions/", "ended/"].iter().any(|folder| name.starts_with(folder)) {
                let unlock = Unlock::KeyFile(&key, Some(PASSPHRASE));
                let repo = Repository::open(Arc::clone(&world.store), unlock, world.state.path()).unwrap();
                assert_eq!(survivors_of(&repo, &tree).unwrap(), (whole, 0), "{what}");
                let (summary, findings) = check_opened(&repo, 0.0).unwrap();
                // What is sealed in a key file only its passphrase can tell.
                let told = name.starts_with("keys/") || !findings.is_empty() || case == "gone";
                assert!(summary.files_affected == 0 && told, "{what}: {findings:?}");
            }
            // A fresh state folder: no copy of the index hides damage of the store's.
            let kept = std::mem::replace(&mut world.state, tempfile::tempdir().unwrap());
            // Whoever it is of puts it anew with the next backup.
            let unmissed = ["members/", "sessions/", "ended/"].iter().any(|folder| name.starts_with(folder));
            let session = unmissed && case == "gone";
            match check(&world, 100.0) {
                Ok((_, findings)) => assert!(
                    !findings.is_empty() || session || name.starts_with("snapshots/") && case == "gone",
                    "not found: {what}"
                ),
                Err(err) => assert!(
                    matches!(
                        err.kind,
                        Kind::Damaged | Kind::NoRepository | Kind::WrongKey | Kind::NotFound | Kind::TooNew
                    ),
                    "{what}: {err}"
                ),
            }
            match survivors(&world, &tree) {
                Ok((good, bad)) if name.starts_with("data/") => assert_eq!(good + bad, whole, "{what}"),
                Ok((good, bad)) => assert!(good + bad <= whole + 1, "{what}"),
                Err(err) if name.starts_with("data/") => panic!("{what}: one pack's damage ends it all: {err}"),
                Err(err) => assert!(err.kind != Kind::Io, "{what}: {err}"),
            }
            world.state = kept;
            assert_next_backup_holds(&store, &world, &tree, &what);
            let _ = store.lose(name);
            store.put(name, atalaya_store::Body::Bytes(&before)).unwrap();
        }
    }
    assert_eq!(check(&world, 100.0).unwrap().1, []);
}

/// A state folder that lived through the damage, and a check that read everything: if a backup says then that it went
/// well, its snapshot is whole for whoever has nothing but the repository. Leaves all as it was.
fn assert_next_backup_holds(store: &Arc<SimStore>, world: &World, tree: &Tree, what: &str) {
    let objects = store.names("");
    let copy = World { now: Mutex::new(*world.now.lock().unwrap()), ..World::over(Arc::clone(&world.store)) };
    copy_folder(world.state.path(), copy.state.path());
    // Where an index run decays, the copy of it goes on serving this machine alone, which the check tells. What is asked
    // here is what becomes of it without that copy.
    if what.starts_with("index/") && !what.ends_with("gone") {
        std::fs::read_dir(copy.state.path())
            .unwrap()
            .filter_map(|entry| std::fs::read_dir(entry.unwrap().path().join("index")).ok())
            .flatten()
            .for_each(|run| std::fs::remove_file(run.unwrap().path()).unwrap());
    }
    let _ = check(&copy, 100.0);
    match copy.backup(tree) {
        Ok(_) => World::over(Arc::clone(&world.store)).assert_holds("latest", tree),
        Err(err) => assert!(
            ["config", "keys/", "roster/"].iter().any(|vital| what.starts_with(vital)),
            "{what}: nothing that a backup needs is damaged: {err}"
        ),
    }
    let new = store.names("").into_iter().filter(|name| !objects.contains(name));
    new.for_each(|name| store.lose(&name).unwrap());
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(|entry| entry.unwrap()) {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// The state folder has a copy of the index, so everything still comes back here; elsewhere it would not.
#[test]
fn a_rotten_index_run_is_found_though_the_state_folder_has_a_copy_of_it() {
    let store = Arc::new(SimStore::new());
    init(&*store).unwrap();
    let world = World::over(Arc::clone(&store) as Arc<dyn Store>);
    let made = world.backup(&tree()).unwrap().snapshot;
    let name = store.names("index/").remove(0);
    for percent in [0.0, 100.0] {
        for at in [5, 30, 2_000, store.contents(&name).unwrap().len() - 1] {
            store.flip(&name, at).unwrap();
            let (summary, findings) = check(&world, percent).unwrap();
            let [Finding::Object(text)] = &findings[..] else { panic!("byte {at}: {findings:?}") };
            assert!(text.contains(&name) && text.contains("sound copy"), "{text}");
            assert_eq!((summary.findings, summary.objects), (1, 0), "not one that can be done without");
            let elsewhere = World::over(Arc::clone(&store) as Arc<dyn Store>);
            assert!(
                check(&elsewhere, 0.0).unwrap().1.iter().any(|f| matches!(f, Finding::Object(t) if t.contains(&name)))
            );
            let warnings = elsewhere.backup(&Tree::default()).unwrap().warnings;
            assert!(warnings.iter().any(|text| text.contains(&name)), "{warnings:?}");
            world.assert_holds(&made, &tree());
            store.flip(&name, at).unwrap();
        }
    }
}

#[test]
fn damage_names_the_files_it_affects_and_only_those() {
    let store = Arc::new(SimStore::new());
    init(&*store).unwrap();
    let world = World::over(Arc::clone(&store) as Arc<dyn Store>);
    let mut tree = Tree::default();
    tree.file("a", noise(1, 400_000));
    tree.file("b", noise(2, 400_000));
    world.backup(&tree).unwrap();
    let pack = store.names("data/").into_iter().next().unwrap();
    store.flip(&pack, 2_000).unwrap();
    let (summary, findings) = check(&world, 100.0).unwrap();
    let files: Vec<_> = findings.iter().filter(|f| matches!(f, Finding::File(..))).collect();
    assert_eq!((summary.files_affected, files.len()), (1, 1), "{findings:?}");
    let (good, bad) = survivors(&world, &tree).unwrap();
    assert_eq!((good, bad), (1, 1));
}

/// Such a pack seems to be of a newer version; yet it is one pack, and others are fetched with it at once.
/// Where longer files would be cut differs with each repository's secret, so these are of one chunk each.
#[test]
fn a_pack_that_seems_newer_costs_its_own_files_and_no_others() {
    let store = Arc::new(SimStore::new());
    init(&*store).unwrap();
    let world = World::over(Arc::clone(&store) as Arc<dyn Store>);
    let mut tree = Tree::default();
    tree.file("a", noise(1, 200_000));
    world.backup(&tree).unwrap();
    let packs = store.names("data/");
    let [pack] = &packs[..] else { panic!("{packs:?}") };
    tree.file("b", noise(2, 200_000));
    world.backup(&tree).unwrap();
    for at in [4, 6, 7, 8, 9] {
        store.damage(pack, |bytes| bytes[at] ^= 0x40).unwrap();
        let repo = world.open().unwrap();
        let snapshot = repo.open_snapshot(&repo.find_snapshot(&"latest".parse().unwrap()).unwrap(), 2).unwrap();
        let (mut entries, mut wants) = (snapshot.entries(b"").unwrap(), Vec::new());
        while let Some(entry) = entries.next().unwrap() {
            let Content::Runs(runs) = &entry.content else { panic!("{entry:?}") };
            wants.extend(runs.iter().filter_map(|run| match *run {
                Run::Data { chunk, offset, len } => Some(Want { chunk, offset, len, file: 0, at: 0 }),
                Run::Hole { .. } => None,
            }));
        }
        let (whole, told) = (Mutex::new(0), Mutex::new(String::new()));
        let deliver = |_: &[Want], data: Result<&[u8]>| match data {
            Ok(_) => *whole.lock().unwrap() += 1,
            Err(err) => *told.lock().unwrap() += &err.text,
        };
        snapshot.fetch(&mut wants, &deliver).unwrap();
        assert_eq!(whole.into_inner().unwrap(), 1, "byte {at}");
        let told = told.into_inner().unwrap();
        assert!(
            told.contains(pack) && ["newer version", "not known", "key epoch"].iter().any(|why| told.contains(why)),
            "{told}"
        );
        store.damage(pack, |bytes| bytes[at] ^= 0x40).unwrap();
    }
}

#[test]
fn a_missing_latest_snapshot_is_noticed_by_the_state_folder_and_by_its_successor() {
    let store = Arc::new(SimStore::new());
    init(&*store).unwrap();
    let world = World::over(Arc::clone(&store) as Arc<dyn Store>);
    let mut tree = tree();
    world.backup(&tree).unwrap();
    let first = store.names("snapshots/");
    tree.file("new", "new");
    world.backup(&tree).unwrap();
    let latest = store.names("snapshots/").into_iter().find(|n| !first.contains(n)).unwrap();
    let bytes = store.contents(&latest).unwrap();
    store.lose(&latest).unwrap();
    tree.file("newer", "newer");
    let warnings = world.backup(&tree).unwrap().warnings;
    assert!(warnings.iter().any(|w| w.contains("is gone")), "{warnings:?}");
    // Another machine has no memory, but the new snapshot names its predecessor.
    let other = World::over(Arc::clone(&store) as Arc<dyn Store>);
    let (_, findings) = check(&other, 0.0).unwrap();
    assert!(findings.iter().any(|f| matches!(f, Finding::Snapshot(text) if text.contains("missing"))), "{findings:?}");
    store.put(&latest, atalaya_store::Body::Bytes(&bytes)).unwrap();
    assert_eq!(check(&World::over(store), 0.0).unwrap().1, []);
}

#[test]
fn what_was_lost_is_stored_again_from_the_sources() {
    for read_first in [false, true] {
        let store = Arc::new(SimStore::new());
        init(&*store).unwrap();
        let world = World::over(Arc::clone(&store) as Arc<dyn Store>);
        let tree = tree();
        world.backup(&tree).unwrap();
        for pack in store.names("data/") {
            if read_first {
                store.flip(&pack, store.contents(&pack).unwrap().len() / 2).unwrap();
            } else {
                store.lose(&pack).unwrap();
            }
        }
        if read_first {
            assert_ne!(check(&world, 100.0).unwrap().1, []);
        }
        let healing = world.backup(&tree).unwrap();
        assert!(healing.new_chunks > 0 && healing.warnings.iter().any(|w| w.contains("missing or damaged")));
        world.assert_holds("latest", &tree);
        let after = world.backup(&tree).unwrap();
        assert_eq!((after.files_read, after.new_chunks), (0, 0), "healed once is enough");
    }
}
