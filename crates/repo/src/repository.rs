//! Making and opening a repository.

use std::path::Path;
use std::sync::Arc;

use atalaya_store::{Body, Store};

use crate::config::{self, Config};
use crate::copy::mark;
use crate::crypto::{Cipher, Kem, Signer, random};
use crate::index::IndexSet;
use crate::keys::{Epochs, KeyFile, Keyring, Material, Member, Role, Roster, Seen, Whose, publish, seen, unlock};
use crate::model::Time;
use crate::snapshot::{self, Info, Selector};
use crate::state::State;
use crate::{Error, Kind, Result, names};

/// Damaged objects of one sort that a command other than a check tells of one by one.
const TOLD_MAX: usize = 5;

/// What opens a repository.
#[derive(Clone, Copy)]
pub enum Unlock<'a> {
    /// A passphrase; tried on every key file in the repository.
    Passphrase(&'a [u8]),
    /// The bytes of a key file that lies outside, and its passphrase if it has one.
    KeyFile(&'a [u8], Option<&'a [u8]>),
}

/// What `init` decides.
#[derive(Clone, Debug)]
pub struct InitOptions {
    /// See [`crate::fastest_cipher`].
    pub cipher: Cipher,
    /// Post-quantum key exchange (X-Wing) or plain X25519.
    pub post_quantum: bool,
    /// Who the first key belongs to, for `key list`.
    pub label: String,
    /// The present time.
    pub now: Time,
}

/// An open repository.
pub struct Repository {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) roster: Roster,
    pub(crate) roster_hash: [u8; 32],
    /// The id in the object that says so, if it is a replica of another one.
    pub(crate) replica: Option<[u8; 16]>,
    /// This repository's folder in the state folder.
    state: State,
    /// Hears what a person may want to know although nothing failed; and what there was to hear before.
    tell: fn(&str),
    told: Vec<String>,
}

impl Repository {
    /// Makes a repository in an empty store. The configuration is written last, so what is interrupted
    /// before is no repository.
    pub fn init(store: &dyn Store, passphrase: &[u8], options: &InitOptions) -> Result<String> {
        refuse_existing(store)?;
        let config = Config {
            id: random()?,
            created: options.now,
            cipher: options.cipher,
            kem: if options.post_quantum { Kem::XWing } else { Kem::X25519 },
            features_write: 0,
        };
        let material = Material::create(config.id, config.kem)?;
        let Some(seed) = &material.owner_seed else { return Err(Error::new(Kind::Io, "cannot make an owner's key")) };
        let owner = Signer::new(seed)?;
        let member = Member {
            number: 0,
            role: Role::Owner,
            public: Signer::new(&material.sign_seed)?.public(),
            label: options.label.clone(),
            created_secs: options.now.secs,
            revoked_secs: None,
        };
        let file = KeyFile::wrap(&material, &options.label, options.now.secs, Some(passphrase))?;
        // The roster's name is taken by the first of two that do this at once; the other one leaves nothing behind.
        let roster = Roster { repo: config.id, number: 1, previous: [0; 32], members: vec![member] };
        roster.write(store, &owner).map_err(|err| match err.kind {
            Kind::AlreadyThere => begun(store),
            _ => err,
        })?;
        store.put(&format!("{}{}", names::KEYS, names::hex(&random::<8>()?)), Body::Bytes(&file))?;
        let id = names::hex(&config.id);
        publish(store, &Keyring::new(material, config.clone())?)?;
        config::write(store, &config, &owner)?;
        store.sync()?;
        Ok(id)
    }

    /// Opens a repository; `state` is the state folder, where each repository gets a folder of its own.
    pub fn open(store: Arc<dyn Store>, unlock: Unlock<'_>, state: &Path) -> Result<Self> {
        let (config, owner) = config::read(&*store)?;
        let material = match unlock {
            Unlock::Passphrase(passphrase) => unlock::by_passphrase(&*store, config.id, passphrase)?,
            Unlock::KeyFile(bytes, passphrase) => unlock::with_file(bytes, passphrase)?,
        };
        if material.repo != config.id {
            return Err(Error::new(
                Kind::WrongKey,
                format!("the key file belongs to another repository than {}", store.place()),
            ));
        }
        if material.owner_public != owner {
            return Err(Error::damaged(format!(
                "the configuration of {} is not signed by the owner that the key file names: it was replaced",
                store.place()
            )));
        }
        Self::assemble(store, Arc::new(Keyring::new(material, config)?), state)
    }

    /// Members and memory of a store, for who has the keys already; `state` has a folder for each.
    pub(crate) fn assemble(store: Arc<dyn Store>, keyring: Arc<Keyring>, state: &Path) -> Result<Self> {
        let mut told = Vec::new();
        let replica = mark::read(&*store, &keyring, &mut told)?;
        let state = State::open(state.join(mark::folder(&keyring.config.id, replica.as_ref())))?;
        let (mut seen, mut tell) = (Seen::open(&state.folder, seen::MEMBERS), |text| told.push(text));
        let (roster, roster_hash) = Roster::read(Whose::of(&*store, &keyring), &mut seen, &mut tell)?;
        check_member(&keyring, &roster)?;
        let mut seen = Seen::open(&state.folder, seen::EPOCHS);
        keyring.learn_epochs(Epochs::read(&*store, &keyring, &mut seen, &mut tell)?);
        Ok(Self { store, keyring, roster, roster_hash, replica, state, tell: |_| {}, told })
    }

    /// Refuses to change a replica, which would be another repository then.
    pub(crate) fn writable(&self, what: &str) -> Result<()> {
        if self.replica.is_some() {
            return Err(mark::refusal(&self.store.place(), what));
        }
        self.keyring.config.writable()
    }

