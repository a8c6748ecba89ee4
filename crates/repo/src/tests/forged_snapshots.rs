//! Snapshots, lists of members and sessions that nobody with the right to do so signed, or not so.

use std::sync::Arc;

use atalaya_store::{Body, Store};

use super::lab::{Lab, findings};
use crate::crypto::{Secret, Signer, random};
use crate::envelope::{self, Purpose};
use crate::keys::{Keyring, Role, Roster};
use crate::model::Time;
use crate::{Kind, Repository, Unlock, names};

/// Texts of what is wrong with the repository's snapshots; none is believed.
fn refused(lab: &Lab) -> Vec<String> {
    let (good, bad) = lab.repo.snapshots().unwrap();
    assert!(good.is_empty(), "{good:?}");
    bad.into_iter().map(|err| err.text).collect()
}

#[test]
fn a_snapshot_signed_by_a_stranger() {
    let lab = Lab::new();
    lab.snapshot(&lab.impostor(), 5);
    let texts = refused(&lab);
    assert!(texts.len() == 1 && texts[0].contains("signature"), "{texts:?}");
}

#[test]
fn a_snapshot_signed_by_a_number_that_the_owner_never_listed() {
    let lab = Lab::new();
    let mut material = lab.repo.keyring.material.clone();
    material.member = 9;
    lab.snapshot(&Keyring::new(material, lab.repo.keyring.config.clone()).unwrap(), 5);
    assert!(refused(&lab)[0].contains("member 9"));
}

#[test]
fn a_snapshot_altered_in_any_byte() {
    let lab = Lab::new();
    let info = lab.snapshot(&lab.repo.keyring, 5);
    let name = names::object(names::SNAPSHOTS, &info.id);
    let len = lab.store.contents(&name).unwrap().len();
    for at in 0..len {
        lab.store.damage(&name, |bytes| bytes[at] ^= 0x40).unwrap();
        assert_eq!(refused(&lab).len(), 1, "byte {at}");
        lab.store.damage(&name, |bytes| bytes[at] ^= 0x40).unwrap();
    }
    assert_eq!(lab.repo.snapshots().unwrap().0.len(), 1);
}

#[test]
fn a_snapshot_of_a_newer_version_hides_no_other() {
    let lab = Lab::new();
    let first = lab.snapshot(&lab.repo.keyring, 5);
    lab.snapshot(&lab.repo.keyring, 6);
    lab.store.damage(&names::object(names::SNAPSHOTS, &first.id), |bytes| bytes[5] = 3).unwrap();
    let (good, bad) = lab.repo.snapshots().unwrap();
    assert_eq!((good.len(), bad.len(), bad[0].kind), (1, 1, Kind::TooNew));
}

#[test]
fn a_snapshot_under_another_id() {
    let lab = Lab::new();
    let info = lab.snapshot(&lab.repo.keyring, 5);
    let name = names::object(names::SNAPSHOTS, &info.id);
    let bytes = lab.store.contents(&name).unwrap();
    lab.store.lose(&name).unwrap();
    lab.store.put(&names::object(names::SNAPSHOTS, &[3; 16]), Body::Bytes(&bytes)).unwrap();
    assert!(refused(&lab)[0].contains("another snapshot"));
}

#[test]
fn a_snapshot_of_a_member_that_was_removed_before_it_began() {
    let mut lab = Lab::new();
    let (writer, _state) = lab.member(Role::Writer);
    lab.snapshot(&writer.keyring, 100);
    lab.repo.remove_key(1, Time { secs: 200, nanos: 0 }).unwrap();
    assert_eq!(lab.repo.snapshots().unwrap().0.len(), 1, "what it signed before counts");
    lab.snapshot(&writer.keyring, 300);
    let (good, bad) = lab.repo.snapshots().unwrap();
    assert_eq!((good.len(), bad.len()), (1, 1));
}

#[test]
fn an_object_of_one_kind_in_the_place_of_another() {
    let lab = Lab::new();
    let keyring = &lab.repo.keyring;
    let session = crate::crypto::random().unwrap();
    crate::snapshot::put_session(&*lab.store, keyring, session, Time::default()).unwrap();
    let bytes = lab.store.contents(&names::object(names::SESSIONS, &session)).unwrap();
    lab.store.put(&names::object(names::ENDED, &session), Body::Bytes(&bytes)).unwrap();
    assert_eq!(findings(&lab.repo).len(), 1);
}

#[test]
fn an_end_of_one_session_does_not_end_another() {
    let lab = Lab::new();
    crate::snapshot::end_session(&*lab.store, &lab.repo.keyring, [4; 16], Time::default()).unwrap();
    assert_eq!(findings(&lab.repo).len(), 0);
    let bytes = lab.store.contents(&names::object(names::ENDED, &[4; 16])).unwrap();
    lab.store.put(&names::object(names::ENDED, &[5; 16]), Body::Bytes(&bytes)).unwrap();
    assert!(findings(&lab.repo)[0].contains("another session"));
}

#[test]
fn a_list_of_members_by_anybody_but_the_owner() {
    let lab = Lab::new();
    let open =
        || Repository::open(lab.store.clone() as Arc<dyn Store>, Unlock::Passphrase(b"secret"), lab.state.path());
    let next = Roster { number: 2, previous: lab.repo.roster_hash, ..lab.repo.roster.clone() };
    let stranger = Signer::new(&Secret(random().unwrap())).unwrap();
    for signer in [&stranger, &lab.repo.keyring.signer] {
        next.write(&*lab.store, signer).unwrap();
        let err = open().err().unwrap();
        assert!(err.kind == Kind::Damaged && err.text.contains("signature"), "{err}");
        lab.store.lose(&names::numbered(names::ROSTER, 2)).unwrap();
    }
    // The owner's signature over something else is none over a list of members.
    let owner = lab.repo.keyring.owner_signer().unwrap();
    let bytes = envelope::seal(Purpose::Config, envelope::OWNER, &owner, &crate::config::encode(&next).unwrap());
    lab.store.put(&names::numbered(names::ROSTER, 2), Body::Bytes(&bytes)).unwrap();
    assert_eq!(open().err().unwrap().kind, Kind::Damaged);
    lab.store.lose(&names::numbered(names::ROSTER, 2)).unwrap();
    assert!(open().is_ok());
}

#[test]
fn a_list_of_members_that_follows_another() {
    let lab = Lab::new();
    let owner = lab.repo.keyring.owner_signer().unwrap();
    Roster { number: 2, previous: [8; 32], ..lab.repo.roster.clone() }.write(&*lab.store, &owner).unwrap();
    let opened = Repository::open(lab.store.clone(), Unlock::Passphrase(b"secret"), lab.state.path());
    assert!(opened.err().unwrap().text.contains("out of order"));
}

#[test]
fn a_key_that_is_on_no_list_of_members() {
    let lab = Lab::new();
    let material = lab.repo.keyring.material.grant(Role::Writer, 1).unwrap();
    let file = crate::keys::KeyFile::wrap(&material, "", 0, None).unwrap();
    let opened = Repository::open(lab.store.clone(), Unlock::KeyFile(&file, None), lab.state.path());
    assert_eq!(opened.err().unwrap().kind, Kind::WrongKey);
}
