//! Backups, prunes and forgets at one store, their operations mixed by a seed, some killed, some asleep while the others go
//! on: whatever a backup reported as done comes back whole, as long as nobody forgot it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use atalaya_repo::maintain::Forgetting;
use atalaya_repo::model::Time;
use atalaya_repo::{Kind, Repository, Result, Role, Selector, Unlock};
use atalaya_store::{SimStore, Store};

use crate::damage::check_opened;
use crate::fixture::{NOW, Tree, World, init, noise};
use crate::maintain::{How, prune_opened};
use crate::turns::{Seat, Turns};

const WRITERS: usize = 2;
const PRUNERS: usize = 2;
const ROUNDS: u64 = 3;

/// Seeds of an ordinary run, and of a thorough one.
fn seeds() -> u64 {
    if std::env::var_os("ATALAYA_TESTS_FULL").is_some_and(|full| !full.is_empty()) { 4000 } else { 120 }
}

struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// A folder with some of a few files: what one snapshot dropped another one has again, and then its chunk may be in a pack
/// that a prune has just condemned.
fn tree(random: &mut Random, photos: &[Vec<u8>]) -> Tree {
    let mut tree = Tree::default();
    for (n, photo) in photos.iter().enumerate() {
        if random.below(3) == 0 {
            // Mostly as it was, so that it is carried over where the last snapshot has it.
            let version = Time { secs: 1_700_000_000 + random.below(5) as i64 / 4, nanos: 0 };
            let node = tree.file(&format!("photo {n}"), photo.clone());
            (node.meta.ino, node.meta.mtime, node.meta.ctime) = (100 + n as u64, version, version);
        }
    }
    tree.file("note", format!("{}", random.0)).meta.mtime.secs += random.below(1_000_000) as i64;
    tree
}

/// Somebody with a key file and a state folder.
struct Actor {
    world: World,
    key: Vec<u8>,
}

impl Actor {
    fn open(&self) -> Result<Repository> {
        Repository::open(Arc::clone(&self.world.store), Unlock::KeyFile(&self.key, None), self.world.state.path())
    }
}

/// What was reported as done: the id, and what is in it.
type Reported = Mutex<BTreeMap<String, Tree>>;

fn write(actor: &Actor, random: &mut Random, photos: &[Vec<u8>], reported: &Reported) {
    for _ in 0..ROUNDS {
        let tree = tree(random, photos);
        let Ok(repo) = actor.open() else { return };
        match actor.world.backup_with(&repo, &tree) {
            Ok(summary) => drop(reported.lock().unwrap().insert(summary.snapshot, tree)),
            Err(err) if err.kind == Kind::Fenced => {}
            // Killed.
            Err(_) => return,
        }
    }
}

fn maintain(actor: &Actor, random: &mut Random) {
    for _ in 0..ROUNDS {
        let Ok(repo) = actor.open() else { return };
        // Clocks are wrong by a month, and patience is short or long.
        let now = Time { secs: NOW.secs + (random.below(60) as i64 - 30) * 86_400, nanos: 0 };
        let grace_secs = if random.below(2) == 0 { -100 * 86_400 } else { 100 * 86_400 };
        for _ in 0..random.below(4) {
            forget_any(&repo, random);
        }
        // Nothing is given up, what is half unused, or whatever is not all used.
        let repack_percent = [200.0, 50.0, 0.0][random.below(3) as usize];
        let _ = prune_opened(&repo, How { grace_secs, repack_percent, now, ..How::default() });
    }
}

/// Mostly one of the newest, which the next backup of its job would carry over from.
fn forget_any(repo: &Repository, random: &mut Random) {
    let Ok((all, _)) = repo.snapshots() else { return };
    let back = random.below(3).min(random.below(8)) as usize;
    if let Some(info) = all.iter().rev().nth(back) {
        let _ = repo.forget(&[Forgetting { id: info.id, seen_secs: NOW.secs }], NOW);
    }
}

fn run(seed: u64, master: &[u8], key: &[u8], photos: &[Vec<u8>]) {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let sim = Arc::new(SimStore::new());
    restore(&sim, master);
    let switch = [1, 2, 5, 20, 100][random.below(5) as usize];
    let turns = Turns::new(random.0, switch, WRITERS + PRUNERS);
    let reported = Reported::default();
    let actors: Vec<(Actor, Random)> = (0..WRITERS + PRUNERS)
        .map(|number| {
            // Every third is killed somewhere.
            let left = (random.below(3) == 0).then(|| random.below(120));
            let seat = Seat {
                inner: Arc::clone(&sim) as Arc<dyn Store>,
                turns: Arc::clone(&turns),
                actor: number,
                left: Mutex::new(left),
                at_once: 1 + seed as usize % 2,
            };
            let mut world = World::over(Arc::new(seat));
            world.job = format!("job{number}");
            *world.now.lock().unwrap() = Time { secs: NOW.secs + number as i64, nanos: 0 };
            (Actor { world, key: key.to_vec() }, Random(random.0 ^ number as u64))
        })
        .collect();
    std::thread::scope(|scope| {
        for (number, (actor, own)) in actors.into_iter().enumerate() {
            let (turns, reported) = (Arc::clone(&turns), &reported);
            scope.spawn(move || {
                let mut own = own;
                match number < WRITERS {
                    true => write(&actor, &mut own, photos, reported),
                    false => maintain(&actor, &mut own),
                }
                turns.leave(number);
            });
        }
    });
    assert_kept(seed, &sim, key, &reported.into_inner().unwrap(), photos);
}

