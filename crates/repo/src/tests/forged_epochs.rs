//! Key epochs that nobody with the right to it began, or not as it should.

use atalaya_store::{Body, Store};

use super::lab::Lab;
use crate::crypto::{Kem, Signer};
use crate::envelope::{self, OWNER, Purpose};
use crate::keys::{Epochs, Keyring, Role, Seen};
use crate::model::Time;
use crate::names::BlobType;

const NAME: &str = "epochs/00000001";
const LATER: Time = Time { secs: 1_800_000_100, nanos: 0 };

/// How many count for `keyring`, which of them it can open, and what is told.
fn read(lab: &Lab, keyring: &Keyring) -> (usize, usize, String) {
    let mut told = Vec::new();
    let keyring = Keyring::new(keyring.material.clone(), keyring.config.clone()).unwrap();
    let epochs = Epochs::read(&*lab.store, &keyring, &mut Seen::nothing(), &mut |text| told.push(text)).unwrap();
    let count = epochs.all.len();
    keyring.learn_epochs(epochs);
    let opened = (1..=count).filter(|at| keyring.secret_in(BlobType::Tree, *at as u16).is_ok()).count();
    (count, opened, told.join("\n"))
}

/// The body of the one that there is.
fn body(lab: &Lab) -> Vec<u8> {
    let bytes = lab.store.contents(NAME).unwrap();
    envelope::parse(Purpose::Epoch, &bytes).unwrap().body.to_vec()
}

fn replace(lab: &Lab, name: &str, bytes: &[u8]) {
    lab.store.lose(name).ok();
    lab.store.put(name, Body::Bytes(bytes)).unwrap();
}

#[test]
fn an_epoch_counts_only_by_the_owner_and_in_its_place() {
    let mut lab = Lab::new();
    let (writer, _state) = lab.member(Role::Writer);
    let (removed, _state) = lab.member(Role::Owner);
    lab.repo.remove_key(2, LATER).unwrap();
    lab.repo.rotate_keys(&[], LATER).unwrap();
    let good = lab.store.contents(NAME).unwrap();
    assert_eq!(read(&lab, &lab.repo.keyring), (1, 1, String::new()));
    let by = |keyring: &Keyring, signer| envelope::seal(Purpose::Epoch, signer, &keyring.signer, &body(&lab));
    let owner = lab.repo.keyring.owner_signer().unwrap();
    for (bad, why) in [
        (by(&writer.keyring, 1), "signature"),
        (by(&writer.keyring, OWNER), "signature"),
        (by(&removed.keyring, 2), "signature"),
        (by(&lab.repo.keyring, 0), "signature"),
        (envelope::seal(Purpose::Roster, OWNER, &owner, &body(&lab)), "expected kind"),
        (good[..good.len() - 1].to_vec(), "length"),
    ] {
        replace(&lab, NAME, &bad);
        let (count, _, told) = read(&lab, &lab.repo.keyring);
        assert!(count == 0 && told.contains(why), "{why}: {told}");
    }
    // The same one a second time, and one that follows another.
    replace(&lab, NAME, &good);
    let mut other = body(&lab);
    other[16] = 2;
    let other = envelope::seal(Purpose::Epoch, OWNER, &owner, &other);
    for bad in [&good, &other] {
        replace(&lab, "epochs/00000002", bad);
        let (count, _, told) = read(&lab, &lab.repo.keyring);
        assert!(count == 1 && told.contains("epochs/00000002 does not count"), "{told}");
    }
}

#[test]
fn who_was_removed_or_only_writes_is_sealed_nothing() {
    let mut lab = Lab::new();
    let (writer, _state) = lab.member(Role::Writer);
    let (maintainer, _state) = lab.member(Role::Maintainer);
    let (removed, _state) = lab.member(Role::Owner);
    lab.repo.rotate_keys(&[], LATER).unwrap();
    lab.repo.remove_key(3, LATER).unwrap();
    lab.repo.rotate_keys(&[], LATER).unwrap();
    let opened = |keyring| read(&lab, keyring).1;
    let counts = [&writer, &maintainer, &removed, &lab.repo].map(|repo| opened(&repo.keyring));
    assert_eq!(counts, [0, 2, 1, 2]);
    let data = |repo: &crate::Repository| repo.keyring.secret_in(BlobType::Data, 0).is_ok();
    assert_eq!([data(&maintainer), data(&removed)], [false, true]);
}

/// An owner's program gone wrong, or an owner who wants others to lose what they store.
#[test]
fn a_secret_that_is_not_the_other_half_is_told_before_anything_is_lost() {
    let mut lab = Lab::new();
    lab.repo.rotate_keys(&[], LATER).unwrap();
    let (mut body, other) = (body(&lab), Kem::X25519.generate().1);
    // Behind repository, number, hash, time (five bytes here), KEM and a length.
    let at = 16 + 1 + 32 + 5 + 1 + 1;
    body[at + 33..at + 65].copy_from_slice(&other);
    let owner: Signer = lab.repo.keyring.owner_signer().unwrap();
    replace(&lab, NAME, &envelope::seal(Purpose::Epoch, OWNER, &owner, &body));
    let (count, opened, told) = read(&lab, &lab.repo.keyring);
    assert!((count, opened) == (1, 0) && told.contains("another secret"), "{told}");
}

/// What a member's own object says of its sealing key is believed by everybody but that member.
#[test]
fn no_epoch_begins_that_its_maker_could_not_open() {
    let mut lab = Lab::new();
    let body = crate::config::encode(&(0_u32, Kem::X25519.generate().1)).unwrap();
    let bytes = envelope::seal(Purpose::Member, 0, &lab.repo.keyring.signer, &body);
    replace(&lab, "members/00000000", &bytes);
    let err = lab.repo.rotate_keys(&[], LATER).unwrap_err();
    assert!(err.text.starts_with("cannot rotate keys: "), "{err}");
    assert_eq!(lab.store.names("epochs/"), Vec::<String>::new());
}
