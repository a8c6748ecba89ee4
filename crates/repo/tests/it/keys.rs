//! Each role can do what it is for, and nothing else.

use std::sync::Arc;

use atalaya_repo::model::Time;
use atalaya_repo::view::View;
use atalaya_repo::{Kind, Repository, Result, Role, Selector, Unlock};
use atalaya_store::{Body, SimStore, Store};

use crate::damage::check_opened;
use crate::fixture::{NOW, Tree, World, init, noise, read_content};

const LATER: Time = Time { secs: NOW.secs + 90_000_000, nanos: 0 };

fn tree() -> Tree {
    let mut tree = Tree::default();
    tree.file("secret name", "secret content");
    tree.file("large", noise(1, 1_500_000));
    tree
}

fn world() -> (Arc<SimStore>, World) {
    let store = Arc::new(SimStore::new());
    init(&*store).unwrap();
    let world = World::over(Arc::clone(&store) as Arc<dyn Store>);
    (store, world)
}

fn open(store: &Arc<SimStore>, unlock: Unlock<'_>, state: &std::path::Path) -> Result<Repository> {
    Repository::open(Arc::clone(store) as Arc<dyn Store>, unlock, state)
}

/// A key file of `role`, without a passphrase.
fn key_file(world: &World, role: Role) -> (u32, Vec<u8>) {
    let (number, file) = world.open().unwrap().add_key(role, "box", None, NOW).unwrap();
    (number, file.unwrap())
}

fn kind<T>(result: Result<T>) -> Kind {
    match result {
        Ok(_) => panic!("it was allowed"),
        Err(err) => err.kind,
    }
}

#[test]
fn a_writer_backs_up_with_and_without_its_state_folder() {
    let (store, mut world) = world();
    let (_, file) = key_file(&world, Role::Writer);
    let mut tree = tree();
    for round in 0..3 {
        let repo = open(&store, Unlock::KeyFile(&file, None), world.state.path()).unwrap();
        assert_eq!(repo.role(), Role::Writer);
        let summary = world.backup_with(&repo, &tree).unwrap();
        assert_eq!(summary.had_parent, round == 1);
        world.assert_holds("latest", &tree);
        tree.file(&format!("more {round}"), "more");
        if round == 1 {
            world.state = tempfile::tempdir().unwrap();
        }
    }
    assert_eq!(world.open().unwrap().snapshots().unwrap().0.len(), 3);
}

#[test]
fn a_writer_sees_snapshots_and_checks_but_reads_no_name_and_no_content() {
    let (store, world) = world();
    world.backup(&tree()).unwrap();
    let (_, file) = key_file(&world, Role::Writer);
    let state = tempfile::tempdir().unwrap();
    let mut repo = open(&store, Unlock::KeyFile(&file, None), state.path()).unwrap();
    let (snapshots, bad) = repo.snapshots().unwrap();
    assert!(snapshots.len() == 1 && bad.is_empty());
    assert_eq!(snapshots[0].catalogue.entries, 2);
    assert!(snapshots[0].catalogue.bytes > 1_500_000);
    // Names and content are behind an open snapshot, and there is no other way to one.
    let info = repo.find_snapshot(&"latest".parse::<Selector>().unwrap()).unwrap();
    assert_eq!(kind(repo.open_snapshot(&info, 1)), Kind::NotAllowed);
    // Nor does it come upon them by making keys of its own.
    assert_eq!(kind(repo.add_key(Role::Owner, "thief", None, NOW)), Kind::NotAllowed);
    assert_eq!(kind(repo.add_key(Role::Writer, "thief", Some(b"x"), NOW)), Kind::NotAllowed);
    assert_eq!(kind(repo.remove_key(0, NOW)), Kind::NotAllowed);
    assert!(repo.stats().unwrap().chunks.0 > 0);
    let (summary, findings) = check_opened(&repo, 100.0).unwrap();
    assert_eq!(findings, []);
    assert!(summary.packs_read > 0 && !summary.trees_checked && !summary.content_verified);
    // A check without the right to open anything still finds decay.
    let pack = store.names("data/").remove(0);
    let middle = store.contents(&pack).unwrap().len() / 2;
    store.flip(&pack, middle).unwrap();
    assert!(!check_opened(&repo, 100.0).unwrap().1.is_empty());
    // What it was given says no name either: not in the clear, and it holds nothing that would open one.
    let text = |bytes: &[u8]| bytes.windows(11).any(|w| w == b"secret name" || w == b"secret cont");
    assert!(!text(&file) && store.names("").iter().all(|name| !text(&store.contents(name).unwrap())));
}

