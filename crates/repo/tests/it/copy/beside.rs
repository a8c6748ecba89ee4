//! Copies beside backups, prunes and other copies, their operations mixed by a seed.

use std::sync::Mutex;

use super::*;
use crate::turns::{Seat, Turns};

/// What a thread of the test does with the primary and the target as it sees them.
type Work<'a> = Box<dyn Fn(Arc<dyn Store>, Arc<dyn Store>) + Send + Sync + 'a>;

fn seats(home: &Arc<SimStore>, away: &Arc<SimStore>, turns: &Arc<Turns>, actor: usize) -> [Arc<dyn Store>; 2] {
    [(home, "home"), (away, "away")].map(|(store, name)| {
        let inner = Arc::new(At(Arc::clone(store), name)) as Arc<dyn Store>;
        Arc::new(Seat { inner, turns: Arc::clone(turns), actor, left: Mutex::new(None), at_once: 1 }) as Arc<dyn Store>
    })
}

fn mixed(seed: u64) {
    let (home, away) = (Home::new(), Arc::new(SimStore::new()));
    (0..2).for_each(|version| home.backup(version));
    home.copy(&away).unwrap();
    home.backup(2);
    let copied = Mutex::new(0);
    let copier = || -> Work<'_> {
        Box::new(|from, to| {
            let state = tempfile::tempdir().unwrap();
            for _ in 0..2 {
                // One that the prune overtakes too often says so; it may be run again.
                match home
                    .open_at(Arc::clone(&from), state.path())
                    .and_then(|repo| copy_with(&repo, Arc::clone(&to), Manner::default()))
                {
                    Ok(done) => {
                        assert_eq!(done.troubles, 0, "seed {seed}: {done:?}");
                        *copied.lock().unwrap() += 1;
                    }
                    Err(err) => assert!(matches!(err.kind, Kind::Refused | Kind::NotFound), "seed {seed}: {err}"),
                }
            }
        })
    };
    let writer: Work<'_> = Box::new(|from, _| {
        let world = World::over(from);
        for version in 3..5 {
            let repo = home.open_at(Arc::clone(&world.store), world.state.path()).unwrap();
            let _ = world.backup_with(&repo, &tree(version));
        }
    });
    let pruner: Work<'_> = Box::new(|from, _| {
        let state = tempfile::tempdir().unwrap();
        let open = || home.open_at(Arc::clone(&from), state.path()).unwrap();
        for _ in 0..2 {
            let _ = forget_oldest(&open(), 1);
            let _ = prune_opened(&open(), How::default());
        }
    });
    let work = [copier(), copier(), writer, pruner];
    let turns = Turns::new(seed, 2 + seed % 9, work.len());
    std::thread::scope(|scope| {
        for (actor, work) in work.iter().enumerate() {
            let ([from, to], turns) = (seats(&home.store, &away, &turns, actor), Arc::clone(&turns));
            scope.spawn(move || {
                let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(from, to)))
                    .map_err(|_| FAILED.store(true, std::sync::atomic::Ordering::Relaxed));
                turns.leave(actor);
            });
        }
    });
    assert!(!FAILED.load(std::sync::atomic::Ordering::Relaxed), "seed {seed}");
    assert_whole(&home, &away, &[0, 1, 2, 3, 4], &format!("seed {seed}"));
    let done = home.copy(&away).unwrap();
    assert_eq!(done.troubles, 0, "seed {seed}: {done:?}");
    let mut left = differences(&home.store, &away);
    // A pack that one copy dropped while the other put it is in nobody's way, and told.
    left.retain(|name| {
        !(name.starts_with("data/") || name.starts_with("tree/")) || home.store.contents(name).is_some()
    });
    assert_eq!(left, Vec::<String>::new(), "seed {seed}");
    assert_whole(&home, &away, &[0, 1, 2, 3, 4], &format!("seed {seed}, in the end"));
}

static FAILED: AtomicBool = AtomicBool::new(false);

#[test]
fn beside_backups_prunes_and_another_copy() {
    (0..if thorough() { 400 } else { 10 }).for_each(mixed);
}

/// A pack that a prune deleted is at the primary again: it stays, and is not forgotten about.
#[test]
fn a_list_is_followed_when_all_of_it_is_gone() {
    let (home, away) = (Home::new(), Arc::new(SimStore::new()));
    (0..3).for_each(|version| home.backup(version));
    home.copy(&away).unwrap();
    let before = clone(&home.store);
    home.forget_and_prune(2);
    let gone: Vec<String> = before.names("data/").into_iter().filter(|n| home.store.contents(n).is_none()).collect();
    let back = gone[0].clone();
    home.store.put(&back, Body::Bytes(&before.contents(&back).unwrap())).unwrap();
    home.copy(&away).unwrap();
    let lists = |store: &SimStore| store.names("dropped/").len();
    assert_eq!((lists(&home.store), lists(&away), away.contents(&back).is_some()), (1, 0, true));
    home.store.lose(&back).unwrap();
    home.copy(&away).unwrap();
    assert_eq!((lists(&away), away.contents(&back).is_some()), (1, false));
    assert_eq!(differences(&home.store, &away), Vec::<String>::new());
}
