//! Configuration, members and keys of a replica: with them it opens as the primary does.

use atalaya_store::{Body, Store};

use super::standing::Standing;
use super::{Copy, mark};
use crate::config::read_small;
use crate::envelope::{self, Purpose};
use crate::keys::{KeyFile, objects};
use crate::{Error, Kind, Repository, Result, limits, names, presence};

/// How one version of the list of members stands in the target.
enum Version {
    Same,
    Missing,
    Damaged,
}

/// Refuses a target whose list of members is longer or another.
pub(super) fn compare(from: &Repository, target: &dyn Store, heal: bool) -> Result<()> {
    for number in 1..=from.roster.number {
        if matches!(version(from, target, number)?.0, Version::Damaged) && !heal {
            return Err(Error::damaged(format!(
                "{} at {} is damaged; \"--heal\" puts that of {} in its place",
                names::numbered(names::ROSTER, number),
                target.place(),
                from.place()
            )));
        }
    }
    let next = names::numbered(names::ROSTER, from.roster.number + 1);
    if there(target, &next)?.is_some_and(|bytes| by_owner(from, &bytes)) {
        return Err(other_members(from, target, "list of members is newer than"));
    }
    // What does not count there, whoever opens it is told.
    let epochs = from.keyring.epochs().all.len() as u32;
    for number in 1..=epochs + 1 {
        let name = names::numbered(names::EPOCHS, number);
        if let Some(bytes) = there(target, &name)?
            && sound(from, &name, &bytes).is_ok()
            && (number > epochs || read_small(&*from.store, &name)? != bytes)
        {
            return Err(other_members(from, target, "list of key epochs is not"));
        }
    }
    Ok(())
}

/// What the target has under a name.
fn there(target: &dyn Store, name: &str) -> Result<Option<Vec<u8>>> {
    match read_small(target, name) {
        Err(err) if err.kind == Kind::NotFound => Ok(None),
        Err(err) => Err(err.into_target(target)),
        Ok(bytes) => Ok(Some(bytes)),
    }
}

/// Whether an object about keys, besides the list of members, counts.
fn sound(from: &Repository, name: &str, bytes: &[u8]) -> Result<()> {
    let keyring = &from.keyring;
    objects::verify(name, bytes, &keyring.config.id, &keyring.material.owner_public, &from.roster)
}

impl Error {
    fn into_target(self, target: &dyn Store) -> Self {
        self.context(&format!("cannot copy to {}", target.place()))
    }
}

fn by_owner(from: &Repository, bytes: &[u8]) -> bool {
    let owner = &from.keyring.material.owner_public;
    envelope::parse(Purpose::Roster, bytes).and_then(|unverified| unverified.verified_by(owner).map(|_| ())).is_ok()
}

fn other_members(from: &Repository, target: &dyn Store, how: &str) -> Error {
    let text = format!(
        "cannot copy to {to}: its {how} that of {from}; keys were changed at {to}, or {from} was rolled back",
        to = target.place(),
        from = from.place()
    );
    Error::new(Kind::Refused, text)
}

/// Compares one version, and gives the bytes that the primary has.
fn version(from: &Repository, target: &dyn Store, number: u32) -> Result<(Version, Vec<u8>)> {
    let name = names::numbered(names::ROSTER, number);
    let ours = read_small(&*from.store, &name)?;
    if !by_owner(from, &ours) {
        return Err(Error::damaged(format!("{name} at {} is damaged", from.place())));
    }
    match there(target, &name)? {
        None => Ok((Version::Missing, ours)),
        Some(theirs) if theirs == ours => Ok((Version::Same, ours)),
        Some(theirs) if by_owner(from, &theirs) => Err(other_members(from, target, "list of members is not")),
        Some(_) => Ok((Version::Damaged, ours)),
    }
}

