//! Index runs of a member who may sign and does not say what is so.

use super::lab::{Lab, Pack, findings, findings_reading};
use crate::backup::heal::{self, Loss};
use crate::keys::Role;
use crate::model::{ChunkId, Content, Entry, Flags, Kind, Meta, Run, Time};
use crate::names::BlobType;
use crate::pack::BlobRecord;
use crate::tree::LeafEncoder;

const CONTENTS: [&[u8]; 3] = [b"stored once", b"stored behind it, and longer", b"and a third"];

fn file(path: &str, chunk: ChunkId, len: u32) -> Entry {
    let time = Time { secs: 1_700_000_000, nanos: 0 };
    let meta = Meta {
        kind: Kind::File,
        mode: 0o644,
        uid: 0,
        gid: 0,
        size: len.into(),
        mtime: time,
        ctime: time,
        ino: 1,
        dev: 1,
        nlink: 1,
        rdev: 0,
    };
    let content = Content::Runs(vec![Run::Data { chunk, offset: 0, len }]);
    Entry {
        path: path.into(),
        meta,
        target: Vec::new(),
        link: None,
        xattrs: Vec::new(),
        content,
        digest: [1; 8],
        flags: Flags::default(),
    }
}

/// A snapshot with the file "honest" of a blob in the pack given back, and "victim" of content that is stored nowhere.
fn lab() -> (Lab, Pack, ChunkId) {
    let lab = Lab::new();
    let keyring = &lab.repo.keyring;
    let data = lab.pack(BlobType::Data, &CONTENTS.map(<[u8]>::to_vec));
    let wanted = keyring.blob_id(BlobType::Data, b"never stored");
    let (mut leaf, mut node) = (LeafEncoder::default(), Vec::new());
    assert!(leaf.add(&file("honest", data.1[0].id, CONTENTS[0].len() as u32)).unwrap());
    assert!(leaf.add(&file("victim", wanted, 12)).unwrap());
    leaf.finish(&mut node);
    let tree = lab.pack(BlobType::Tree, &[node]);
    let (id, bytes) = Lab::run(keyring, &[data.clone(), tree.clone()], &[]);
    lab.put_run(&id, &bytes);
    Lab::snapshot_of(&*lab.store, keyring, 5, tree.1[0].id.0);
    (lab, data, wanted)
}

fn affected<'a>(findings: &'a [String], kind: &str) -> Vec<&'a String> {
    findings.iter().filter(|finding| finding.starts_with(kind)).collect()
}

#[test]
fn a_claim_that_a_blob_lies_where_another_does() {
    let (mut lab, (info, records), wanted) = lab();
    let (writer, _state) = lab.member(Role::Writer);
    let (id, bytes) = Lab::run(&writer.keyring, &[(info, vec![BlobRecord { id: wanted, ..records[0] }])], &[]);
    lab.put_run(&id, &bytes);
    for percent in [0.0, 100.0] {
        let found = findings_reading(&lab.repo, percent);
        let (packs, files) = (affected(&found, "Pack("), affected(&found, "File("));
        assert!(packs.len() == 1 && packs[0].contains(&info.name()), "{found:?}");
        let victim = format!("{:?}", b"victim");
        assert!(files.len() == 1 && files[0].contains(&victim), "{found:?}");
        // The next backup does not rely on that record, and goes on relying on the honest ones about the same pack.
        assert_eq!(heal::damaged(lab.repo.state()), [].into());
        let mut set = lab.repo.index().unwrap();
        assert_eq!(heal::look(&lab.repo, &mut set, "job", true, lab.state.path()).unwrap(), Loss::New);
        assert!(!set.contains(&wanted).unwrap());
        assert!(records.iter().all(|record| set.contains(&record.id).unwrap()));
    }
    // Without the right to read names it is found all the same.
    let found = findings(&writer);
    assert!(affected(&found, "Pack(").len() == 1, "{found:?}");
}