#[test]
fn a_maintainer_lists_names_and_reads_no_content() {
    let (store, world) = world();
    world.backup(&tree()).unwrap();
    let (_, file) = key_file(&world, Role::Maintainer);
    let mut repo = open(&store, Unlock::KeyFile(&file, None), tempfile::tempdir().unwrap().path()).unwrap();
    let info = repo.snapshots().unwrap().0.remove(0);
    {
        let snapshot = repo.open_snapshot(&info, 1).unwrap();
        let mut entries = snapshot.entries(b"").unwrap();
        let mut names = Vec::new();
        while let Some(entry) = entries.next().unwrap() {
            assert_eq!(kind(read_content(&snapshot, &entry)), Kind::NotAllowed);
            names.push(entry.path);
        }
        assert_eq!(names, [&b"large"[..], b"secret name"]);
        assert_eq!(snapshot.entries(b"large").unwrap().next().unwrap().unwrap().path, b"large");
    }
    assert_eq!(kind(repo.add_key(Role::Writer, "thief", None, NOW)), Kind::NotAllowed);
    let (summary, findings) = check_opened(&repo, 100.0).unwrap();
    assert_eq!(findings, []);
    assert!(summary.trees_checked && !summary.content_verified);
}

#[test]
fn an_owner_adds_keys_removes_them_and_wraps_its_own_anew() {
    let (store, world) = world();
    world.backup(&tree()).unwrap();
    let state = world.state.path();
    let mut repo = world.open().unwrap();
    let (second, none) = repo.add_key(Role::Owner, "second", Some(b"other words"), NOW).unwrap();
    assert!(none.is_none() && second == 1);
    let (writer, file) = repo.add_key(Role::Writer, "nas", None, NOW).unwrap();
    let file = file.unwrap();
    assert_eq!(repo.keys().unwrap().iter().map(|key| key.number).collect::<Vec<_>>(), [0, 1, 2]);
    assert!(open(&store, Unlock::KeyFile(&file, None), state).is_ok());
    // The writer's backup stays when its key goes.
    world.backup_with(&open(&store, Unlock::KeyFile(&file, None), state).unwrap(), &tree()).unwrap();
    assert_eq!(kind(repo.remove_key(0, LATER)), Kind::Usage);
    repo.remove_key(writer, LATER).unwrap();
    assert_eq!(kind(open(&store, Unlock::KeyFile(&file, None), state)), Kind::WrongKey);
    assert_eq!(kind(repo.remove_key(writer, LATER)), Kind::NotFound);
    assert_eq!(world.open().unwrap().snapshots().unwrap().0.len(), 2);
    // Another passphrase for the second owner.
    let other = open(&store, Unlock::Passphrase(b"other words"), state).unwrap();
    other.change_passphrase(b"new words", LATER).unwrap();
    assert_eq!(kind(open(&store, Unlock::Passphrase(b"other words"), state)), Kind::WrongKey);
    let mut other = open(&store, Unlock::Passphrase(b"new words"), state).unwrap();
    // One owner removes the other, and reads everything still.
    other.remove_key(0, LATER).unwrap();
    assert_eq!(kind(world.open()), Kind::WrongKey);
    let info = other.snapshots().unwrap().0.remove(0);
    let snapshot = other.open_snapshot(&info, 1).unwrap();
    let entry = snapshot.entries(b"secret name").unwrap().next().unwrap().unwrap();
    assert_eq!(read_content(&snapshot, &entry).unwrap(), b"secret content");
    assert_eq!(store.names("keys/").len(), 1);
}

