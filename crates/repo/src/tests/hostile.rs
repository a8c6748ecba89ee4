//! Lengths that only damage or malice would write: refused before anything is allocated for them.
//!
//! Bug class: tarsnap before 1.0.36.1 let a corrupt archive exhaust memory.

use atalaya_store::Body;
use atalaya_store::Store;

use super::lab::{Lab, findings};
use crate::config::read_small;
use crate::crypto::Kem;
use crate::keys::{KeyFile, Material};
use crate::names::BlobType;
use crate::pack::read_directory;
use crate::tree::{LeafDecoder, children};
use crate::{Kind, limits};

#[test]
fn a_pack_that_claims_a_huge_directory() {
    let lab = Lab::new();
    let (info, _) = lab.pack(BlobType::Tree, &[vec![1; 100]]);
    let (store, keyring) = (&*lab.store, &lab.repo.keyring);
    let read = |len: u64| read_directory(store, keyring, info.kind, info.id, len).map(|_| ()).map_err(|err| err.kind);
    assert_eq!(read(info.len.into()), Ok(()));
    for len in [0, 55, limits::PACK_BYTES_MAX + 1, u64::MAX] {
        assert_eq!(read(len), Err(Kind::Damaged), "{len}");
    }
    let trailer = info.len as usize - 28;
    for (at, value) in [(0, u32::MAX), (4, u32::MAX), (4, 0), (0, 0), (4, 0x0666_6666)] {
        let whole = lab.store.contents(&info.name()).unwrap();
        let place = trailer + at..trailer + at + 4;
        lab.store.damage(&info.name(), |b| b[place].copy_from_slice(&value.to_be_bytes())).unwrap();
        assert_eq!(read(info.len.into()), Err(Kind::Damaged), "{at} {value}");
        lab.store.damage(&info.name(), |b| *b = whole).unwrap();
    }
    // All of it there, and its length as the number says: only that no pack has so many.
    let whole = lab.store.contents(&info.name()).unwrap();
    for (blobs, expected) in
        [(4_096_u32, "authentication"), (4_097, "more than any pack"), (65_537, "more than any pack")]
    {
        let records = vec![0; blobs as usize * 40];
        lab.store
            .damage(&info.name(), |b| {
                let trailer = b.split_off(trailer);
                b.extend_from_slice(&records);
                b.extend_from_slice(&(blobs * 40 + 16).to_be_bytes());
                b.extend_from_slice(&blobs.to_be_bytes());
                b.extend_from_slice(&trailer[8..]);
            })
            .unwrap();
        let len = lab.store.contents(&info.name()).unwrap().len() as u64;
        let err = read_directory(store, keyring, info.kind, info.id, len).unwrap_err();
        assert!(err.kind == Kind::Damaged && err.text.contains(expected), "{blobs}: {err}");
        lab.store.damage(&info.name(), |b| *b = whole.clone()).unwrap();
    }
    // The length of the sealed key reaches beyond the pack.
    lab.store.damage(&info.name(), |b| b[10..12].copy_from_slice(&[0xff; 2])).unwrap();
    assert_eq!(read(info.len.into()), Err(Kind::Damaged));
}

#[test]
fn nodes_that_claim_more_than_they_hold() {
    let head = |level: u8, items: u32, ids: u32| {
        let mut node = vec![1, level];
        node.extend_from_slice(&items.to_be_bytes());
        node.extend_from_slice(&ids.to_be_bytes());
        node
    };
    assert!(LeafDecoder::new(head(0, 1, u32::MAX)).is_err());
    assert!(LeafDecoder::new(head(0, 1, 0x0800_0000)).is_err());
    assert!(LeafDecoder::new(head(1, 0, 0)).is_err() && children(head(0, 0, 0), 1).is_err());
    assert!(children(head(limits::TREE_LEVELS_MAX, 0, 0), limits::TREE_LEVELS_MAX).is_err());
    let mut leaf = LeafDecoder::new(head(0, u32::MAX, 0)).unwrap();
    assert!(leaf.next().is_err());
    // A suffix, a list of attributes and a path longer than there is room for.
    for tail in [&[0, 0xff, 0xff, 0xff, 0xff, 0x0f][..], &[9, 1, b'a'], &[0xff; 12]] {
        let mut node = head(0, 1, 0);
        node.extend_from_slice(tail);
        assert!(LeafDecoder::new(node.clone()).unwrap().next().is_err());
        node[1] = 1;
        assert!(children(node, 1).unwrap().next().is_err());
    }
}

#[test]
fn an_object_too_large_to_be_read_whole() {
    let lab = Lab::new();
    lab.store.put("keys/0000000000000000", Body::Bytes(&vec![0; limits::SMALL_OBJECT_BYTES_MAX as usize + 1])).unwrap();
    assert_eq!(read_small(&*lab.store, "keys/0000000000000000").unwrap_err().kind, Kind::Damaged);
    // It keeps nobody out, and is reported.
    let opened = crate::Repository::open(lab.store.clone(), crate::Unlock::Passphrase(b"secret"), lab.state.path());
    assert_eq!(findings(&opened.unwrap()).len(), 1);
}

#[test]
fn a_key_file_that_asks_for_all_memory() {
    let material = Material::create([5; 16], Kem::X25519).unwrap();
    let bytes = KeyFile::wrap(&material, "", 0, Some(b"x")).unwrap();
    // 19,456 KiB and two passes, as varints behind the salt.
    let at = bytes.windows(4).position(|w| w == [0x80, 0x98, 0x01, 2]).unwrap();
    for cost in [[0xff, 0xff, 0x7f, 2], [0x80, 0x98, 0x01, 99]] {
        let mut bad = bytes.clone();
        bad[at..at + 4].copy_from_slice(&cost);
        let err = KeyFile::parse(&bad).unwrap().open(Some(b"x")).unwrap_err();
        assert!(err.kind == Kind::Damaged && err.text.contains("unreasonable"), "{err}");
    }
}
