//! Any object is damaged in any way: a repair makes the repository sound, and nothing is lost by it that could be had before.

mod beside;
mod refusals;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use atalaya_repo::check::{CheckOptions, CheckProgress, Finding, Sample};
use atalaya_repo::model::Time;
use atalaya_repo::repair::{RepairOptions, RepairSummary};
use atalaya_repo::view::View;
use atalaya_repo::{Repository, Result, Role, Selector, Unlock};
use atalaya_store::{Body, Loss, SimStore, Stop, Store};

use crate::damage::check_opened;
use crate::fixture::{Key, NOW, PASSPHRASE, Tree, World, init, noise, read_content};

/// A repository, as whoever has an owner's key file and a state folder sees it.
pub struct Bench {
    pub store: Arc<SimStore>,
    pub world: World,
    key: Vec<u8>,
}

/// What of a snapshot's files can be restored, by the time of the snapshot.
type Restorable = BTreeMap<Time, BTreeMap<Key, (Vec<u8>, Vec<u8>)>>;

impl Bench {
    pub fn new() -> Self {
        let store = Arc::new(SimStore::new());
        init(&*store).unwrap();
        let world = World { workers: 1, ..World::over(Arc::clone(&store) as Arc<dyn Store>) };
        let repo = Repository::open(Arc::clone(&world.store), Unlock::Passphrase(PASSPHRASE), world.state.path());
        let key = repo.unwrap().add_key(Role::Owner, "test", None, NOW).unwrap().1.unwrap();
        let bench = Self { store, world, key };
        bench.backup(&tree());
        bench.backup(&later());
        bench.store.sync().unwrap();
        bench
    }

    /// The same things in another place, to be damaged there.
    fn another(&self) -> Self {
        let store = Arc::new(SimStore::new());
        for name in self.store.names("") {
            store.put(&name, Body::Bytes(&self.store.contents(&name).unwrap())).unwrap();
        }
        store.sync().unwrap();
        let now = Mutex::new(*self.world.now.lock().unwrap());
        let world = World { now, workers: 1, ..World::over(Arc::clone(&store) as Arc<dyn Store>) };
        copy_folder(self.world.state.path(), world.state.path());
        Self { store, world, key: self.key.clone() }
    }

    pub fn open_in(&self, store: Arc<dyn Store>, state: &Path) -> Result<Repository> {
        Repository::open(store, Unlock::KeyFile(&self.key, None), state)
    }

    pub fn open(&self) -> Result<Repository> {
        self.open_in(Arc::clone(&self.world.store), self.world.state.path())
    }

    fn backup(&self, tree: &Tree) {
        self.world.backup_with(&self.open().unwrap(), tree).unwrap();
    }

    pub fn contents(&self) -> BTreeMap<String, Vec<u8>> {
        self.store.names("").into_iter().map(|name| (name.clone(), self.store.contents(&name).unwrap())).collect()
    }

    pub fn repair(&self, apply: bool) -> Result<(RepairSummary, Vec<Finding>)> {
        repair(&self.open()?, apply)
    }

    pub fn restorable(&self) -> Restorable {
        restorable(&self.open().unwrap())
    }

    /// Sound for this state folder and for another one, and a backup does not rely on what was lost.
    #[track_caller]
    pub fn assert_sound(&self, what: &str) {
        let elsewhere = tempfile::tempdir().unwrap();
        let fresh = || self.open_in(Arc::clone(&self.world.store), elsewhere.path()).unwrap();
        for repo in [self.open().unwrap(), fresh()] {
            let findings = check_opened(&repo, 100.0).unwrap().1;
            let bad: Vec<_> = findings.iter().filter(|finding| !may_stay(finding)).collect();
            assert!(bad.is_empty(), "{what}: {bad:?}");
        }
        assert!(repair(&fresh(), false).unwrap().0.is_nothing(), "{what}: the next one finds something to do");
        self.backup(&later());
        let found = self.world.read_with(&fresh(), &"latest".parse::<Selector>().unwrap()).unwrap();
        assert_eq!(found.len(), later().nodes.len(), "{what}");
        assert!(later().nodes.iter().all(|(key, node)| found[key].1 == **node.content), "{what}");
    }

    /// What could be had can be had.
    #[track_caller]
    pub fn assert_keeps(&self, before: &Restorable, what: &str) {
        let after = self.restorable();
        for (time, files) in before.iter().filter(|(_, files)| !files.is_empty()) {
            let now = after.get(time).unwrap_or_else(|| panic!("{what}: the snapshot of {time:?} is gone"));
            for (path, content) in files {
                assert!(now.get(path) == Some(content), "{what}: {} is gone", String::from_utf8_lossy(&path.0));
            }
        }
    }
}

/// What is odd and harms nothing; and a key file that says it is of a newer version, which may be so.
fn may_stay(finding: &Finding) -> bool {
    match finding {
        Finding::Object(text) => text.starts_with("keys/") && text.contains("newer version"),
        other => matches!(other, Finding::Harmless(_)),
    }
}

