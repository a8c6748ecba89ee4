//! Key epochs: what is stored later is sealed to other keys, and whoever had a right before has it still.

mod kept;
mod left_out;
mod reencrypted;

use std::sync::{Arc, Mutex};

use atalaya_repo::view::View;
use atalaya_repo::{Error, Kind, Repository, Result, Role, Selector, Unlock};
use atalaya_store::{Body, SimStore, Store};

use crate::damage::check;
use crate::fixture::{NOW, Tree, World, init, noise, read_content};
use crate::maintain::{How, assert_sound, prune_opened};

const MINE: &str = "members/00000000";

pub struct Bench {
    pub store: Arc<SimStore>,
    pub world: World,
    states: Mutex<Vec<tempfile::TempDir>>,
}

impl Bench {
    pub fn new() -> Self {
        let store = Arc::new(SimStore::new());
        init(&*store).unwrap();
        let world = World { workers: 1, ..World::over(Arc::clone(&store) as Arc<dyn Store>) };
        Self { store, world, states: Mutex::default() }
    }

    pub fn rotate(&self) -> Result<u32> {
        self.world.open()?.rotate_keys(&[], NOW)
    }

    pub fn key(&self, role: Role) -> Vec<u8> {
        self.world.open().unwrap().add_key(role, "box", None, NOW).unwrap().1.unwrap()
    }

    /// Opened by a key file, with a state folder that nobody had before.
    fn open(&self, key: &[u8]) -> Result<Repository> {
        let state = tempfile::tempdir().unwrap();
        let opened = Repository::open(Arc::clone(&self.world.store), Unlock::KeyFile(key, None), state.path());
        self.states.lock().unwrap().push(state);
        opened
    }

