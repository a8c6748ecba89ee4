//! Tables of our own against the standard library's.
//!
//! Bug class: borg#4829, an index of its own that lost entries for years.

use std::collections::{BTreeMap, HashMap};

use proptest::prelude::*;

use super::lab::{Lab, Pack};
use crate::index::IndexSet;
use crate::model::{ChunkId, PackId};
use crate::names::BlobType;
use crate::pack::{BlobRecord, PackInfo};
use crate::spool::table::DiskTable;

fn id(n: u16) -> ChunkId {
    // Few first words, so that ids share pages, prefixes and bits of the filter.
    let mut out = [0; 32];
    out[..2].copy_from_slice(&(n / 7).to_be_bytes());
    out[8..10].copy_from_slice(&(n % 5).to_be_bytes());
    out[30..].copy_from_slice(&n.to_be_bytes());
    ChunkId(out)
}

/// A pack that is in no store.
fn pack(number: usize, blobs: &[u16]) -> Pack {
    let mut bytes = [0; 16];
    bytes[8..].copy_from_slice(&(number as u64).to_be_bytes());
    let info = PackInfo { id: PackId(bytes), kind: BlobType::Data, len: 9, checksum: [number as u8; 16] };
    let record = |(at, n): (usize, &u16)| BlobRecord { id: id(*n), position: at as u16, offset: 7, stored: 5, raw: 3 };
    (info, blobs.iter().enumerate().map(record).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// However many runs, merged or not, opened anew or not.
    #[test]
    fn the_index_finds_what_was_put_in_and_nothing_else(
        runs in prop::collection::vec(prop::collection::vec(0_u16..600, 0..300), 1..14),
        reopen in 0_usize..14,
    ) {
        let lab = Lab::new();
        let repo = &lab.repo;
        let folder = tempfile::tempdir().unwrap();
        let open = || IndexSet::open(&repo.store, &repo.keyring, &repo.roster, folder.path(), |_| {}).unwrap();
        let mut set = open();
        let mut model: BTreeMap<u16, Vec<PackId>> = BTreeMap::new();
        for (number, blobs) in runs.iter().enumerate() {
            let pack = pack(number, blobs);
            blobs.iter().for_each(|n| model.entry(*n).or_default().push(pack.0.id));
            let (run, bytes) = Lab::run(&repo.keyring, &[pack], &[]);
            lab.put_run(&run, &bytes);
            set.add(&run, &bytes).unwrap();
            if number == reopen {
                set = open();
            }
        }
        for n in 0..600 {
            let mut found: Vec<PackId> = set.find(&id(n)).unwrap().iter().map(|found| found.pack.id).collect();
            let mut expected = model.get(&n).cloned().unwrap_or_default();
            found.sort();
            expected.sort();
            prop_assert_eq!(&found, &expected);
            prop_assert_eq!(set.contains(&id(n)).unwrap(), !expected.is_empty());
        }
        let mut all = Vec::new();
        set.each(&mut |_, blob| {
            all.push(blob.id);
            Ok(())
        }).unwrap();
        prop_assert!(all.is_sorted());
        prop_assert_eq!(all.len(), model.values().map(Vec::len).sum::<usize>());
    }

    #[test]
    fn the_table_on_disk_is_a_map(steps in prop::collection::vec((any::<u16>(), any::<bool>(), 0..u64::MAX), 1..6000)) {
        let folder = tempfile::tempdir().unwrap();
        let mut table = DiskTable::create(folder.path()).unwrap();
        let mut model: HashMap<[u8; 16], u64> = HashMap::new();
        for (n, put, value) in steps {
            let mut key = [0; 16];
            key[14..].copy_from_slice(&(n % 4000).to_be_bytes());
            if put {
                prop_assert_eq!(table.insert(&key, value).unwrap(), model.insert(key, value));
            } else {
                prop_assert_eq!(table.get(&key).unwrap(), model.get(&key).copied());
            }
        }
        prop_assert_eq!(table.len(), model.len() as u64);
    }
}