/// Once the false run is gone, or the content is stored, there is nothing to mistrust.
#[test]
fn a_check_forgets_false_claims_that_are_gone() {
    let (lab, (info, records), wanted) = lab();
    let (id, bytes) = Lab::run(&lab.repo.keyring, &[(info, vec![BlobRecord { id: wanted, ..records[0] }])], &[]);
    let name = lab.put_run(&id, &bytes);
    findings(&lab.repo);
    lab.store.lose(&name).unwrap();
    findings(&lab.repo);
    let mut set = lab.repo.index().unwrap();
    assert_eq!(heal::look(&lab.repo, &mut set, "job", true, lab.state.path()).unwrap(), Loss::Nothing);
    assert!(set.distrust.is_empty());
}

/// More than can be remembered: then nothing in that pack is relied on.
#[test]
fn too_many_false_claims_condemn_their_pack() {
    let (lab, (info, records), _) = lab();
    let lie = |n: u32| {
        let mut id = [9; 32];
        id[..4].copy_from_slice(&n.to_be_bytes());
        BlobRecord { id: ChunkId(id), ..records[0] }
    };
    for (count, condemned) in [(16 << 10, false), ((16 << 10) + 1, true)] {
        let (id, bytes) = Lab::run(&lab.repo.keyring, &[(info, (0..count).map(lie).collect())], &[]);
        let name = lab.put_run(&id, &bytes);
        findings(&lab.repo);
        let mut set = lab.repo.index().unwrap();
        assert_eq!(heal::look(&lab.repo, &mut set, "job", true, lab.state.path()).unwrap(), Loss::New);
        assert!((0..count).step_by(97).all(|n| !set.contains(&lie(n).id).unwrap()));
        assert_eq!(set.contains(&records[0].id).unwrap(), !condemned, "{count}");
        lab.store.lose(&name).unwrap();
    }
}

#[test]
fn a_claim_that_differs_in_any_number() {
    let changes: [fn(&mut BlobRecord); 5] = [
        |record| record.position += 1,
        |record| record.position = 4095,
        |record| record.offset += 1,
        |record| record.stored -= 1,
        |record| record.raw += 1,
    ];
    for (number, change) in changes.iter().enumerate() {
        let (lab, (info, records), wanted) = lab();
        let mut record = records[0];
        change(&mut record);
        let claims = vec![record, BlobRecord { id: wanted, ..record }];
        let (id, bytes) = Lab::run(&lab.repo.keyring, &[(info, claims)], &[]);
        lab.put_run(&id, &bytes);
        let found = findings(&lab.repo);
        let (packs, files) = (affected(&found, "Pack("), affected(&found, "File("));
        assert!(packs.len() == 1 && packs[0].contains("2 blobs"), "{number}: {found:?}");
        // The honest place of the first one is still there.
        assert_eq!(files.len(), 1, "{number}: {found:?}");
    }
}

#[test]
fn true_claims_are_no_findings_however_often_they_are_made() {
    let (lab, data, _) = lab();
    let before = findings_reading(&lab.repo, 100.0);
    assert!(affected(&before, "Pack(").is_empty(), "{before:?}");
    let (id, bytes) = Lab::run(&lab.repo.keyring, &[data], &[]);
    lab.put_run(&id, &bytes);
    assert_eq!(findings_reading(&lab.repo, 100.0), before);
}

/// A directory that cannot be read is told once, whether the pack is read whole or not.
#[test]
fn a_pack_without_a_directory() {
    let (lab, data, _) = lab();
    lab.store
        .damage(&data.0.name(), |bytes| {
            let at = bytes.len() - 60;
            bytes[at] ^= 1;
        })
        .unwrap();
    for (percent, expected) in [(0.0, 1), (100.0, 2)] {
        let found = findings_reading(&lab.repo, percent);
        assert_eq!(affected(&found, "Pack(").len(), expected, "{found:?}");
    }
}