/// Small files together, one of several chunks, and an attribute that lies in a blob of its own.
fn tree() -> Tree {
    let mut tree = Tree::default();
    for n in 0..120 {
        tree.file(&format!("notes/{n:03}"), format!("note {n} ").repeat(20));
    }
    tree.file("large", noise(1, 2_600_000));
    let value = atalaya_repo::model::XattrValue::Inline(noise(3, 6_000));
    tree.file("music", noise(2, 300_000)).xattrs.push(atalaya_repo::model::Xattr { name: b"user.a".to_vec(), value });
    tree
}

fn later() -> Tree {
    let mut tree = tree();
    tree.file("new", noise(4, 400_000));
    tree
}

pub fn repair(repo: &Repository, apply: bool) -> Result<(RepairSummary, Vec<Finding>)> {
    let (findings, spool) = (Mutex::new(Vec::new()), tempfile::tempdir().unwrap());
    let check = CheckOptions {
        sample: Sample::Percent(100.0),
        now: &|| NOW,
        threads: 1,
        spool: spool.path(),
        stop: &AtomicBool::new(false),
        finding: &|finding| findings.lock().unwrap().push(finding.clone()),
        progress: &CheckProgress::default(),
    };
    let summary = repo.repair(&RepairOptions { check, apply })?;
    assert_eq!(std::fs::read_dir(spool.path()).unwrap().count(), 0, "it leaves something");
    Ok((summary, findings.into_inner().unwrap()))
}

fn restorable(repo: &Repository) -> Restorable {
    let mut out = Restorable::new();
    for info in repo.snapshots().unwrap().0 {
        let files = out.entry(info.started()).or_default();
        let Ok(snapshot) = repo.open_snapshot(&info, 1) else { continue };
        let Ok(mut entries) = snapshot.entries(b"") else { continue };
        loop {
            match entries.next() {
                Ok(None) => break,
                Ok(Some(entry)) => {
                    let mut values = Vec::new();
                    for xattr in &entry.xattrs {
                        values.extend(snapshot.xattr_value(&xattr.value).unwrap_or_default());
                    }
                    if let Ok(content) = read_content(&snapshot, &entry) {
                        files.insert(Key(entry.path.clone()), (content, values));
                    }
                }
                Err(_) => {}
            }
        }
    }
    out
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(|entry| entry.unwrap()) {
        let to = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy_folder(&entry.path(), &to),
            false => drop(std::fs::copy(entry.path(), to).unwrap()),
        }
    }
}

#[test]
fn where_nothing_is_damaged_nothing_is_done() {
    let bench = Bench::new();
    let before = bench.contents();
    let (summary, findings) = bench.repair(true).unwrap();
    assert!(summary.is_nothing() && findings.is_empty(), "{summary:?} {findings:?}");
    let mut after = bench.contents();
    after.retain(|name, _| !name.starts_with("sessions/") && !name.starts_with("ended/"));
    assert!(after.iter().all(|(name, bytes)| before.get(name) == Some(bytes)), "{:?}", after.keys());
}

/// Ways to damage an object.
fn cases(bytes: &[u8], number: usize) -> Vec<(String, Option<Vec<u8>>)> {
    let len = bytes.len();
    let mut out: Vec<(String, Option<Vec<u8>>)> = vec![("gone".into(), None)];
    out.extend([0, len / 2, len - 1].map(|cut| (format!("cut to {cut}"), Some(bytes[..cut].to_vec()))));
    for at in [0, 4, 6, 9, 30, len / 3, len / 2, len * 3 / 4, len - 40, len - 1] {
        let mut flipped = bytes.to_vec();
        flipped[at] ^= 1 << (at % 8);
        out.push((format!("bit flipped in byte {at}"), Some(flipped)));
    }
    if std::env::var("ATALAYA_TESTS_FULL").is_ok_and(|full| !full.is_empty()) {
        return out;
    }
    // Each object is lost, and a sixth of the rest: another sixth for the next one, which is of the same kind.
    let mut place = number;
    out.retain(|(case, _)| {
        place += 1;
        case == "gone" || place.is_multiple_of(6)
    });
    out
}

fn damage(bench: &Bench, name: &str, bytes: Option<&[u8]>) {
    match bytes {
        Some(bytes) => bench.store.damage(name, |old| bytes.clone_into(old)).unwrap(),
        None => bench.store.lose(name).unwrap(),
    }
}

#[test]
fn after_any_damage_it_is_sound_and_what_could_be_restored_can_be() {
    let sound = Bench::new();
    for (number, name) in sound.store.names("").into_iter().enumerate() {
        for (case, bytes) in cases(&sound.store.contents(&name).unwrap(), number) {
            let (bench, what) = (sound.another(), format!("{name} {case}"));
            damage(&bench, &name, bytes.as_deref());
            if bench.open().is_err() {
                // Without these there is no repository to be opened; copies have them.
                assert!(name == "config" || name.starts_with("roster/"), "{what}");
                continue;
            }
            let (before, contents) = (bench.restorable(), bench.contents());
            let (said, findings) = bench.repair(false).unwrap_or_else(|err| panic!("{what}: {err}"));
            assert_eq!(bench.contents(), contents, "{what}: it changed something");
            let (done, _) = bench.repair(true).unwrap_or_else(|err| panic!("{what}: {err}"));
            assert_eq!(RepairSummary { set_aside: 0, ..done }, said, "{what}: it does what it says");
            assert_eq!(said.findings, findings.iter().filter(|f| !matches!(f, Finding::Harmless(_))).count() as u64);
            bench.assert_keeps(&before, &what);
            bench.assert_sound(&what);
        }
    }
}