#[test]
fn a_removed_key_that_was_open_signs_nothing_that_counts() {
    let (store, world) = world();
    let (writer, file) = key_file(&world, Role::Writer);
    let repo = open(&store, Unlock::KeyFile(&file, None), tempfile::tempdir().unwrap().path()).unwrap();
    world.open().unwrap().remove_key(writer, NOW).unwrap();
    world.now.lock().unwrap().secs += 10;
    world.backup_with(&repo, &tree()).unwrap();
    let (good, bad) = world.open().unwrap().snapshots().unwrap();
    assert!(good.is_empty() && bad.len() == 1 && bad[0].text.contains("removed"), "{bad:?}");
}

#[test]
fn wrong_secrets() {
    let (store, world) = world();
    let state = world.state.path();
    for wrong in [&b""[..], b"Correct horse", b"correct horse "] {
        assert_eq!(kind(open(&store, Unlock::Passphrase(wrong), state)), Kind::WrongKey);
    }
    let (_, file) = key_file(&world, Role::Writer);
    for damaged in [&file[..0], &file[..8], &file[..file.len() - 1], b"not a key file at all"] {
        assert_eq!(kind(open(&store, Unlock::KeyFile(damaged, None), state)), Kind::Damaged);
    }
    // A bit anywhere: it does not open, or what it opens is the same (labels and times are for people).
    for at in 0..file.len() {
        let mut bad = file.clone();
        bad[at] ^= 1;
        if let Err(err) = open(&store, Unlock::KeyFile(&bad, None), state) {
            assert!(matches!(err.kind, Kind::WrongKey | Kind::TooNew | Kind::Damaged), "byte {at}: {err}");
        }
    }
    let mut newer = file.clone();
    newer[4] = 2;
    assert_eq!(kind(open(&store, Unlock::KeyFile(&newer, None), state)), Kind::TooNew);
}

#[test]
fn damage_of_a_wrapped_key_file_is_never_an_open_repository() {
    let (store, world) = world();
    let name = store.names("keys/").remove(0);
    let whole = store.contents(&name).unwrap();
    for at in (0..whole.len()).step_by(29).chain(whole.len() - 16..whole.len()) {
        store.damage(&name, |bytes| bytes[at] ^= 2).unwrap();
        assert!(world.open().is_err(), "byte {at}");
        store.damage(&name, |bytes| bytes[at] ^= 2).unwrap();
    }
    assert!(world.open().is_ok());
}

#[test]
fn another_repositorys_key_and_another_owners_configuration() {
    let (store, world) = world();
    let (other_store, other) = self::world();
    let (_, file) = key_file(&world, Role::Writer);
    assert_eq!(kind(open(&other_store, Unlock::KeyFile(&file, None), other.state.path())), Kind::WrongKey);
    // Somebody puts a configuration of their own with this repository's id in the place of the true one: it is
    // whole and well signed, but not by whom the key file names.
    let theirs = other_store.contents("config").unwrap();
    let whole = store.contents("config").unwrap();
    store.damage("config", |bytes| *bytes = theirs).unwrap();
    assert!(open(&store, Unlock::KeyFile(&file, None), world.state.path()).is_err());
    assert!(world.open().is_err());
    store.damage("config", |bytes| *bytes = whole).unwrap();
    assert!(world.open().is_ok());
}