fn assert_kept(seed: u64, sim: &Arc<SimStore>, key: &[u8], reported: &BTreeMap<String, Tree>, photos: &[Vec<u8>]) {
    let actor = Actor { world: World::over(Arc::clone(sim) as Arc<dyn Store>), key: key.to_vec() };
    let whole = |what: &str| {
        let repo = actor.open().unwrap();
        let (all, bad) = repo.snapshots().unwrap();
        assert!(bad.is_empty(), "seed {seed}, {what}: {bad:?}");
        for info in all.iter().filter(|info| !info.fenced) {
            let id = atalaya_repo::hex(&info.id);
            let stored = actor.world.read_with(&repo, &Selector::Prefix(id.clone()));
            let stored = stored.unwrap_or_else(|err| panic!("seed {seed}, {what}, snapshot {id}: {err}"));
            if let Some(tree) = reported.get(&id) {
                assert_eq!(stored.len(), tree.nodes.len(), "seed {seed}, {what}, snapshot {id}");
                for (key, node) in &tree.nodes {
                    assert!(stored[key].1 == **node.content, "seed {seed}, {what}, snapshot {id}");
                }
            }
        }
    };
    whole("as it was left");
    // And then everything goes on, with the most impatient of prunes.
    let all = tree(&mut Random(u64::MAX), photos);
    *actor.world.now.lock().unwrap() = Time { secs: NOW.secs + 400 * 86_400, nanos: 0 };
    actor.world.backup_with(&actor.open().unwrap(), &all).unwrap_or_else(|err| panic!("seed {seed}: {err}"));
    let now = Time { secs: NOW.secs + 400 * 86_400, nanos: 0 };
    let how = How { now, repack_percent: 0.0, ..How::default() };
    for _ in 0..2 {
        let repo = actor.open().unwrap();
        let done = prune_opened(&repo, how).unwrap_or_else(|err| panic!("seed {seed}: {err}"));
        assert_eq!(done.waiting, [], "seed {seed}");
    }
    whole("after another prune");
    let fenced = actor.open().unwrap().snapshots().unwrap().0.iter().any(|info| info.fenced);
    let (_, findings) = check_opened(&actor.open().unwrap(), 100.0).unwrap();
    assert!(fenced || findings.is_empty(), "seed {seed}: {findings:?}");
}

/// Every object of a store, one behind another, so that each seed begins with the same repository without making it.
fn copy(store: &SimStore) -> Vec<u8> {
    let all: Vec<(String, Vec<u8>)> =
        store.names("").into_iter().map(|name| (name.clone(), store.contents(&name).unwrap())).collect();
    let mut out = Vec::new();
    for (name, bytes) in all {
        out.extend((name.len() as u32).to_be_bytes());
        out.extend(name.as_bytes());
        out.extend((bytes.len() as u32).to_be_bytes());
        out.extend(bytes);
    }
    out
}

fn restore(store: &SimStore, mut from: &[u8]) {
    let mut next = || {
        let (len, rest) = from.split_at_checked(4)?;
        let len = u32::from_be_bytes(len.try_into().ok()?) as usize;
        let (part, rest) = rest.split_at(len);
        from = rest;
        Some(part.to_vec())
    };
    while let (Some(name), Some(bytes)) = (next(), next()) {
        store.put(std::str::from_utf8(&name).unwrap(), atalaya_store::Body::Bytes(&bytes)).unwrap();
    }
    store.sync().unwrap();
}

#[test]
fn whatever_the_order_nothing_that_is_kept_is_lost() {
    let photos: Vec<Vec<u8>> = (0..5).map(|n| noise(n, 270_000)).collect();
    let store = Arc::new(SimStore::new());
    init(&*store).unwrap();
    let world = World::over(Arc::clone(&store) as Arc<dyn Store>);
    let (_, key) = world.open().unwrap().add_key(Role::Owner, "box", None, NOW).unwrap();
    let key = key.unwrap();
    // What is there before anybody begins.
    let mut random = Random(7);
    for _ in 0..3 {
        world.backup(&tree(&mut random, &photos)).unwrap();
    }
    let master = copy(&store);
    let only = std::env::var("ATALAYA_SEED").ok().and_then(|seed| seed.parse().ok());
    let range = only.map_or(0..seeds(), |seed| seed..seed + 1);
    range.for_each(|seed| run(seed, &master, &key, &photos));
}
