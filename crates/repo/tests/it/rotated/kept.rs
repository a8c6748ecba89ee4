//! Copies, prunes, repairs and cut-offs after a rotation; and a repository of before there were any.

use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use atalaya_repo::check::{CheckOptions, CheckProgress, Finding, Sample, check_hosted};
use atalaya_repo::{Kind, Repository, Unlock};
use atalaya_store::{Body, Entry, SimStore, SpoolFile, Stop, Store};

use super::{Bench, album, error};
use crate::copy::{At, Home, Manner, copy_with};
use crate::damage::check;
use crate::fixture::{NOW, World};
use crate::maintain::{How, assert_sound, bytes, forget_oldest, prune_opened};
use crate::repair::repair;

fn hosted(store: &SimStore) -> Vec<Finding> {
    let (spool, findings) = (tempfile::tempdir().unwrap(), Mutex::new(Vec::new()));
    let options = CheckOptions {
        sample: Sample::Percent(100.0),
        now: &|| NOW,
        threads: 1,
        spool: spool.path(),
        stop: &AtomicBool::new(false),
        finding: &|finding| findings.lock().unwrap().push(finding.clone()),
        progress: &CheckProgress::default(),
    };
    check_hosted(store, &options).unwrap();
    findings.into_inner().unwrap()
}

#[test]
fn replicas_get_the_keys_before_what_they_open() {
    let home = Home::new();
    home.backup(0);
    let target = Arc::new(SimStore::new());
    let copy = |how| copy_with(&home.open(), Arc::new(At(Arc::clone(&target), "away")), how);
    copy(Manner::default()).unwrap();
    home.open().rotate_keys(&[], NOW).unwrap();
    home.backup(1);
    let operations = {
        // Cut off anywhere: what was copied of packs has its keys there.
        let mut k = 0;
        loop {
            target.stop_at(Stop::Before(target.operations() + k));
            let done = copy(Manner::default()).is_ok();
            target.restart();
            let packs = target.names("data/").into_iter().chain(target.names("tree/"));
            let newest = packs.map(|name| target.contents(&name).unwrap()[9]).max().unwrap();
            assert!(newest == 0 || target.names("epochs/").len() == 1, "operation {k}");
            if done {
                break k;
            }
            k += 2;
        }
    };
    assert!(operations > 10, "{operations}");
    for folder in ["epochs/", "members/", "grants/"] {
        let same = |name: &String| home.store.contents(name) == target.contents(name);
        assert!(home.store.names(folder) == target.names(folder) && target.names(folder).iter().all(same), "{folder}");
    }
    let replica = || World::over(Arc::new(At(Arc::clone(&target), "away")));
    assert!(replica().read("latest").unwrap() == home.world.read("latest").unwrap());
    assert_eq!((hosted(&target), check(&replica(), 100.0).unwrap().1), (vec![], vec![]));
    // What decays on either side comes back from the other.
    target.flip("epochs/00000001", 60).unwrap();
    target.lose("members/00000000").unwrap();
    assert_eq!(hosted(&target).len(), 1);
    copy(Manner::default()).unwrap();
    home.store.lose("members/00000001").unwrap();
    copy(Manner { heal: true, ..Manner::default() }).unwrap();
    assert_eq!((hosted(&target), hosted(&home.store)), (vec![], vec![]));
    assert_eq!(home.store.names("members/").len(), 2);
    // A primary that went back to before the rotation is not copied.
    let state = tempfile::tempdir().unwrap();
    home.store.lose("epochs/00000001").unwrap();
    let rolled = home.open_at(Arc::clone(&home.world.store), state.path()).unwrap();
    let err = error(copy_with(&rolled, Arc::new(At(Arc::clone(&target), "away")), Manner::default()));
    assert!(err.text.contains("list of key epochs"), "{err}");
}

/// A primary whose keys are rotated, and backed up to, when its snapshots are listed for the first time.
struct Meanwhile {
    home: &'static Home,
    begun: AtomicBool,
}