#[test]
fn two_owners_at_once() {
    let (store, world) = world();
    world.open().unwrap().add_key(Role::Owner, "second", Some(b"other words"), NOW).unwrap();
    let mut one = world.open().unwrap();
    let mut two = open(&store, Unlock::Passphrase(b"other words"), world.state.path()).unwrap();
    one.add_key(Role::Writer, "a", None, NOW).unwrap();
    let err = two.add_key(Role::Writer, "b", None, NOW).unwrap_err();
    assert!(err.kind == Kind::Denied && err.text.contains("try again"), "{err}");
    let mut again = open(&store, Unlock::Passphrase(b"other words"), world.state.path()).unwrap();
    assert_eq!(again.add_key(Role::Writer, "b", None, NOW).unwrap().0, 3);
    assert_eq!(world.open().unwrap().keys().unwrap().len(), 4);
}

#[test]
fn an_old_list_of_members_put_back_is_noticed() {
    let (store, world) = world();
    let (writer, file) = key_file(&world, Role::Writer);
    let mut owner = world.open().unwrap();
    owner.remove_key(writer, NOW).unwrap();
    let newest = store.names("roster/").pop().unwrap();
    let bytes = store.contents(&newest).unwrap();
    store.lose(&newest).unwrap();
    // Whoever saw the newer one does not believe the older.
    let err = world.open().err().unwrap();
    assert!(err.kind == Kind::Damaged && err.text.contains("rolled back"), "{err}");
    assert_eq!(kind(open(&store, Unlock::KeyFile(&file, None), world.state.path())), Kind::Damaged);
    store.put(&newest, Body::Bytes(&bytes)).unwrap();
    assert!(world.open().is_ok());
}

#[test]
fn something_else_among_the_lists_of_members_is_passed_over_and_told() {
    static TOLD: std::sync::Mutex<Vec<String>> = std::sync::Mutex::new(Vec::new());
    let (store, world) = world();
    for (name, bytes) in [("roster/99999999", &b"junk"[..]), ("roster/notes.txt", b"x"), ("roster/3", b"x")] {
        store.put(name, Body::Bytes(bytes)).unwrap();
    }
    let mut repo = world.open().unwrap().telling(|text| TOLD.lock().unwrap().push(text.to_owned()));
    let told = TOLD.lock().unwrap().clone();
    assert!(told.len() == 1 && told[0].contains("roster/99999999") && told[0].contains("passed over"), "{told:?}");
    repo.add_key(Role::Writer, "a", None, NOW).unwrap();
    repo.add_key(Role::Writer, "b", None, NOW).unwrap();
    assert_eq!(world.open().unwrap().keys().unwrap().len(), 3);
    // The one that comes next must be one, and a true one behind a gap says that something is missing.
    let newest = store.names("roster/").into_iter().rfind(|name| name.starts_with("roster/0")).unwrap();
    assert_eq!(newest, "roster/00000003");
    let fresh = tempfile::tempdir().unwrap();
    let whole = store.contents("roster/00000002").unwrap();
    store.lose("roster/00000002").unwrap();
    let err = open(&store, Unlock::Passphrase(b"correct horse"), fresh.path()).err().unwrap();
    assert!(err.kind == Kind::Damaged && err.text.contains("roster/00000002, which is gone"), "{err}");
    store.put("roster/00000002", Body::Bytes(&whole)).unwrap();
    store.damage(&newest, |bytes| bytes.truncate(20)).unwrap();
    assert_eq!(kind(open(&store, Unlock::Passphrase(b"correct horse"), fresh.path())), Kind::Damaged);
}