    /// Refuses what ends in deleting where whoever asks may only add: begun, it would leave lists of what is never done.
    pub(crate) fn erasable(&self, what: &str) -> Result<()> {
        if !self.store.only_adds()? {
            return Ok(());
        }
        let place = self.store.place();
        let text = format!(
            "cannot {what} {place}: this login may only add there (append-only); do it where the repository lies, or with another login"
        );
        Err(Error::new(Kind::Denied, text))
    }

    /// The same repository, with somebody who hears of what is odd or healed by itself, in one line each.
    #[must_use]
    pub fn telling(mut self, tell: fn(&str)) -> Self {
        self.told.drain(..).for_each(|text| tell(&text));
        Self { tell, ..self }
    }

    /// This repository's folder in the state folder.
    pub(crate) fn state(&self) -> &Path {
        &self.state.folder
    }

    /// The folder of all repositories in the state folder.
    pub(crate) fn states(&self) -> Result<&Path> {
        self.state.folder.parent().ok_or_else(|| Error::new(Kind::Io, "the state folder has no folder above it"))
    }

    /// The role of the key that opened it.
    #[must_use]
    pub fn role(&self) -> Role {
        self.keyring.material.role
    }

    /// The repository's id in hex.
    #[must_use]
    pub fn id(&self) -> String {
        names::hex(&self.keyring.config.id)
    }

    /// The cipher that seals its packs.
    #[must_use]
    pub fn cipher(&self) -> Cipher {
        self.keyring.cipher()
    }

    /// Where it is, for messages.
    #[must_use]
    pub fn place(&self) -> String {
        self.store.place()
    }

    /// Every snapshot, oldest first, and what is wrong with those that do not verify.
    pub fn snapshots(&self) -> Result<(Vec<Info>, Vec<Error>)> {
        snapshot::read_all(&*self.store, &self.keyring, &self.roster)
    }

    /// The snapshot that `selector` means.
    pub fn find_snapshot(&self, selector: &Selector) -> Result<Info> {
        let (all, bad) = self.snapshots()?;
        // Silence would let one that cannot be read pass for one that was never made, and an older one for the latest.
        let there = bad.into_iter().filter(|err| err.kind != Kind::NotFound);
        self.tell_some(&there.map(|err| err.text).collect::<Vec<_>>());
        selector.choose(&all).cloned()
    }

    pub(crate) fn tell_all(&self, texts: &[String]) {
        texts.iter().for_each(|text| (self.tell)(text));
    }

    /// Tells the first few of what may be many.
    fn tell_some(&self, texts: &[String]) {
        let more = texts.len().saturating_sub(TOLD_MAX);
        self.tell_all(&texts[..texts.len() - more]);
        if more > 0 {
            (self.tell)(&format!("and {more} more; \"atalaya-agent check\" names them"));
        }
    }

    /// The label of a member, for listings.
    #[must_use]
    pub fn member_label(&self, number: u32) -> Option<String> {
        self.roster.member(number).ok().map(|m| m.label.clone())
    }

    pub(crate) fn index(&self) -> Result<IndexSet> {
        self.index_in(&self.state().join("index"))
    }

    /// A copy of the index in a folder of its own.
    pub(crate) fn index_in(&self, folder: &Path) -> Result<IndexSet> {
        IndexSet::open(&self.store, &self.keyring, &self.roster, folder, self.tell)
    }
}

/// Whether what this key signs would count: else a backup would seem to succeed, and nobody would believe it.
fn check_member(keyring: &Keyring, roster: &Roster) -> Result<()> {
    let wrong = |text: &str| Err(Error::new(Kind::WrongKey, text));
    let material = &keyring.material;
    match roster.members.iter().find(|m| m.number == material.member) {
        Some(member) if member.revoked_secs.is_some() => wrong("this key was removed from the repository by its owner"),
        Some(member) if member.role == material.role && member.public == keyring.signer.public() => Ok(()),
        _ => wrong("this key is not in the repository's list of members"),
    }
}

/// A store with a configuration is a repository; one with data but none has lost it and must not be overwritten.
/// Nothing is ever removed here.
fn refuse_existing(store: &dyn Store) -> Result<()> {
    match store.stat(names::CONFIG) {
        Ok(_) => {
            return Err(Error::new(Kind::AlreadyThere, format!("there is a repository at {} already", store.place())));
        }
        Err(err) if err.kind == atalaya_store::Kind::NotFound => {}
        Err(err) => return Err(err.into()),
    }
    let (mut left_over, mut data, mut other) = (false, false, false);
    store.list("", &mut |entry| {
        match entry.name.split_inclusive('/').next() {
            Some(names::KEYS | names::ROSTER | names::MEMBERS) => left_over = true,
            Some(names::INDEX | names::SNAPSHOTS | names::SESSIONS | "data/" | "tree/") => data = true,
            _ => other = true,
        }
        Ok(())
    })?;
    let place = store.place();
    if data {
        let text = format!(
            "{place} holds data of a repository whose configuration is gone; restore the object \"config\" or choose another place"
        );
        return Err(Error::new(Kind::AlreadyThere, text));
    }
    if other {
        let text =
            format!("cannot make a repository at {place}: the folder is not empty; choose a new or an empty one");
        return Err(Error::new(Kind::AlreadyThere, text));
    }
    if left_over { Err(begun(store)) } else { Ok(()) }
}

/// An init that was interrupted, or one that goes on at this moment, which must not be disturbed.
fn begun(store: &dyn Store) -> Error {
    let place = store.place();
    let text = format!(
        "cannot make a repository at {place}: another \"init\" is making one, or was interrupted; if none is running, remove \
         {place} and try again"
    );
    Error::new(Kind::AlreadyThere, text)
}
