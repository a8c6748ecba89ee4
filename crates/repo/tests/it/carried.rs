//! What is carried over from the last tree is not looked up, so a prune between two backups must be told apart from one
//! before them.

use std::path::Path;
use std::sync::{Arc, Mutex};

use atalaya_repo::maintain::Forgetting;
use atalaya_store::{Body, Entry, Result, SimStore, SpoolFile, Store};

use crate::damage::check;
use crate::fixture::{NOW, Tree, World, init, noise};
use crate::maintain::{How, forget_oldest, prune_opened};

type Meanwhile = Box<dyn FnOnce() + Send>;

/// A store where something else happens right before a snapshot is put.
struct Before {
    inner: Arc<SimStore>,
    meanwhile: Mutex<Option<Meanwhile>>,
}

impl Store for Before {
    fn put(&self, name: &str, body: Body<'_>) -> Result<()> {
        if name.starts_with("snapshots/")
            && let Some(meanwhile) = self.meanwhile.lock().unwrap().take()
        {
            meanwhile();
        }
        self.inner.put(name, body)
    }
    fn sync(&self) -> Result<()> {
        self.inner.sync()
    }
    fn get(&self, name: &str, offset: u64, buf: &mut [u8]) -> Result<()> {
        self.inner.get(name, offset, buf)
    }
    fn list(&self, prefix: &str, each: &mut dyn FnMut(&Entry) -> Result<()>) -> Result<()> {
        self.inner.list(prefix, each)
    }
    fn stat(&self, name: &str) -> Result<u64> {
        self.inner.stat(name)
    }
    fn delete(&self, name: &str) -> Result<()> {
        self.inner.delete(name)
    }
    fn spool(&self, fallback: &Path) -> Result<SpoolFile> {
        self.inner.spool(fallback)
    }
    fn place(&self) -> String {
        self.inner.place()
    }
}

fn tree(photo: u64) -> Tree {
    let mut tree = Tree::default();
    let node = tree.file("photo", noise(photo, 600_000));
    node.meta.mtime.secs += photo as i64;
    tree
}

#[test]
fn nothing_is_carried_over_from_a_snapshot_that_a_prune_did_not_see() {
    let sim = Arc::new(SimStore::new());
    init(&*sim).unwrap();
    let keeper = Arc::new(World::over(Arc::clone(&sim) as Arc<dyn Store>));
    // Of the first photograph there is a pack that no snapshot uses.
    (1..3).for_each(|photo| drop(keeper.backup(&tree(photo)).unwrap()));
    forget_oldest(&keeper.open().unwrap(), 1).unwrap();
    let before = Arc::new(Before { inner: Arc::clone(&sim), meanwhile: Mutex::default() });
    let world = World::over(Arc::clone(&before) as Arc<dyn Store>);
    world.now.lock().unwrap().secs += 86_400;
    let prune = |keeper: &World| prune_opened(&keeper.open().unwrap(), How::default()).unwrap();

    // A backup finds it there; before that is done, a prune condemns the pack, and waits for this backup.
    let pruner = Arc::clone(&keeper);
    *before.meanwhile.lock().unwrap() = Some(Box::new(move || assert_eq!(prune(&pruner).waiting.len(), 1)));
    let first = world.backup(&tree(1)).unwrap().snapshot;

    // The next one would carry it over; meanwhile the snapshot it comes from is forgotten, and the prune goes on.
    let pruner = Arc::clone(&keeper);
    *before.meanwhile.lock().unwrap() = Some(Box::new(move || {
        let repo = pruner.open().unwrap();
        let info = repo.snapshots().unwrap().0.into_iter().find(|info| atalaya_repo::hex(&info.id) == first).unwrap();
        repo.forget(&[Forgetting { id: info.id, seen_secs: NOW.secs }], NOW).unwrap();
        let done = prune_opened(&repo, How::default()).unwrap();
        assert!(done.waiting.is_empty() && done.deleted_packs > 0, "{done:?}");
    }));
    let second = world.backup(&tree(1)).unwrap();
    assert!(!second.had_parent, "{second:?}");
    world.assert_holds(&second.snapshot, &tree(1));
    // What it stored, knowing of the list, may be carried over again.
    let third = world.backup(&tree(1)).unwrap();
    assert!(third.had_parent && third.files_read == 0, "{third:?}");
    assert_eq!(check(&world, 100.0).unwrap().1, []);
}

#[test]
fn what_a_prune_saw_unused_costs_the_next_backup_nothing() {
    let sim = Arc::new(SimStore::new());
    init(&*sim).unwrap();
    let world = World::over(Arc::clone(&sim) as Arc<dyn Store>);
    (1..3).for_each(|photo| drop(world.backup(&tree(photo)).unwrap()));
    forget_oldest(&world.open().unwrap(), 1).unwrap();
    // A backup that was killed elsewhere keeps the list in the store.
    let dead = World::over(Arc::clone(&sim) as Arc<dyn Store>);
    sim.stop_after_put("data/");
    dead.backup(&tree(9)).unwrap_err();
    sim.restart();
    assert_eq!(prune_opened(&world.open().unwrap(), How::default()).unwrap().waiting.len(), 1);
    for _ in 0..2 {
        let summary = world.backup(&tree(2)).unwrap();
        assert_eq!((summary.had_parent, summary.files_read), (true, 0), "{summary:?}");
    }
}