impl Copy<'_> {
    /// Writes what the target lacks; the configuration last, for without it there is no repository.
    pub(super) fn members(&mut self, standing: Standing) -> Result<()> {
        if matches!(standing, Standing::New | Standing::Unmarked) {
            self.put_mark()?;
        }
        self.key_files()?;
        for number in 1..=self.from.roster.number {
            let name = names::numbered(names::ROSTER, number);
            match version(self.from, &*self.store, number)? {
                (Version::Same, _) => continue,
                (Version::Missing, bytes) => presence::put(&*self.store, &name, &bytes)?,
                (Version::Damaged, bytes) => {
                    presence::put(&*self.store, &name, &bytes)?;
                    self.summary.healed_there += 1;
                }
            }
            self.summary.objects += 1;
        }
        self.about_keys(&objects::FOLDERS)?;
        self.sync()?;
        if matches!(standing, Standing::New | Standing::Begun) {
            presence::put(&*self.store, names::CONFIG, &read_small(&*self.from.store, names::CONFIG)?)?;
            self.summary.objects += 1;
            self.sync()?;
        }
        self.from.remember_replica_at(&self.store.place())
    }

    /// Epochs that began since members were copied: what was listed meanwhile may need them to be opened.
    pub(super) fn new_epochs(&mut self) -> Result<()> {
        if self.options.dry_run {
            return Ok(());
        }
        self.about_keys(&objects::SECRETS)?;
        self.sync()
    }

    /// What a rotation of the keys left, and who can be given such keys: before any pack that needs it to be opened.
    fn about_keys(&mut self, folders: &[&str]) -> Result<()> {
        let from = self.from;
        for folder in folders {
            let mut all = Vec::new();
            for store in [&*from.store, &*self.store] {
                store.list(folder, &mut |entry| {
                    all.extend(Some(entry.name.clone()).filter(|name| objects::is_name(name)));
                    Ok(())
                })?;
            }
            all.sort_unstable();
            all.dedup();
            all.iter().try_for_each(|name| self.about_key(name))?;
        }
        Ok(())
    }

    fn about_key(&mut self, name: &str) -> Result<()> {
        let (from, to) = (self.from, std::sync::Arc::clone(&self.store));
        let judge = |bytes: &Vec<u8>| sound(from, name, bytes);
        let (ours, theirs) = (there(&*from.store, name)?, there(&*to, name)?);
        match (ours.as_ref().map(judge), theirs.as_ref().map(judge)) {
            // Of two that count one was taken away and put anew since; both open.
            (Some(Ok(())), Some(Ok(()))) => {}
            (Some(Ok(())), there) => {
                presence::put(&*to, name, &ours.unwrap_or_default())?;
                match there {
                    None => self.summary.objects += 1,
                    Some(_) => self.summary.healed_there += 1,
                }
            }
            (_, Some(Ok(()))) if self.options.heal => {
                presence::put(&*from.store, name, &theirs.unwrap_or_default())?;
                from.store.sync()?;
                self.summary.healed_here += 1;
            }
            (Some(Err(err)), _) => {
                let text = format!("{name} at {}: {err}; it was not copied", from.place());
                if !self.lasting.contains(&text) {
                    self.lasting.push(text);
                }
            }
            (None, _) => {}
        }
        Ok(())
    }

    /// Two names may lead to one place: then the primary itself would have become a replica.
    fn put_mark(&self) -> Result<()> {
        if self.from.replica.is_none() {
            // One that does not count stands where one should.
            presence::delete(&*self.store, names::REPLICA)?;
        }
        mark::put(&*self.store, &self.from.keyring, (self.options.now)())?;
        let here = read_small(&*self.from.store, names::REPLICA).ok();
        if here.is_some() && here == read_small(&*self.store, names::REPLICA).ok() {
            presence::delete(&*self.store, names::REPLICA)?;
            self.sync()?;
            let text = format!("cannot copy {} to itself; name another target", self.from.place());
            return Err(Error::new(Kind::Usage, text));
        }
        Ok(())
    }

    /// Files under `keys/`. Nobody can tell of two that differ which one still opens, so none is ever replaced that could.
    fn key_files(&mut self) -> Result<()> {
        for name in self.key_file_names(&*self.from.store)? {
            let ours = match read_small(&*self.from.store, &name) {
                Err(err) if err.kind == Kind::NotFound => continue,
                other => other?,
            };
            let theirs = match read_small(&*self.store, &name) {
                Err(err) if err.kind == Kind::NotFound => None,
                other => Some(other?),
            };
            let cut = |bytes: &[u8], other: &[u8]| bytes.len() < other.len() && other.starts_with(bytes);
            let sound = |bytes: &[u8]| {
                let other = theirs.iter().chain([&ours]).any(|other| cut(bytes, other));
                KeyFile::parse(bytes).is_ok() && !other
            };
            match &theirs {
                Some(theirs) if *theirs == ours => {}
                None if sound(&ours) => {
                    self.store.put(&name, Body::Bytes(&ours))?;
                    self.summary.objects += 1;
                }
                Some(theirs) if sound(&ours) && !sound(theirs) => {
                    presence::put(&*self.store, &name, &ours)?;
                    self.summary.healed_there += 1;
                }
                Some(theirs) if self.options.heal && sound(theirs) && !sound(&ours) => {
                    presence::put(&*self.from.store, &name, theirs)?;
                    self.from.store.sync()?;
                    self.summary.healed_here += 1;
                }
                _ => {
                    let (from, to) = (self.from.place(), self.store.place());
                    self.lasting.push(format!(
                        "key file {name} is damaged, at {from} or at {to}: see which one still opens, and copy it to the other"
                    ));
                }
            }
        }
        Ok(())
    }

    /// Names of key files; of more than a repository may hold nobody would try any.
    pub(super) fn key_file_names(&self, store: &dyn Store) -> Result<Vec<String>> {
        let (mut out, mut count) = (Vec::new(), 0);
        store.list(names::KEYS, &mut |entry| {
            if names::unhex::<8>(&entry.name)
                .is_some_and(|id| format!("{}{}", names::KEYS, names::hex(&id)) == entry.name)
            {
                count += 1;
                if count <= limits::KEY_FILES_MAX {
                    out.push(entry.name.clone());
                }
            }
            Ok(())
        })?;
        if count > limits::KEY_FILES_MAX {
            return Err(Error::damaged(format!("{} holds {count} key files, more than are ever tried", store.place())));
        }
        out.sort_unstable();
        Ok(out)
    }
}
