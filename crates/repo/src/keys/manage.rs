//! Adding, removing and re-wrapping keys: what `key` does.

use atalaya_store::Body;

use super::chain::Whose;
use super::file::{KeyFile, Protection};
use super::ring::{Keyring, Role};
use super::roster::{Member, Roster};
use super::seen::{self, Seen};
use super::unlock::key_file_names;
use crate::config::read_small;
use crate::crypto::{Signer, random};
use crate::model::Time;
use crate::{Error, Kind, Repository, Result, limits, names, presence};

/// A member of the repository and where its key is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyInfo {
    /// Number in the roster.
    pub number: u32,
    /// What it may do.
    pub role: Role,
    /// Who it was made for.
    pub label: String,
    /// Seconds since 1970.
    pub created_secs: i64,
    /// When it was removed.
    pub revoked_secs: Option<i64>,
    /// The key file in the repository (opened by a passphrase), or none when it lies elsewhere.
    pub file: Option<String>,
    /// Whether it is the one in use.
    pub current: bool,
}

impl Repository {
    /// All members, in order of their numbers.
    pub fn keys(&self) -> Result<Vec<KeyInfo>> {
        let files = self.key_files()?;
        let info = |member: &Member| KeyInfo {
            number: member.number,
            role: member.role,
            label: member.label.clone(),
            created_secs: member.created_secs,
            revoked_secs: member.revoked_secs,
            file: files.iter().find(|(_, number)| *number == member.number).map(|(name, _)| name.clone()),
            current: member.number == self.keyring.material.member,
        };
        Ok(self.roster.members.iter().map(info).collect())
    }

    /// When each key epoch began, in seconds since 1970; the first with the repository.
    #[must_use]
    pub fn epochs_began(&self) -> Vec<i64> {
        let later = self.keyring.epochs().all.iter().map(|epoch| epoch.created_secs);
        std::iter::once(self.keyring.config.created.secs).chain(later).collect()
    }

    /// Names of the key files in the repository, and whose they are. Damaged ones are left out.
    fn key_files(&self) -> Result<Vec<(String, u32)>> {
        let mut listed = Vec::new();
        self.store.list(names::KEYS, &mut |entry| {
            listed.push(entry.name.clone());
            Ok(())
        })?;
        let mut out = Vec::new();
        for name in listed {
            match read_small(&*self.store, &name).and_then(|bytes| KeyFile::parse(&bytes)) {
                Ok(file) => out.push((name, file.clear.member)),
                Err(err) if matches!(err.kind, Kind::Damaged | Kind::TooNew | Kind::NotFound) => {}
                Err(err) => return Err(err),
            }
        }
        Ok(out)
    }

    /// Makes a key. With a passphrase it is put into the repository; without, its bytes are given back, to be
    /// written where only their holder reads them. Needs the owner's key.
    pub fn add_key(
        &mut self,
        role: Role,
        label: &str,
        passphrase: Option<&[u8]>,
        now: Time,
    ) -> Result<(u32, Option<Vec<u8>>)> {
        let owner = self.keyring.owner_signer()?;
        if passphrase.is_some() {
            self.refuse_too_many()?;
        }
        let number = self.roster.members.iter().map(|m| m.number + 1).max().unwrap_or(0);
        let material = self.keyring.material.grant(role, number)?;
        let file = KeyFile::wrap(&material, label, now.secs, passphrase)?;
        let public = Signer::new(&material.sign_seed)?.public();
        let member =
            Member { number, role, public, label: label.to_owned(), created_secs: now.secs, revoked_secs: None };
        let mut members = self.roster.members.clone();
        members.push(member);
        self.change_roster(members, &owner)?;
        // Before anybody has the key: it opens all that it may from the beginning.
        self.welcome(&Keyring::new(material, self.keyring.config.clone())?, &owner)?;
        if passphrase.is_none() {
            return Ok((number, Some(file)));
        }
        self.put_key_file(&file)?;
        Ok((number, None))
    }

