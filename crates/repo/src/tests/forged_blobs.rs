//! Sealed bytes in another place than they were sealed for: no place but their own opens them.

use super::lab::{Lab, Pack};
use crate::Kind;
use crate::model::ChunkId;
use crate::names::BlobType;
use crate::pack::PackInfo;
use crate::read::Blobs;
use crate::tree::Nodes;

fn blobs(n: u8) -> Vec<Vec<u8>> {
    (0..4_u8).map(|i| vec![n, i, 1, 2, 3, 4, 5, 6]).collect()
}

/// Two packs of equal layout that the index names.
fn lab() -> (Lab, Pack, Pack) {
    let lab = Lab::new();
    let (a, b) = (lab.pack(BlobType::Tree, &blobs(1)), lab.pack(BlobType::Tree, &blobs(2)));
    let (id, bytes) = Lab::run(&lab.repo.keyring, &[a.clone(), b.clone()], &[]);
    lab.put_run(&id, &bytes);
    (lab, a, b)
}

/// Whether the blob can be read; if so it is the right one.
fn reads(lab: &Lab, id: &ChunkId) -> bool {
    match Blobs::new(&lab.repo).unwrap().load(id) {
        Ok(plain) => {
            assert_eq!(lab.repo.keyring.blob_id(BlobType::Tree, &plain), *id, "wrong bytes");
            true
        }
        Err(err) => {
            assert_eq!(err.kind, Kind::Damaged, "{err}");
            false
        }
    }
}

fn contents(lab: &Lab, pack: &PackInfo) -> Vec<u8> {
    lab.store.contents(&pack.name()).unwrap()
}

fn replace(lab: &Lab, pack: &PackInfo, bytes: Vec<u8>) {
    lab.store.damage(&pack.name(), |old| *old = bytes).unwrap();
}

#[test]
fn packs_that_changed_names() {
    let (lab, a, b) = lab();
    let (bytes_a, bytes_b) = (contents(&lab, &a.0), contents(&lab, &b.0));
    assert!(a.1.iter().chain(&b.1).all(|record| reads(&lab, &record.id)));
    replace(&lab, &a.0, bytes_b);
    replace(&lab, &b.0, bytes_a);
    assert!(!a.1.iter().chain(&b.1).any(|record| reads(&lab, &record.id)));
}

#[test]
fn a_pack_of_content_in_the_place_of_one_of_names() {
    let (lab, a, _) = lab();
    let data = lab.pack(BlobType::Data, &blobs(1));
    replace(&lab, &a.0, contents(&lab, &data.0));
    assert!(!a.1.iter().any(|record| reads(&lab, &record.id)));
}

#[test]
fn blobs_that_changed_places_within_a_pack() {
    let (lab, a, _) = lab();
    let mut bytes = contents(&lab, &a.0);
    let at = |n: usize| a.1[n].offset as usize..(a.1[n].offset + a.1[n].stored) as usize;
    let (first, second) = (bytes[at(0)].to_vec(), bytes[at(1)].to_vec());
    assert_eq!(first.len(), second.len());
    bytes[at(0)].copy_from_slice(&second);
    bytes[at(1)].copy_from_slice(&first);
    replace(&lab, &a.0, bytes);
    assert_eq!(a.1.iter().map(|record| reads(&lab, &record.id)).collect::<Vec<_>>(), [false, false, true, true]);
}

#[test]
fn a_blob_from_another_pack() {
    let (lab, a, b) = lab();
    let mut bytes = contents(&lab, &a.0);
    let at = a.1[2].offset as usize..(a.1[2].offset + a.1[2].stored) as usize;
    bytes[at.clone()].copy_from_slice(&contents(&lab, &b.0)[at]);
    replace(&lab, &a.0, bytes);
    assert_eq!(a.1.iter().map(|record| reads(&lab, &record.id)).collect::<Vec<_>>(), [true, true, false, true]);
}

#[test]
fn a_header_from_another_pack() {
    let (lab, a, b) = lab();
    let (mut bytes, other) = (contents(&lab, &a.0), contents(&lab, &b.0));
    // The sealed key alone, then with it the id.
    bytes[28..108].copy_from_slice(&other[28..108]);
    replace(&lab, &a.0, bytes.clone());
    assert!(!reads(&lab, &a.1[0].id));
    bytes[..28].copy_from_slice(&other[..28]);
    replace(&lab, &a.0, bytes);
    assert!(!reads(&lab, &a.1[0].id));
}

/// A member with a right to sign, but a liar: its index says that one blob is where another is.
#[test]
fn an_index_that_lies_about_places() {
    let lab = Lab::new();
    let (info, mut records) = lab.pack(BlobType::Tree, &blobs(1));
    let (x, y) = (records[0].id, records[1].id);
    (records[0].id, records[1].id) = (y, x);
    records[2].position = 3;
    records[3].raw = 7;
    let ids: Vec<ChunkId> = records.iter().map(|record| record.id).collect();
    let (id, bytes) = Lab::run(&lab.repo.keyring, &[(info, records)], &[]);
    lab.put_run(&id, &bytes);
    assert!(!ids.iter().any(|id| reads(&lab, id)));
}

/// Duplicates: an honest place is found behind a bad one.
#[test]
fn a_bad_duplicate_hides_no_good_one() {
    let lab = Lab::new();
    let (bad, good) = (lab.pack(BlobType::Tree, &blobs(1)), lab.pack(BlobType::Tree, &blobs(1)));
    lab.store.damage(&bad.0.name(), |bytes| bytes.truncate(50)).unwrap();
    for pack in [bad, good.clone()] {
        let (id, bytes) = Lab::run(&lab.repo.keyring, &[pack], &[]);
        lab.put_run(&id, &bytes);
    }
    assert!(good.1.iter().all(|record| reads(&lab, &record.id)));
}
