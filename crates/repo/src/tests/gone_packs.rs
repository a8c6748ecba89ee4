//! Packs that are gone from a repository too large for every backup to compare the lists.

use atalaya_store::{Body, Store};

use super::lab::{Lab, findings_reading};
use crate::backup::heal::{self, Loss};
use crate::names::BlobType;

/// What a backup that compares nothing makes of it.
fn look(lab: &Lab) -> (Loss, usize) {
    let mut set = lab.repo.index().unwrap();
    let loss = heal::look(&lab.repo, &mut set, "job", false, lab.state.path()).unwrap();
    (loss, set.distrust.packs.len())
}

#[test]
fn what_a_check_found_missing_is_stored_again() {
    for percent in [0.0, 100.0] {
        let lab = Lab::new();
        let packs = [1, 2, 3].map(|n| lab.pack(BlobType::Data, &[vec![n; 100]]));
        let (id, bytes) = Lab::run(&lab.repo.keyring, &packs, &[]);
        lab.put_run(&id, &bytes);
        assert_eq!(look(&lab), (Loss::Nothing, 0));
        let [gone, cut, _] = packs.map(|(info, _)| info.name());
        let whole = lab.store.contents(&gone).unwrap();
        lab.store.lose(&gone).unwrap();
        lab.store.truncate(&cut, 150).unwrap();
        findings_reading(&lab.repo, percent);
        assert_eq!(look(&lab), (Loss::New, 2), "{percent}");
        let mut set = lab.repo.index().unwrap();
        heal::look(&lab.repo, &mut set, "job", false, lab.state.path()).unwrap();
        assert!(!set.contains(&lab.repo.keyring.blob_id(BlobType::Data, &[1; 100])).unwrap());
        // Back again, it is used again after the next check.
        lab.store.put(&gone, Body::Bytes(&whole)).unwrap();
        findings_reading(&lab.repo, percent);
        assert_eq!(look(&lab), (Loss::New, 1), "{percent}");
    }
}