impl Store for Meanwhile {
    fn list(
        &self,
        prefix: &str,
        each: &mut dyn FnMut(&Entry) -> atalaya_store::Result<()>,
    ) -> atalaya_store::Result<()> {
        if prefix == "snapshots/" && !self.begun.swap(true, Ordering::Relaxed) {
            self.home.open().rotate_keys(&[], NOW).unwrap();
            self.home.backup(1);
        }
        self.home.world.store.list(prefix, each)
    }
    fn put(&self, name: &str, body: Body<'_>) -> atalaya_store::Result<()> {
        self.home.world.store.put(name, body)
    }
    fn sync(&self) -> atalaya_store::Result<()> {
        self.home.world.store.sync()
    }
    fn get(&self, name: &str, offset: u64, buf: &mut [u8]) -> atalaya_store::Result<()> {
        self.home.world.store.get(name, offset, buf)
    }
    fn stat(&self, name: &str) -> atalaya_store::Result<u64> {
        self.home.world.store.stat(name)
    }
    fn delete(&self, name: &str) -> atalaya_store::Result<()> {
        self.home.world.store.delete(name)
    }
    fn spool(&self, fallback: &Path) -> atalaya_store::Result<SpoolFile> {
        self.home.world.store.spool(fallback)
    }
    fn place(&self) -> String {
        self.home.world.store.place()
    }
}

#[test]
fn a_replica_gets_keys_that_are_new_since_its_copy_began() {
    let home: &'static Home = Box::leak(Box::new(Home::new()));
    home.backup(0);
    let (target, state) = (Arc::new(SimStore::new()), tempfile::tempdir().unwrap());
    let from = home.open_at(Arc::new(Meanwhile { home, begun: AtomicBool::new(false) }), state.path()).unwrap();
    let done = copy_with(&from, Arc::new(At(Arc::clone(&target), "away")), Manner::default()).unwrap();
    assert_eq!((done.snapshots, done.troubles), (2, 0), "{done:?}");
    let replica = World::over(Arc::new(At(Arc::clone(&target), "away")));
    assert!(replica.read("latest").unwrap() == home.world.read("latest").unwrap());
}

#[test]
fn packs_that_are_given_up_and_mended_go_on_in_the_newest() {
    let bench = Bench::new();
    (0..3).for_each(|version| drop(bench.world.backup(&album(version)).unwrap()));
    bench.rotate().unwrap();
    forget_oldest(&bench.world.open().unwrap(), 2).unwrap();
    let before = bytes(&bench.store);
    let done = prune_opened(&bench.world.open().unwrap(), How { repack_percent: 1.0, ..How::default() }).unwrap();
    assert!(done.deleted_packs > 0 && bytes(&bench.store) < before, "{done:?}");
    bench.world.backup(&album(3)).unwrap();
    assert_sound(&bench.world, &album(3));
    // What is left of a damaged pack is saved by a repair.
    let newest = |name: &String| bench.store.contents(name).unwrap()[9] == 1;
    let pack = bench.store.names("data/").into_iter().find(newest).unwrap();
    bench.store.flip(&pack, 2_000).unwrap();
    assert!(repair(&bench.world.open().unwrap(), true).unwrap().0.set_aside > 0);
    assert_eq!(check(&bench.world, 100.0).unwrap().1, []);
}

/// What opens when the epoch is back must not be thrown away as if it were damaged.
#[test]
fn nothing_is_repaired_while_an_epoch_is_missing() {
    let bench = Bench::new();
    bench.rotate().unwrap();
    bench.world.backup(&album(0)).unwrap();
    let (name, all) = ("epochs/00000001", bench.store.names(""));
    let whole = bench.store.contents(name).unwrap();
    let fresh = || World::over(Arc::clone(&bench.world.store));
    for hide in [&(|| bench.store.lose(name).unwrap()) as &dyn Fn(), &|| bench.store.flip(name, 70).unwrap()] {
        hide();
        for apply in [false, true] {
            let err = error(repair(&fresh().open().unwrap(), apply));
            assert!(err.kind == Kind::Refused && err.text.contains("epochs/"), "{err}");
        }
        bench.store.lose(name).ok();
        bench.store.put(name, Body::Bytes(&whole)).unwrap();
    }
    let kept = |name: &String| bench.store.names("").contains(name) || name.starts_with("sessions/");
    assert!(all.iter().all(kept));
    assert_sound(&bench.world, &album(0));
}

