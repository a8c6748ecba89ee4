//! Beginning a key epoch, and sealing its secrets to those who may have them.

use atalaya_store::Body;

use super::epoch::{self, Epoch, Epochs, Grant, Record, member_secret, seal_aad, seal_info};
use super::objects;
use super::ring::{Keyring, Role};
use super::roster::Member;
use super::seen::{self, Seen};
use crate::config::{decode, encode, read_small};
use crate::crypto::{Kem, Signer};
use crate::envelope::{self, OWNER, Purpose};
use crate::model::Time;
use crate::names::BlobType;
use crate::{Error, Kind, Repository, Result, names, presence};

/// The body of an object below `members/`.
type Published = (u32, Vec<u8>);

/// Shows by which key a member can be sealed something, where a member with this key would be sealed anything.
pub(crate) fn publish(store: &dyn atalaya_store::Store, keyring: &Keyring) -> Result<()> {
    let (member, role) = (keyring.material.member, keyring.material.role);
    let name = names::numbered(names::MEMBERS, member);
    if role < Role::Maintainer || !presence::is_gone(store, &name)? {
        return Ok(());
    }
    let public = keyring.config.kem.public_of(&member_secret(keyring).0)?;
    let body = encode::<Published>(&(member, public))?;
    presence::put(store, &name, &envelope::seal(Purpose::Member, member, &keyring.signer, &body))
}

impl Repository {
    /// Does what a member with a right does once, before anything else is written: without it an owner could not give it
    /// the secrets of later epochs.
    pub(crate) fn publish(&self) -> Result<()> {
        publish(&*self.store, &self.keyring)
    }

    /// Begins a key epoch: what is stored by whoever opens the repository from now on is sealed to new keys, which are given
    /// to all members with a right to them but those `without`. Gives its number.
    ///
    /// # Errors
    /// [`Kind::NotAllowed`] for any key but an owner's; [`Kind::Refused`] where a member cannot be given the secrets.
    pub fn rotate_keys(&mut self, without: &[u32], now: Time) -> Result<u32> {
        let owner = self.keyring.owner_signer()?;
        self.writable("change the keys of")?;
        if without.contains(&self.keyring.material.member) {
            return Err(Error::new(
                Kind::Usage,
                "cannot leave out the key in use; open the repository with another owner's key",
            ));
        }
        for number in without {
            self.listed(*number)?;
        }
        self.publish()?;
        let to = self.recipients(without)?;
        self.grant_all(&to, &owner)?;
        let (keyring, config) = (&self.keyring, &self.keyring.config);
        let number = keyring.epochs().all.len() as u32 + 1;
        if number > u16::MAX.into() {
            return Err(Error::new(Kind::Refused, "the repository has as many key epochs as there can be"));
        }
        let (data_secret, data_public) = config.kem.generate();
        let (tree_secret, tree_public) = config.kem.generate();
        let mut epoch = Epoch {
            created_secs: now.secs,
            kem: config.kem,
            data_public,
            tree_public,
            data_secret: Some(data_secret),
            tree_secret: Some(tree_secret),
            sealed_to: Vec::new(),
        };
        let sealed = to.iter().map(|member| Ok((member.number, epoch.seal(keyring, number, member)?)));
        let record = Record {
            repo: config.id,
            number,
            previous: keyring.epochs().hash,
            created_secs: now.secs,
            kem: config.kem.number(),
            sealed: sealed.collect::<Result<_>>()?,
            data_public: std::mem::take(&mut epoch.data_public),
            tree_public: std::mem::take(&mut epoch.tree_public),
        };
        let bytes = envelope::seal(Purpose::Epoch, OWNER, &owner, &encode(&record)?);
        // Before anything is sealed to keys that nobody could open.
        Epoch::open(&*self.store, keyring, record)?.1.map_err(|err| err.context("cannot rotate keys"))?;
        self.put_epoch(&names::numbered(names::EPOCHS, number), &bytes)?;
        self.reopen_keyring()?;
        Ok(number)
    }

    /// Two owners at once want the same name. What does not count in its place is somebody's who may not.
    fn put_epoch(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let store = &*self.store;
        match store.put(name, Body::Bytes(bytes)) {
            Err(err) if err.kind == atalaya_store::Kind::Exists => {
                let there = read_small(store, name)?;
                let (repo, owner) = (&self.keyring.config.id, &self.keyring.material.owner_public);
                let counts = objects::verify(name, &there, repo, owner, &self.roster);
                if counts.is_ok() {
                    let text = "another owner rotated the keys at this moment; try again if it is to be done twice";
                    return Err(Error::new(Kind::Denied, text));
                }
                presence::put(store, name, bytes)?;
            }
            other => other?,
        }
        Ok(store.sync()?)
    }

