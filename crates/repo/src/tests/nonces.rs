//! No key ever seals two messages under one nonce: shown over more than a million blobs, interruptions included.
//!
//! Bug class: tarsnap 1.0.22 to 1.0.27 lost the increment of its nonce in a refactoring, and borg's counters
//! repeated when a repository and its copy went different ways.

use std::collections::HashSet;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Mutex;

use atalaya_store::{Body, Entry, Error, Kind, Result, SpoolFile, Store, spool_in};

use super::lab::Lab;
use crate::crypto::SealKey;
use crate::limits::PACK_BLOBS_MAX;
use crate::model::ChunkId;
use crate::names::BlobType;
use crate::pack::{HEADER_FIXED_BYTES, Header, PackWriter};

/// Keeps nothing but a handle to each spool file, so that abandoned packs can be looked at too.
#[derive(Default)]
struct NullStore {
    spools: Mutex<Vec<File>>,
}

impl Store for NullStore {
    fn put(&self, _: &str, _: Body<'_>) -> Result<()> {
        Ok(())
    }
    fn sync(&self) -> Result<()> {
        Ok(())
    }
    fn get(&self, name: &str, _: u64, _: &mut [u8]) -> Result<()> {
        Err(Error::new(Kind::NotFound, name))
    }
    fn list(&self, _: &str, _: &mut dyn FnMut(&Entry) -> Result<()>) -> Result<()> {
        Ok(())
    }
    fn stat(&self, name: &str) -> Result<u64> {
        Err(Error::new(Kind::NotFound, name))
    }
    fn delete(&self, _: &str) -> Result<()> {
        Ok(())
    }
    fn spool(&self, fallback: &Path) -> Result<SpoolFile> {
        let spool = spool_in(fallback)?;
        self.spools.lock().unwrap().push(spool.file.try_clone().unwrap());
        Ok(spool)
    }
    fn place(&self) -> String {
        "nowhere".into()
    }
}

/// What was sealed so far.
#[derive(Default)]
struct Seen {
    keys: HashSet<[u8; 32]>,
    ids: HashSet<[u8; 16]>,
    blobs: u64,
}

impl Seen {
    /// Opens the `blobs` blobs of one byte that each spool file holds, each under its position. A position names one
    /// blob of a pack, so with the key new every pair is.
    fn look(&mut self, lab: &Lab, store: &NullStore, blobs: usize) {
        for file in store.spools.lock().unwrap().drain(..) {
            let mut fixed = [0; HEADER_FIXED_BYTES];
            file.read_exact_at(&mut fixed, 0).unwrap();
            let header = Header::parse(&fixed).unwrap();
            let mut sealed = vec![0; header.len() - HEADER_FIXED_BYTES];
            file.read_exact_at(&mut sealed, HEADER_FIXED_BYTES as u64).unwrap();
            let keyring = &lab.repo.keyring;
            let key = header.open_key(&keyring.config.id, keyring.secret_of(header.kind).unwrap(), &sealed).unwrap();
            assert!(self.keys.insert(key.0), "a pack key was used twice");
            assert!(self.ids.insert(header.id.0), "a pack id was used twice");
            let key = SealKey::new(header.cipher, &key).unwrap();
            let mut bytes = vec![0; blobs * 17];
            file.read_exact_at(&mut bytes, header.len() as u64).unwrap();
            for (position, blob) in bytes.chunks_exact_mut(17).enumerate() {
                let mut aad = Vec::new();
                aad.extend_from_slice(&keyring.config.id);
                aad.extend_from_slice(&header.id.0);
                aad.push(header.kind.number());
                aad.extend_from_slice(&(position as u16).to_be_bytes());
                aad.extend_from_slice(&[0, 0, 0, 1, 0, 0, 0, 17]);
                assert_eq!(key.open(position as u64, &aad, blob).unwrap(), [position as u8], "position {position}");
                self.blobs += 1;
            }
        }
    }
}

/// Adds blobs of one byte.
fn add(writer: &mut PackWriter<'_>, count: usize) -> usize {
    let mut finished = 0;
    for n in 0..count {
        finished += usize::from(writer.add(ChunkId([1; 32]), 1, &mut [n as u8]).unwrap().is_some());
    }
    finished
}

#[test]
fn a_million_blobs_and_no_pair_of_key_and_nonce_twice() {
    let lab = Lab::new();
    let store = NullStore::default();
    let mut seen = Seen::default();
    let spool = lab.state.path();
    for kind in [BlobType::Data, BlobType::Tree] {
        let mut writer = PackWriter::new(&lab.repo.keyring, &store, spool, kind);
        for _ in 0..if kind == BlobType::Data { 200 } else { 50 } {
            // Full packs, one after another from one writer; the last blob ends each.
            assert_eq!(add(&mut writer, PACK_BLOBS_MAX), 1);
            seen.look(&lab, &store, PACK_BLOBS_MAX);
        }
        // Ended early and begun again.
        for count in [1, 2, 100] {
            add(&mut writer, count);
            writer.finish().unwrap().unwrap();
            assert!(writer.finish().unwrap().is_none());
            seen.look(&lab, &store, count);
        }
        // Dropped midway: the next writer does not go on where this one was.
        for count in [1, 100, PACK_BLOBS_MAX - 1] {
            let mut writer = PackWriter::new(&lab.repo.keyring, &store, spool, kind);
            add(&mut writer, count);
            drop(writer);
            seen.look(&lab, &store, count);
        }
    }
    assert!(seen.blobs > 1_000_000, "{}", seen.blobs);
    assert_eq!(seen.keys.len(), 250 + 12);
}
