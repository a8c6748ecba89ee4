//! Index runs that are not what they seem.

use super::lab::{Lab, signed_again};
use crate::crypto::{Secret, Signer, random};
use crate::index::{IndexSet, Record, RunBuilder};
use crate::keys::Role;
use crate::names::BlobType;
use crate::{Kind, Repository, Result};

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

/// Runs that a member signed and that are not as the format says: each with what is told of it.
fn badly_made(lab: &Lab) -> Vec<([u8; 16], Vec<u8>, &'static str)> {
    let keyring = &lab.repo.keyring;
    let (info, records) = lab.pack(BlobType::Data, &blobs(3));
    let mut out = Vec::new();
    let mut altered = |at: &dyn Fn(usize) -> usize, bits: u8, why| {
        let (id, mut bytes) = Lab::run(keyring, &[(info, records.clone())], &[]);
        let at = at(bytes.len());
        bytes[at] ^= bits;
        out.push((id, signed_again(&bytes, &keyring.signer), why));
    };
    let pages = records.len().div_ceil(85);
    altered(&|_| 40 + 4096 + 17, 1, "does not open");
    altered(&|len| len - 64 - 24 - 4 * pages, 0x80, "table of pages");
    altered(&|_| 40 + 4096 * pages + 16, 0x70, "does not exist");
    altered(&|_| 4, 3, "upgrade");
    let mut records: Vec<Record> = records.iter().map(|blob| Record { pack: 0, blob: *blob }).collect();
    records.sort_by_key(|record| record.blob.id);
    let mut built = |records: &[Record], why| {
        let mut builder = RunBuilder::new(keyring, Vec::new()).unwrap();
        let id = builder.id;
        records.iter().for_each(|record| builder.record(record).unwrap());
        builder.pack(&info).unwrap();
        out.push((id, builder.finish(&[], true).unwrap(), why));
    };
    let mut unsorted = records.clone();
    unsorted.swap(3, 4);
    built(&unsorted, "not sorted");
    records[100].pack = 1;
    built(&records, "names a pack that is not in its run");
    out
}

#[test]
fn a_signed_run_that_is_badly_made_is_refused_alone() {
    let lab = Lab::new();
    let bad = badly_made(&lab);
    let mut wanted = Vec::new();
    // Enough good ones that some are merged.
    for n in 10..20 {
        let pack = lab.pack(BlobType::Data, &blobs(n));
        wanted.push(pack.1[0].id);
        let (id, bytes) = Lab::run(&lab.repo.keyring, &[pack], &[]);
        lab.put_run(&id, &bytes);
    }
    for (id, bytes, _) in &bad {
        lab.put_run(id, bytes);
    }
    let mut set = fresh(&lab.repo).unwrap();
    assert_eq!(set.refused.len(), bad.len(), "{:?}", set.refused);
    for (id, _, why) in &bad {
        let name = crate::names::hex(id);
        assert!(
            set.refused.iter().any(|err| err.text.contains(&name) && err.text.contains(why)),
            "{why}: {:?}",
            set.refused
        );
    }
    assert_eq!(set.refused.iter().filter(|err| err.kind == Kind::TooNew).count(), 1);
    assert!(wanted.iter().all(|id| set.find(id).unwrap().len() == 1));
    let remarks = set.remarks();
    assert!(remarks.len() == 6 && remarks[5].contains("1 more"), "{remarks:?}");
}

/// It may have been taken in before runs were looked through.
#[test]
fn a_merge_never_moves_a_record_into_the_packs_of_another_run() {
    let lab = Lab::new();
    let folder = tempfile::tempdir().unwrap();
    let (id, bytes, _) = badly_made(&lab).pop().unwrap();
    lab.put_run(&id, &bytes);
    std::fs::write(folder.path().join(format!("{}.run", crate::names::hex(&id))), &bytes).unwrap();
    let open = || IndexSet::open(&lab.repo.store, &lab.repo.keyring, &lab.repo.roster, folder.path(), |_| {});
    assert_eq!(open().unwrap().runs.len(), 1);
    for n in 10..20 {
        let (id, bytes) = Lab::run(&lab.repo.keyring, &[lab.pack(BlobType::Data, &blobs(n))], &[]);
        lab.put_run(&id, &bytes);
    }
    let mut set = open().unwrap();
    assert_eq!(set.refused.len(), 1, "{:?}", set.refused);
    set.each(&mut |_, _| Ok(())).unwrap();
}