    /// Epochs of all packs of content that there are.
    pub fn epochs(&self) -> Vec<u8> {
        let epoch = |name: &String| self.store.contents(name).unwrap()[9];
        let mut all: Vec<u8> = ["data/", "tree/"].iter().flat_map(|f| self.store.names(f)).map(|n| epoch(&n)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

pub fn album(version: u64) -> Tree {
    let mut tree = Tree::default();
    tree.file("photo", noise(version, 300_000)).meta.mtime.secs += version as i64;
    tree.file("note", format!("note {version}")).meta.mtime.secs += version as i64;
    tree
}

fn error<T>(result: Result<T>) -> Error {
    match result {
        Ok(_) => panic!("it was allowed"),
        Err(err) => err,
    }
}

/// What a key reads of the newest snapshot: names, content.
fn reads(repo: &Repository) -> (Result<usize>, Result<Vec<u8>>) {
    let first = || -> Result<(usize, Result<Vec<u8>>)> {
        let info = repo.find_snapshot(&"latest".parse::<Selector>().unwrap())?;
        let snapshot = repo.open_snapshot(&info, 1)?;
        let mut entries = snapshot.entries(b"")?;
        let (mut count, mut content) = (0, Err(Error::new(Kind::NotFound, "no file")));
        while let Some(entry) = entries.next()? {
            count += 1;
            content = read_content(&snapshot, &entry);
        }
        Ok((count, content))
    };
    match first() {
        Ok((count, content)) => (Ok(count), content),
        Err(err) => (Err(err.clone()), Err(err)),
    }
}

#[test]
fn what_is_stored_later_is_sealed_to_other_keys() {
    let bench = Bench::new();
    bench.world.backup(&album(0)).unwrap();
    assert_eq!(bench.epochs(), [0]);
    assert_eq!((bench.rotate().unwrap(), bench.rotate().unwrap()), (1, 2));
    bench.world.backup(&album(1)).unwrap();
    assert_eq!(bench.epochs(), [0, 2]);
    bench.world.backup(&album(2)).unwrap();
    assert_sound(&bench.world, &album(2));
    let all = bench.world.open().unwrap().snapshots().unwrap().0;
    for (version, info) in all.iter().enumerate() {
        let id = atalaya_repo::hex(&info.id);
        bench.world.assert_holds(&id, &album(version as u64));
    }
}

#[test]
fn every_role_goes_on_and_nobody_gets_more() {
    let bench = Bench::new();
    let roles = [Role::Writer, Role::Maintainer, Role::Owner];
    let before = roles.map(|role| bench.key(role));
    bench.rotate().unwrap();
    let after = roles.map(|role| bench.key(role));
    for (version, [writer, maintainer, owner]) in [before, after].iter().enumerate() {
        let tree = album(version as u64);
        bench.world.backup_with(&bench.open(writer).unwrap(), &tree).unwrap();
        assert_eq!(error(reads(&bench.open(writer).unwrap()).0).kind, Kind::NotAllowed);
        let (names, content) = reads(&bench.open(maintainer).unwrap());
        assert_eq!((names.unwrap(), error(content).kind), (2, Kind::NotAllowed));
        let (names, content) = reads(&bench.open(owner).unwrap());
        assert_eq!((names.unwrap(), content.unwrap()), (2, noise(version as u64, 300_000)));
        assert_eq!(error(bench.open(maintainer).unwrap().rotate_keys(&[], NOW)).kind, Kind::NotAllowed);
    }
    assert_eq!(bench.epochs(), [1]);
    assert_eq!(check(&bench.world, 100.0).unwrap().1, []);
}

/// Members of before there were epochs: nobody knows by which key they can be given one.
#[test]
fn who_cannot_be_given_the_keys_is_named_and_can_be_left_out() {
    let bench = Bench::new();
    let key = bench.key(Role::Maintainer);
    bench.world.backup(&album(0)).unwrap();
    let theirs = bench.store.names("members/").pop().unwrap();
    bench.store.lose(&theirs).unwrap();
    let err = error(bench.rotate());
    assert!(
        err.kind == Kind::Refused && err.text.contains("key 1, \"box\"") && err.text.contains("--without 1"),
        "{err}"
    );
    assert_eq!(bench.store.names("epochs/"), Vec::<String>::new());
    assert_eq!(error(bench.world.open().unwrap().rotate_keys(&[0], NOW)).kind, Kind::Usage);
    assert_eq!(bench.world.open().unwrap().rotate_keys(&[1], NOW).unwrap(), 1);
    bench.world.backup(&album(1)).unwrap();
    let err = error(reads(&bench.open(&key).unwrap()).0);
    assert!(err.kind == Kind::NotAllowed && err.text.contains("left out"), "{err}");
    // It does once what the line said, and the next rotation gives it what it missed.
    drop(prune_opened(&bench.open(&key).unwrap(), How::default()));
    assert_eq!(bench.store.names("members/").pop(), Some(theirs));
    assert_eq!(bench.rotate().unwrap(), 2);
    assert_eq!(reads(&bench.open(&key).unwrap()).0.unwrap(), 2);
}

#[test]
fn two_owners_at_once_make_one_epoch() {
    let bench = Bench::new();
    bench.world.open().unwrap().add_key(Role::Owner, "second", Some(b"other words"), NOW).unwrap();
    let open = || {
        Repository::open(Arc::clone(&bench.world.store), Unlock::Passphrase(b"other words"), bench.world.state.path())
    };
    let (mut one, mut two) = (bench.world.open().unwrap(), open().unwrap());
    assert_eq!(one.rotate_keys(&[], NOW).unwrap(), 1);
    let err = error(two.rotate_keys(&[], NOW));
    assert!(err.kind == Kind::Denied && err.text.contains("another owner"), "{err}");
    assert_eq!(open().unwrap().rotate_keys(&[], NOW).unwrap(), 2);
    // A repository that stays open goes on with the new keys.
    bench.world.backup_with(&one, &album(0)).unwrap();
    assert_eq!(bench.epochs(), [1]);
}

#[test]
fn a_store_that_hides_the_newest_is_noticed_by_who_saw_it() {
    let bench = Bench::new();
    let writer = bench.key(Role::Writer);
    let state = tempfile::tempdir().unwrap();
    let open = || Repository::open(Arc::clone(&bench.world.store), Unlock::KeyFile(&writer, None), state.path());
    (0..2).for_each(|_| assert!(bench.rotate().is_ok()));
    drop(open().unwrap());
    let [first, second] = ["epochs/00000001", "epochs/00000002"];
    for hide in
        [&(|name: &str| bench.store.lose(name).unwrap()) as &dyn Fn(&str), &|name| bench.store.flip(name, 99).unwrap()]
    {
        let whole = bench.store.contents(second).unwrap();
        hide(second);
        let err = error(open());
        assert!(err.kind == Kind::Damaged && err.text.contains("rolled back"), "{err}");
        bench.store.lose(second).ok();
        bench.store.put(second, Body::Bytes(&whole)).unwrap();
        assert!(open().is_ok());
    }
    // A gap shows to everybody.
    bench.store.lose(first).unwrap();
    let err = error(bench.open(&writer));
    assert!(err.kind == Kind::Damaged && err.text.contains(first), "{err}");
}

#[test]
fn what_anybody_puts_there_counts_for_nothing() {
    static TOLD: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let bench = Bench::new();
    for name in ["epochs/00000001", "epochs/00000007", "epochs/x", "grants/00000001-00000000", "members/00000009"] {
        bench.store.put(name, Body::Bytes(b"junk")).unwrap();
    }
    drop(bench.world.open().unwrap().telling(|text| TOLD.lock().unwrap().push(text.to_owned())));
    let told = TOLD.lock().unwrap().clone();
    assert!(told.len() == 2 && told.iter().any(|text| text.contains("epochs/00000001 does not count")), "{told:?}");
    bench.world.backup(&album(0)).unwrap();
    assert_eq!(bench.epochs(), [0]);
    let found = check(&bench.world, 0.0).unwrap().1;
    assert_eq!(
        found.iter().filter(|one| matches!(one, atalaya_repo::check::Finding::Object(_))).count(),
        4,
        "{found:?}"
    );
    assert_eq!(bench.rotate().unwrap(), 1, "what does not count gives way");
    let first = bench.store.contents("epochs/00000001").unwrap();
    bench.store.put("epochs/00000002", Body::Bytes(&first)).unwrap();
    bench.world.backup(&album(1)).unwrap();
    assert_eq!(bench.epochs(), [0, 1]);
    assert_eq!(bench.rotate().unwrap(), 2);
}

/// A key that another one stands in for would be given secrets in vain.
#[test]
fn a_false_sealing_key_is_given_nothing() {
    let bench = Bench::new();
    bench.key(Role::Owner);
    let theirs = bench.store.contents("members/00000001").unwrap();
    for bytes in [&b"junk"[..], &theirs] {
        bench.store.lose(MINE).unwrap();
        bench.store.put(MINE, Body::Bytes(bytes)).unwrap();
        let err = error(bench.rotate());
        assert!(err.kind == Kind::Refused && err.text.contains(MINE), "{err}");
    }
    bench.store.lose(MINE).unwrap();
    assert_eq!(bench.rotate().unwrap(), 1);
    assert_eq!(bench.store.names("members/")[0], MINE);
    World::over(Arc::clone(&bench.world.store)).open().unwrap();
}