    /// With the epochs as they are now.
    fn reopen_keyring(&mut self) -> Result<()> {
        let keyring = Keyring::new(self.keyring.material.clone(), self.keyring.config.clone())?;
        let mut seen = Seen::open(self.state(), seen::EPOCHS);
        keyring.learn_epochs(Epochs::read(&*self.store, &keyring, &mut seen, &mut |_| {})?);
        self.keyring = std::sync::Arc::new(keyring);
        Ok(())
    }

    /// Members with a right to secrets of epochs.
    fn recipients(&self, without: &[u32]) -> Result<Vec<Recipient>> {
        let mut out = Vec::new();
        let entitled = |member: &&Member| member.revoked_secs.is_none() && member.role >= Role::Maintainer;
        for member in self.roster.members.iter().filter(entitled).filter(|member| !without.contains(&member.number)) {
            out.push(self.recipient(member).map_err(|err| match err.kind {
                Kind::NotFound | Kind::Damaged => unpublished(member, &err),
                _ => err,
            })?);
        }
        Ok(out)
    }

    fn recipient(&self, member: &Member) -> Result<Recipient> {
        let bytes = read_small(&*self.store, &names::numbered(names::MEMBERS, member.number))?;
        let (number, public) = published(&bytes, member)?;
        Ok(Recipient { number, role: member.role, public })
    }

    /// Seals every epoch to each of `to` that lacks one: it was added later, or had been left out.
    fn grant_all(&self, to: &[Recipient], owner: &Signer) -> Result<()> {
        for (at, epoch) in self.keyring.epochs().all.iter().enumerate() {
            let number = at as u32 + 1;
            if epoch.data_secret.is_none() {
                // This key was left out itself.
                continue;
            }
            for member in to.iter().filter(|member| !epoch.sealed_to.contains(&member.number)) {
                let name = epoch::grant_name(number, member.number);
                if !presence::is_gone(&*self.store, &name)? {
                    continue;
                }
                let sealed = epoch.seal(&self.keyring, number, member)?;
                let grant = Grant { epoch: number, member: member.number, sealed };
                let bytes = envelope::seal(Purpose::Grant, OWNER, owner, &encode(&grant)?);
                presence::put(&*self.store, &name, &bytes)?;
            }
        }
        Ok(self.store.sync()?)
    }

    /// Gives a new member, whose material is at hand, what those have who were there before.
    pub(super) fn welcome(&self, keyring: &Keyring, owner: &Signer) -> Result<()> {
        publish(&*self.store, keyring)?;
        match self.roster.member(keyring.material.member)? {
            member if member.role < Role::Maintainer => Ok(()),
            member => self.grant_all(&[self.recipient(member)?], owner),
        }
    }
}

/// Who is given secrets.
struct Recipient {
    number: u32,
    role: Role,
    public: Vec<u8>,
}

impl Epoch {
    fn seal(&self, keyring: &Keyring, number: u32, to: &Recipient) -> Result<Vec<u8>> {
        let mut plain = zeroize::Zeroizing::new(Vec::with_capacity(64));
        let kinds: &[BlobType] =
            if to.role == Role::Owner { &[BlobType::Tree, BlobType::Data] } else { &[BlobType::Tree] };
        for kind in kinds {
            let secret = self.secret(*kind).ok_or_else(|| left_out(number))?;
            plain.extend_from_slice(secret);
        }
        let kem: Kem = keyring.config.kem;
        kem.seal(&to.public, &seal_info(&keyring.config.id), &seal_aad(number, to.number), &plain)
    }
}

/// What an object below `members/` says, if it is that of `member`.
pub(super) fn published(bytes: &[u8], member: &Member) -> Result<Published> {
    let unverified = envelope::parse(Purpose::Member, bytes)?;
    let out: Published = decode(unverified.verified_by(&member.public)?)?;
    if unverified.signer == member.number && out.0 == member.number { Ok(out) } else { Err(not_its_own()) }
}

fn not_its_own() -> Error {
    Error::damaged("it is another member's")
}

fn unpublished(member: &Member, err: &Error) -> Error {
    let (n, label) = (member.number, &member.label);
    let text = match err.kind {
        Kind::NotFound => format!(
            "cannot rotate keys: key {n}, \"{label}\", cannot be given the new ones yet; run \"atalaya-agent prune\" once with \
             that key, or \"key remove {n}\", or rotate with \"--without {n}\": then it reads nothing that is stored from now on"
        ),
        _ => format!(
            "cannot rotate keys: {} does not count: {err}; remove it, and run \"atalaya-agent prune\" once with key {n}, \
             \"{label}\"",
            names::numbered(names::MEMBERS, n)
        ),
    };
    Error::new(Kind::Refused, text)
}

/// The key in use has no secret of an epoch.
pub(super) fn left_out(epoch: u32) -> Error {
    let text = format!(
        "this key was left out when key epoch {epoch} began; have another owner run \"atalaya-agent key rotate\" once"
    );
    Error::new(Kind::NotAllowed, text)
}