#[test]
fn stopped_at_every_operation_it_is_done_or_can_be_done_again() {
    let mut k = 0;
    loop {
        let bench = Bench::new();
        let key = bench.key(atalaya_repo::Role::Maintainer);
        bench.world.backup(&album(0)).unwrap();
        let mut repo = bench.world.open().unwrap();
        bench.store.stop_at(Stop::Before(bench.store.operations() + k));
        let done = repo.rotate_keys(&[], NOW).is_ok();
        drop(repo);
        bench.store.restart();
        bench.world.backup(&album(1)).unwrap();
        bench.rotate().unwrap();
        bench.world.backup(&album(2)).unwrap();
        assert_sound(&bench.world, &album(2));
        assert!(bench.open(&key).is_ok());
        if done {
            assert!(k > 5, "{k}");
            return;
        }
        k += 1;
    }
}

#[test]
fn a_key_added_later_and_cut_off_at_every_operation_is_nobody_s_or_whole() {
    let mut k = 0;
    loop {
        let bench = Bench::new();
        bench.rotate().unwrap();
        let mut repo = bench.world.open().unwrap();
        bench.store.stop_at(Stop::Before(bench.store.operations() + k));
        let added = repo.add_key(atalaya_repo::Role::Owner, "late", Some(b"late words"), NOW);
        drop(repo);
        bench.store.restart();
        bench.world.backup(&album(0)).unwrap();
        let state = tempfile::tempdir().unwrap();
        let opened = Repository::open(Arc::clone(&bench.world.store), Unlock::Passphrase(b"late words"), state.path());
        if let Ok(late) = &opened {
            let selector = "latest".parse().unwrap();
            assert_eq!(bench.world.read_with(late, &selector).unwrap().len(), 2, "operation {k}");
        }
        if added.is_ok() {
            assert!(opened.is_ok() && k > 5);
            return;
        }
        k += 1;
    }
}

/// Every file of a folder into a store.
fn load(store: &SimStore, root: &Path, folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            load(store, root, &entry);
        } else {
            let name = entry.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            store.put(&name, Body::Bytes(&std::fs::read(entry).unwrap())).unwrap();
        }
    }
}

#[test]
fn a_repository_of_before_is_rotated_and_reads_on() {
    let (store, state) = (Arc::new(SimStore::new()), tempfile::tempdir().unwrap());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/format-1/repo");
    load(&store, &root, &root);
    let opened = Arc::clone(&store) as Arc<dyn Store>;
    let open = || Repository::open(Arc::clone(&opened), Unlock::Passphrase(b"format 1"), state.path()).unwrap();
    let world = World::over(Arc::clone(&opened));
    let old = |repo: &Repository| {
        let info = repo.find_snapshot(&"latest/fixture".parse::<atalaya_repo::Selector>().unwrap()).unwrap();
        format!("{:?}", world.read_with(repo, &atalaya_repo::hex(&info.id).parse().unwrap()).unwrap().keys())
    };
    assert_eq!(store.names("members/"), Vec::<String>::new());
    let before = old(&open());
    assert_eq!(open().rotate_keys(&[], NOW).unwrap(), 1);
    world.backup_with(&open(), &album(0)).unwrap();
    assert_eq!(old(&open()), before);
    let newest = format!("latest/{}", world.job).parse().unwrap();
    assert_eq!(world.read_with(&open(), &newest).unwrap().len(), 2);
}