/// Without the state folder, which may have a copy of the index that nobody else has.
#[test]
fn an_index_that_is_gone_is_rebuilt_from_the_packs_alone() {
    let bench = Bench::new();
    let before = bench.restorable();
    bench.store.names("index/").iter().for_each(|name| bench.store.lose(name).unwrap());
    std::fs::remove_dir_all(bench.world.state.path()).unwrap();
    let (summary, _) = bench.repair(true).unwrap();
    assert!(summary.named_packs > 1 && !summary.is_loss(), "{summary:?}");
    assert_eq!(bench.restorable(), before);
    bench.assert_sound("no index");
}

#[test]
fn what_is_lost_is_named_and_nothing_else_goes() {
    let bench = Bench::new();
    let packs = bench.store.names("data/");
    let mut last = later();
    last.file("last", noise(5, 500_000));
    bench.backup(&last);
    let before = bench.restorable();
    // What came last has a pack of its own.
    let pack = bench.store.names("data/").into_iter().find(|name| !packs.contains(name)).unwrap();
    bench.store.flip(&pack, 3_000).unwrap();
    let (summary, findings) = bench.repair(true).unwrap();
    let files: Vec<_> = findings.iter().filter(|finding| matches!(finding, Finding::File(..))).collect();
    assert!(matches!(&files[..], [Finding::File(_, path, _)] if path == b"last"), "{findings:?}");
    assert_eq!((summary.lost_files, summary.renewed_snapshots.len(), summary.lost_snapshots.len()), (1, 1, 0));
    let after = bench.restorable();
    let counts = |all: &Restorable| all.values().map(BTreeMap::len).collect::<Vec<_>>();
    assert_eq!((counts(&before), counts(&after)), (vec![122, 123, 124], vec![122, 123, 123]));
    // What it took out is kept.
    assert_eq!(bench.store.names("damaged/snapshots/").len(), 1);
}

/// Of one file with a torn chunk the others of the same pack are stored once more.
#[test]
fn what_can_be_read_of_a_damaged_pack_is_stored_once_more() {
    let bench = Bench::new();
    let pack =
        bench.store.names("data/").into_iter().max_by_key(|name| bench.store.contents(name).unwrap().len()).unwrap();
    let len = bench.store.contents(&pack).unwrap().len();
    for at in [len / 3, len - 1_000] {
        bench.store.flip(&pack, at).unwrap();
    }
    let before = bench.restorable();
    let (summary, _) = bench.repair(true).unwrap();
    assert!(summary.saved_blobs > 0 && summary.dropped_packs == 1, "{summary:?}");
    bench.assert_keeps(&before, "a torn pack");
    bench.assert_sound("a torn pack");
}

/// Damage of each kind that makes a repair do another thing.
fn wounds(bench: &Bench) -> Vec<(&'static str, Vec<String>)> {
    let all = |folder| bench.store.names(folder);
    vec![
        ("a data pack", all("data/")[..1].to_vec()),
        ("a tree pack", all("tree/")[..1].to_vec()),
        ("index runs", all("index/")),
        ("a snapshot and an index run", [all("snapshots/")[..1].to_vec(), all("index/")[..1].to_vec()].concat()),
    ]
}

fn wounded(sound: &Bench, names: &[String]) -> Bench {
    let bench = sound.another();
    for name in names {
        let middle = bench.store.contents(name).unwrap().len() / 2;
        bench.store.flip(name, middle).unwrap();
    }
    bench
}

#[test]
fn cut_off_at_any_moment_it_costs_nothing_and_the_next_one_goes_on() {
    let sound = Bench::new();
    for (number, (wound, names)) in wounds(&sound).iter().enumerate() {
        let whole = wounded(&sound, names);
        let before = whole.restorable();
        let (from, _) = (whole.store.operations(), whole.repair(true).unwrap());
        let total = whole.store.operations() - from;
        let step = (total / 6).max(1);
        for (turn, k) in (number as u64 % step..total).step_by(step as usize).enumerate() {
            let bench = wounded(&sound, names);
            bench.store.stop_at(Stop::Before(bench.store.operations() + k));
            let _ = bench.repair(true);
            bench.store.restart();
            if turn % 2 == 0 {
                bench.store.power_cut(k, Loss::Whole);
            }
            let what = format!("{wound}, cut off at operation {k} of {total}");
            bench.assert_keeps(&before, &what);
            bench.repair(true).unwrap_or_else(|err| panic!("{what}: {err}"));
            bench.assert_keeps(&before, &what);
            bench.assert_sound(&what);
        }
    }
}
