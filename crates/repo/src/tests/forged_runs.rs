//! Index runs that are not what they seem.

use super::lab::{Lab, signed_again};
use crate::crypto::{Secret, Signer, random};
use crate::index::IndexSet;
use crate::keys::Role;
use crate::names::BlobType;
use crate::{Repository, Result};

/// The index as a new state folder sees it.
fn fresh(repo: &Repository) -> Result<IndexSet> {
    let folder = tempfile::tempdir().unwrap();
    IndexSet::open(&repo.store, &repo.keyring, &repo.roster, folder.path(), |_| {})
}

fn blobs(n: u8) -> Vec<Vec<u8>> {
    (0..200_u8).map(|i| vec![n, i, 5, 6]).collect()
}

#[test]
fn a_run_with_a_strangers_signature() {
    let lab = Lab::new();
    let (id, bytes) = Lab::run(&lab.repo.keyring, &[lab.pack(BlobType::Data, &blobs(1))], &[]);
    lab.put_run(&id, &signed_again(&bytes, &Signer::new(&Secret(random().unwrap())).unwrap()));
    let set = fresh(&lab.repo).unwrap();
    assert!(set.runs.is_empty());
    assert!(set.refused.len() == 1 && set.refused[0].text.contains("signature"), "{:?}", set.refused);
}

#[test]
fn a_run_altered_in_each_region() {
    let lab = Lab::new();
    let pack = lab.pack(BlobType::Data, &blobs(1));
    let wanted = pack.1[0].id;
    let (id, bytes) = Lab::run(&lab.repo.keyring, &[pack], &[]);
    let name = lab.put_run(&id, &bytes);
    let len = bytes.len();
    // Head, repository, id, pages, pack table, firsts, counts, signer, foot's magic, signature.
    let places =
        [0, 4, 5, 10, 30, 41, 4_000, 9_000, len - 110, len - 100, len - 95, len - 80, len - 70, len - 66, len - 1];
    for at in places {
        lab.store.damage(&name, |bytes| bytes[at] ^= 0x20).unwrap();
        let mut set = fresh(&lab.repo).unwrap();
        assert_eq!((set.runs.len(), set.refused.len()), (0, 1), "byte {at}");
        assert!(set.find(&wanted).unwrap().is_empty());
        lab.store.damage(&name, |bytes| bytes[at] ^= 0x20).unwrap();
    }
    assert_eq!(fresh(&lab.repo).unwrap().find(&wanted).unwrap().len(), 1);
}

#[test]
fn a_run_in_the_place_of_another() {
    let lab = Lab::new();
    let keyring = &lab.repo.keyring;
    let (a, a_bytes) = Lab::run(keyring, &[lab.pack(BlobType::Data, &blobs(1))], &[]);
    let (b, _) = Lab::run(keyring, &[lab.pack(BlobType::Data, &blobs(2))], &[]);
    lab.put_run(&a, &a_bytes);
    lab.put_run(&b, &a_bytes);
    let set = fresh(&lab.repo).unwrap();
    assert_eq!((set.runs.len(), set.refused.len()), (1, 1));
    assert!(set.refused[0].text.contains("another index run"));
}

#[test]
fn a_run_that_says_it_was_made_on_this_machine() {
    let lab = Lab::new();
    let mut keyring = lab.impostor();
    keyring.material.member = u32::MAX - 1;
    let (id, bytes) = Lab::run(&keyring, &[lab.pack(BlobType::Data, &blobs(1))], &[]);
    lab.put_run(&id, &bytes);
    let set = fresh(&lab.repo).unwrap();
    assert_eq!((set.runs.len(), set.refused.len()), (0, 1));
}

#[test]
fn a_writer_cannot_hide_others_runs() {
    let mut lab = Lab::new();
    let pack = lab.pack(BlobType::Data, &blobs(1));
    let wanted = pack.1[0].id;
    let (honest, bytes) = Lab::run(&lab.repo.keyring, &[pack], &[]);
    lab.put_run(&honest, &bytes);
    let (writer, _state) = lab.member(Role::Writer);
    let (id, bytes) = Lab::run(&writer.keyring, &[], &[honest]);
    let name = lab.put_run(&id, &bytes);
    let mut set = fresh(&lab.repo).unwrap();
    assert!(set.refused.len() == 1 && set.refused[0].text.contains("maintainer"), "{:?}", set.refused);
    assert_eq!(set.find(&wanted).unwrap().len(), 1);
    // A maintainer may, and what it replaced may be gone.
    lab.store.lose(&name).unwrap();
    let (maintainer, _other) = lab.member(Role::Maintainer);
    let (id, bytes) = Lab::run(&maintainer.keyring, &[lab.pack(BlobType::Data, &blobs(2))], &[honest]);
    lab.put_run(&id, &bytes);
    lab.store.lose(&crate::names::object(crate::names::INDEX, &honest)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let set = IndexSet::open(&lab.repo.store, &lab.repo.keyring, &lab.repo.roster, folder.path(), |_| {}).unwrap();
        assert_eq!((set.runs.len(), set.refused.len()), (1, 0));
    }
}