#[test]
fn key_files_that_nobody_made_keep_nobody_waiting() {
    let (store, world) = world();
    let (_, file) = key_file(&world, Role::Owner);
    let (state, passphrase) = (world.state.path(), Unlock::Passphrase(b"correct horse"));
    // A key without a passphrase, put where the first one is looked for, opens nothing.
    store.put("keys/0000000000000000", Body::Bytes(&file)).unwrap();
    assert_eq!(open(&store, passphrase, state).unwrap().keys().unwrap().iter().filter(|key| key.current).count(), 1);
    let junk = |n: u64| store.put(&format!("keys/{n:016x}"), Body::Bytes(b"junk")).unwrap();
    (1..255).for_each(junk);
    assert_eq!(store.names("keys/").len(), 256);
    let mut repo = open(&store, passphrase, state).unwrap();
    // One more would be too many, so none can be added by accident.
    assert_eq!(kind(repo.add_key(Role::Writer, "more", Some(b"words"), NOW)), Kind::Usage);
    assert_eq!(kind(repo.change_passphrase(b"words", NOW)), Kind::Usage);
    assert_eq!(repo.keys().unwrap().len(), 2);
    (255..20_000).for_each(junk);
    let err = open(&store, passphrase, state).err().unwrap();
    assert!(err.kind == Kind::Damaged && err.text.contains("holds 20001 key files"), "{err}");
    assert!(err.text.contains("--key-file"), "{err}");
    assert!(open(&store, Unlock::KeyFile(&file, None), state).is_ok());
}

#[test]
fn a_list_of_members_of_a_newer_format_counts_only_where_it_comes_next() {
    static TOLD: std::sync::Mutex<Vec<String>> = std::sync::Mutex::new(Vec::new());
    let (store, world) = world();
    key_file(&world, Role::Writer);
    let fresh = tempfile::tempdir().unwrap();
    let open = |state: &std::path::Path| open(&store, Unlock::Passphrase(b"correct horse"), state);
    // A header is all that it takes; and a copy of what the owner signed says nothing about another number.
    let mut header = b"ATLA\x02\x02".to_vec();
    header.resize(100, 0);
    store.put("roster/99999999", Body::Bytes(&header)).unwrap();
    store.put("roster/00000007", Body::Bytes(&store.contents("roster/00000001").unwrap())).unwrap();
    for state in [world.state.path(), fresh.path()] {
        TOLD.lock().unwrap().clear();
        let _repo = open(state).unwrap().telling(|text| TOLD.lock().unwrap().push(text.to_owned()));
        let told = TOLD.lock().unwrap().clone();
        assert!(told.len() == 2 && told[0].contains("a copy of roster/00000001"), "{told:?}");
        assert!(told[1].contains("roster/99999999") && told[1].contains("format 2"), "{told:?}");
    }
    store.put("roster/00000003", Body::Bytes(&header)).unwrap();
    assert_eq!(kind(open(fresh.path())), Kind::TooNew);
    // With a version gone in between it is passed over, but not by whoever saw that version.
    store.lose("roster/00000002").unwrap();
    let err = open(world.state.path()).err().unwrap();
    assert!(err.kind == Kind::Damaged && err.text.contains("rolled back"), "{err}");
}

#[test]
fn a_damaged_key_file_is_no_wrong_passphrase() {
    let (store, world) = world();
    let name = store.names("keys/").remove(0);
    let whole = store.contents(&name).unwrap();
    store.put("keys/readme", Body::Bytes(b"junk")).unwrap();
    for len in [0, 8, 40, whole.len() - 1] {
        store.damage(&name, |bytes| *bytes = whole[..len].to_vec()).unwrap();
        let err = world.open().err().unwrap();
        assert!(err.kind == Kind::Damaged && err.text.contains(&format!("key file {name} is damaged")), "{len}: {err}");
    }
    // Whoever has another key is not kept out, and is told of the damage when the passphrase fits none.
    store.damage(&name, |bytes| bytes.clone_from(&whole)).unwrap();
    world.open().unwrap().add_key(Role::Owner, "second", Some(b"other words"), NOW).unwrap();
    store.damage(&name, |bytes| bytes.truncate(100)).unwrap();
    let state = world.state.path();
    let second = || open(&store, Unlock::Passphrase(b"other words"), state);
    assert!(second().is_ok());
    let err = world.open().err().unwrap();
    assert!(err.kind == Kind::WrongKey && err.text.contains(&name), "{err}");
    // Nor does something large that somebody put there.
    store.put("keys/0000000000000000", Body::Bytes(&vec![0; (4 << 20) + 1])).unwrap();
    assert_eq!(second().unwrap().keys().unwrap().len(), 2);
}
