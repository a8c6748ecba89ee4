//! Index runs that are gone or refused: their packs are all there, and nobody finds what is in them.

use std::path::PathBuf;
use std::sync::Arc;

use atalaya_store::{SimStore, Store};

use crate::damage::check;
use crate::fixture::{Tree, World, init, noise};

/// Three backups, each with an index run of its own.
fn world() -> (Arc<SimStore>, World, Tree) {
    let store = Arc::new(SimStore::new());
    init(&*store).unwrap();
    let world = World::over(Arc::clone(&store) as Arc<dyn Store>);
    let mut tree = Tree::default();
    for n in 0..3 {
        tree.file(&format!("photo {n}"), noise(n + 1, 400_000));
        world.backup(&tree).unwrap();
    }
    assert_eq!(store.names("index/").len(), 3);
    (store, world, tree)
}

/// What the state folder has on the repository.
fn state(world: &World) -> PathBuf {
    std::fs::read_dir(world.state.path()).unwrap().map(|e| e.unwrap().path()).find(|p| p.is_dir()).unwrap()
}

/// Told, read again and stored again, once; and found by whoever has no copy of the index.
fn assert_heals(store: &Arc<SimStore>, world: &World, tree: &Tree, lost: usize) {
    let healing = world.backup(tree).unwrap();
    let told = format!("gone or refused ({lost})");
    assert!(healing.warnings.iter().any(|text| text.contains(&told)), "{:?}", healing.warnings);
    assert_eq!((healing.files_read, healing.had_parent), (3, false), "{healing:?}");
    assert!(healing.new_chunks > 0, "{healing:?}");
    World::over(Arc::clone(store) as Arc<dyn Store>).assert_holds("latest", tree);
    let after = world.backup(tree).unwrap();
    assert_eq!((after.files_read, after.new_chunks), (0, 0), "once is enough: {after:?}");
    assert!(!after.warnings.iter().any(|text| text.contains("relied on")), "{:?}", after.warnings);
}

#[test]
fn what_a_lost_index_run_named_is_stored_again() {
    for n in 0..3 {
        let (store, world, tree) = world();
        store.lose(&store.names("index/")[n]).unwrap();
        assert_heals(&store, &world, &tree, 1);
    }
}

#[test]
fn what_all_lost_index_runs_named_is_stored_again() {
    let (store, world, tree) = world();
    store.names("index/").iter().for_each(|name| store.lose(name).unwrap());
    assert_heals(&store, &world, &tree, 3);
    let other = World::over(store as Arc<dyn Store>);
    other.assert_holds("latest", &tree);
}

/// Whoever looks at the repository between brings the copy of the index up to date, and must not hide the loss by that.
#[test]
fn a_loss_that_another_command_met_first_is_not_forgotten() {
    let (store, world, tree) = world();
    store.lose(&store.names("index/")[1]).unwrap();
    check(&world, 0.0).unwrap();
    assert_heals(&store, &world, &tree, 1);
}

#[test]
fn what_a_refused_run_names_is_stored_again_once_no_copy_is_left() {
    let (store, world, tree) = world();
    let name = store.names("index/").remove(0);
    store.flip(&name, 100).unwrap();
    // Here there is a copy.
    assert_eq!(world.backup(&tree).unwrap().files_read, 0);
    std::fs::remove_dir_all(state(&world).join("index")).unwrap();
    assert_heals(&store, &world, &tree, 1);
    // Sound again, it is one more.
    store.flip(&name, 100).unwrap();
    assert_eq!(world.backup(&tree).unwrap().files_read, 0);
}

/// The loss of one run makes a copy anew, which another that is refused is then not in.
#[test]
fn a_refused_run_beside_a_lost_one() {
    let (store, world, tree) = world();
    let names = store.names("index/");
    store.flip(&names[0], 100).unwrap();
    store.lose(&names[1]).unwrap();
    assert_heals(&store, &world, &tree, 2);
}

/// Each job has a last tree of its own.
#[test]
fn every_job_hears_of_a_lost_run() {
    let (store, mut world, tree) = world();
    world.job = "another".into();
    world.backup(&tree).unwrap();
    store.lose(&store.names("index/")[0]).unwrap();
    assert_heals(&store, &world, &tree, 1);
    world.job = "default".into();
    let second = world.backup(&tree).unwrap();
    assert_eq!((second.files_read, second.new_chunks), (3, 0), "{second:?}");
    assert!(second.warnings.iter().any(|text| text.contains("relied on")), "{:?}", second.warnings);
}

/// What is refused by then was relied on when the backup began.
#[test]
fn a_copy_that_is_made_anew_during_a_backup_is_no_witness_for_the_next() {
    let (store, world, mut tree) = world();
    let names = store.names("index/");
    store.flip(&names[0], 100).unwrap();
    // Decay that is met by the first look-up, and not before.
    let copies = state(&world).join("index");
    for (n, name) in names.iter().enumerate() {
        let copy = copies.join(name.replace("index/", "")).with_extension("run");
        let _ = std::fs::remove_file(copy.with_extension("filter"));
        if n == 1 {
            let mut bytes = std::fs::read(&copy).unwrap();
            bytes[100] ^= 1;
            std::fs::write(&copy, bytes).unwrap();
        }
    }
    tree.file("photo 3", noise(4, 400_000));
    let during = world.backup(&tree).unwrap();
    assert!(during.had_parent && during.warnings.iter().any(|text| text.contains("reads everything")), "{during:?}");
    assert!(during.warnings.iter().any(|text| text.contains(&names[0])), "{during:?}");
    let next = world.backup(&tree).unwrap();
    assert_eq!((next.files_read, next.had_parent), (4, false), "{next:?}");
    World::over(Arc::clone(&store) as Arc<dyn Store>).assert_holds("latest", &tree);
    assert_eq!(world.backup(&tree).unwrap().files_read, 0);
}

/// Without a sound note nothing is known of the last tree, and so nothing is carried over.
#[test]
fn a_torn_note_is_not_believed() {
    for cut in [0_usize, 16, 40, 64, 95] {
        let (_, world, tree) = world();
        let note = std::fs::read_dir(state(&world))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .find(|path| path.file_name().unwrap().to_string_lossy().starts_with("runs-"))
            .unwrap();
        let bytes = std::fs::read(&note).unwrap();
        assert_eq!(bytes.len(), 16 + 3 * 16 + 32);
        std::fs::write(&note, &bytes[..cut]).unwrap();
        assert_eq!(world.backup(&tree).unwrap().files_read, 3, "{cut}");
        assert_eq!(world.backup(&tree).unwrap().files_read, 0, "{cut}");
    }
}
