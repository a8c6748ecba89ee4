//! The conformance suite for every backend, and for the wrappers on top.

use atalaya_store::{Cached, Fault, LocalStore, Rates, Recorder, Retry, SimStore, conformance};
use tempfile::TempDir;

fn check_local(adapt: impl Fn(LocalStore) -> LocalStore) {
    let root = TempDir::new().unwrap();
    let count = std::cell::Cell::new(0);
    conformance::check(&|| {
        count.set(count.get() + 1);
        Box::new(adapt(LocalStore::create(&root.path().join(count.get().to_string())).unwrap()))
    });
}

#[test]
fn local() {
    check_local(|store| store);
}

#[test]
fn local_with_named_spool_files() {
    check_local(|store| store.without(true, false, false));
}

#[test]
fn local_without_hard_links() {
    check_local(|store| store.without(true, true, false));
}

#[test]
fn local_of_an_old_kernel_on_fat() {
    check_local(|store| store.without(true, true, true));
}

#[test]
fn local_on_tmpfs() {
    let Ok(root) = TempDir::new_in("/dev/shm") else { return eprintln!("skipped: no /dev/shm") };
    let count = std::cell::Cell::new(0);
    conformance::check(&|| {
        count.set(count.get() + 1);
        Box::new(LocalStore::create(&root.path().join(count.get().to_string())).unwrap())
    });
}

#[test]
fn simulated() {
    conformance::check(&|| Box::new(SimStore::new()));
}

#[test]
fn wrappers_keep_the_contract() {
    conformance::check(&|| Box::new(Recorder::new(SimStore::new())));
    conformance::check(&|| Box::new(Fault::new(SimStore::new(), Rates::default(), 1)));
    conformance::check(&|| Box::new(Retry::new(SimStore::new(), 3, |_| {})));
    let folder = TempDir::new().unwrap();
    conformance::check(&|| Box::new(Cached::new(SimStore::new(), &folder.path().join("cache"), 1 << 20)));
}
