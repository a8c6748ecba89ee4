//! Fences that nobody with the right to it put.

use atalaya_store::{Body, Store};

use super::lab::Lab;
use crate::config::encode;
use crate::envelope::{self, OWNER, Purpose};
use crate::keys::{Keyring, Role};
use crate::model::Time;
use crate::snapshot::{Fence, fenced};
use crate::{Kind, names};

/// The session of the lab's snapshots.
const SESSION: [u8; 16] = [1; 16];
const NAME: &str = "fences/01010101010101010101010101010101";

fn fence(session: [u8; 16]) -> Vec<u8> {
    encode(&Fence { session, condemned: [2; 16], secs: 3 }).unwrap()
}

fn by(keyring: &Keyring, purpose: Purpose, session: [u8; 16]) -> Vec<u8> {
    envelope::seal(purpose, keyring.material.member, &keyring.signer, &fence(session))
}

/// What a backup makes of it, and what is told.
fn judge(lab: &Lab, bytes: &[u8]) -> (bool, String) {
    let info = lab.snapshot(&lab.repo.keyring, 5);
    lab.store.put(NAME, Body::Bytes(bytes)).unwrap();
    let fenced = fenced(&*lab.store, &lab.repo.keyring, &SESSION).unwrap();
    let told = lab.repo.void_fence(&names::hex(&info.id)).unwrap();
    lab.store.lose(NAME).unwrap();
    (fenced, told.unwrap_or_default())
}

#[test]
fn a_fence_counts_only_from_whoever_may_put_it() {
    let mut lab = Lab::new();
    let (writer, _state) = lab.member(Role::Writer);
    let (maintainer, _state) = lab.member(Role::Maintainer);
    let (removed, _state) = lab.member(Role::Maintainer);
    lab.repo.remove_key(3, Time { secs: 200, nanos: 0 }).unwrap();
    let owner = lab.repo.keyring.owner_signer().unwrap();
    for good in [
        by(&maintainer.keyring, Purpose::Fence, SESSION),
        by(&lab.repo.keyring, Purpose::Fence, SESSION),
        envelope::seal(Purpose::Fence, OWNER, &owner, &fence(SESSION)),
    ] {
        assert_eq!(judge(&lab, &good), (true, String::new()));
    }
    let mut unlisted = lab.repo.keyring.material.clone();
    unlisted.member = 9;
    let unlisted = Keyring::new(unlisted, lab.repo.keyring.config.clone()).unwrap();
    for (bad, why) in [
        (b"x".to_vec(), "expected kind"),
        (by(&writer.keyring, Purpose::Fence, SESSION), "a writer's"),
        (by(&removed.keyring, Purpose::Fence, SESSION), "was removed"),
        (by(&lab.impostor(), Purpose::Fence, SESSION), "signature"),
        (by(&unlisted, Purpose::Fence, SESSION), "never listed"),
        (by(&maintainer.keyring, Purpose::Session, SESSION), "expected kind"),
        (by(&maintainer.keyring, Purpose::Fence, [7; 16]), "another session"),
        (envelope::seal(Purpose::Fence, OWNER, &lab.repo.keyring.signer, &fence(SESSION)), "signature"),
    ] {
        let (fenced, told) = judge(&lab, &bad);
        assert!(!fenced && told.contains(why) && told.contains(NAME), "{why}: {told}");
    }
    // Without any there is nothing to tell.
    let info = lab.snapshot(&lab.repo.keyring, 6);
    assert!(!fenced(&*lab.store, &lab.repo.keyring, &SESSION).unwrap());
    assert_eq!(lab.repo.void_fence(&names::hex(&info.id)).unwrap(), None);
}

#[test]
fn a_fence_that_cannot_be_verified_is_no_success() {
    let lab = Lab::new();
    let mut newer = by(&lab.repo.keyring, Purpose::Fence, SESSION);
    newer[5] = 2;
    lab.store.put(NAME, Body::Bytes(&newer)).unwrap();
    assert_eq!(fenced(&*lab.store, &lab.repo.keyring, &SESSION).unwrap_err().kind, Kind::TooNew);
}

/// Whoever may write to the store can put another configuration there, and a list of members that its owner signed.
#[test]
fn a_configuration_that_was_replaced_since_says_nothing_of_who_may_fence() {
    let lab = Lab::new();
    let other = Lab::new();
    for name in lab.store.names("config").into_iter().chain(lab.store.names("roster/")) {
        lab.store.lose(&name).unwrap();
    }
    for name in other.store.names("config").into_iter().chain(other.store.names("roster/")) {
        lab.store.put(&name, Body::Bytes(&other.store.contents(&name).unwrap())).unwrap();
    }
    lab.store.put(NAME, Body::Bytes(&by(&other.repo.keyring, Purpose::Fence, SESSION))).unwrap();
    let err = fenced(&*lab.store, &lab.repo.keyring, &SESSION).unwrap_err();
    assert!(err.kind == Kind::Damaged && err.text.contains("list of members"), "{err}");
}