    /// Removes a key: what it signs from now on does not count. What it could read, its holder may have kept.
    pub fn remove_key(&mut self, number: u32, now: Time) -> Result<()> {
        let owner = self.keyring.owner_signer()?;
        if number == self.keyring.material.member {
            return Err(Error::new(
                Kind::Usage,
                "cannot remove the key in use; open the repository with another owner's key",
            ));
        }
        self.writable("change the keys of")?;
        let mut files = self.key_files()?;
        files.retain(|(_, of)| *of == number);
        let mut members = self.roster.members.clone();
        let member = members.iter_mut().find(|m| m.number == number).ok_or_else(|| unknown(number))?;
        if member.revoked_secs.is_none() {
            member.revoked_secs = Some(now.secs);
            self.change_roster(members, &owner)?;
        } else if files.is_empty() {
            return Err(unknown(number));
        }
        // Who was cut off before this does it the next time.
        for (name, _) in files {
            presence::delete(&*self.store, &name)?;
        }
        Ok(self.store.sync()?)
    }

    /// Wraps the key in use under another passphrase. The new key file is there before the old one goes.
    pub fn change_passphrase(&self, passphrase: &[u8], now: Time) -> Result<()> {
        let number = self.keyring.material.member;
        let old: Vec<String> =
            self.key_files()?.into_iter().filter(|(_, of)| *of == number).map(|(name, _)| name).collect();
        let Some(first) = old.first() else {
            return Err(Error::new(
                Kind::Usage,
                "the key in use is a file outside the repository and has no passphrase there",
            ));
        };
        self.refuse_too_many()?;
        let label = KeyFile::parse(&read_small(&*self.store, first)?)?.clear.label;
        self.put_key_file(&KeyFile::wrap(&self.keyring.material, &label, now.secs, Some(passphrase))?)?;
        old.iter().try_for_each(|name| self.store.delete(name))?;
        Ok(self.store.sync()?)
    }

    /// Whether there is, or was, a key of that number.
    pub(super) fn listed(&self, number: u32) -> Result<()> {
        if self.roster.members.iter().any(|member| member.number == number) { Ok(()) } else { Err(unknown(number)) }
    }

    /// With one more than are tried nobody could open the repository by a passphrase.
    fn refuse_too_many(&self) -> Result<()> {
        let count = key_file_names(&*self.store)?.len();
        if count < limits::KEY_FILES_MAX {
            return Ok(());
        }
        Err(Error::new(
            Kind::Usage,
            format!("cannot add a key file: the repository holds {count} already; remove keys that nobody needs"),
        ))
    }

    fn put_key_file(&self, bytes: &[u8]) -> Result<()> {
        self.writable("change the keys of")?;
        debug_assert!(KeyFile::parse(bytes).is_ok_and(|file| file.clear.protection != Protection::None));
        self.store.put(&format!("{}{}", names::KEYS, names::hex(&random::<8>()?)), Body::Bytes(bytes))?;
        Ok(self.store.sync()?)
    }

    fn change_roster(&mut self, members: Vec<Member>, owner: &Signer) -> Result<()> {
        self.writable("change the keys of")?;
        let repo = self.keyring.config.id;
        let next = Roster { repo, number: self.roster.number + 1, previous: self.roster_hash, members };
        next.write(&*self.store, owner).map_err(|err| match err.kind {
            Kind::AlreadyThere => Error::new(Kind::Denied, "another owner changed the keys at this moment; try again"),
            _ => err,
        })?;
        let (whose, mut seen) = (Whose::of(&*self.store, &self.keyring), Seen::open(self.state(), seen::MEMBERS));
        (self.roster, self.roster_hash) = Roster::read(whose, &mut seen, &mut |_| {})?;
        Ok(())
    }
}

fn unknown(number: u32) -> Error {
    Error::new(Kind::NotFound, format!("no key {number}; \"atalaya-agent key list\" lists them"))
}
