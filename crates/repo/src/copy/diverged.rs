//! Whether the target has what the primary never had or has lost. Only a person can tell which.

use std::collections::HashSet;

use sha2::{Digest, Sha256};

use super::Copy;
use super::listing::{Pairs, objects};
use crate::config::read_small;
use crate::maintain::Forgotten;
use crate::{Error, Kind, Result, names, presence, snapshot};

impl Copy<'_> {
    /// # Errors
    /// [`Kind::Refused`] when it does, before anything is written.
    pub(super) fn diverged(&mut self) -> Result<()> {
        let forgotten = Forgotten::read(&*self.from.store, self.authority())?;
        let mut pairs = self.pairs(names::SNAPSHOTS)?;
        while let Some(pair) = pairs.next()? {
            if pair.here.is_none() && !self.was_forgotten(&pair.id, &forgotten)? {
                self.unexplained("snapshot", names::SNAPSHOTS, &pair.id)?;
            }
        }
        let index = self.from.index()?;
        if index.refused.iter().any(|err| err.kind != Kind::NotFound) {
            // What a damaged run replaced nobody can tell; that it is damaged is told later.
            return Ok(());
        }
        let mut explained = HashSet::new();
        index.origins(&mut |id, _| {
            explained.insert(id);
            Ok(())
        })?;
        let mut pairs = self.pairs(names::INDEX)?;
        while let Some(pair) = pairs.next()? {
            if pair.here.is_none() && !explained.contains(&pair.id) {
                self.unexplained("index run", names::INDEX, &pair.id)?;
            }
        }
        Ok(())
    }

    pub(super) fn pairs(&self, folder: &str) -> Result<Pairs> {
        let here = objects(&*self.from.store, folder, self.spool())?;
        Pairs::new(here, objects(&*self.store, folder, self.spool())?)
    }

    /// Whether a list names what the target has under this id: by its bytes, or, if those are no snapshot, by its name.
    pub(super) fn was_forgotten(&self, id: &[u8; 16], forgotten: &Forgotten) -> Result<bool> {
        let bytes = match read_small(&*self.store, &names::object(names::SNAPSHOTS, id)) {
            Err(err) if err.kind == Kind::NotFound => return Ok(true),
            Err(err) if err.kind == Kind::Damaged => return Ok(forgotten.names_id(id)),
            other => other?,
        };
        let damaged = || snapshot::load(&*self.store, &self.from.keyring, &self.from.roster, *id).is_err();
        Ok(forgotten.names(&Sha256::digest(&bytes).into()) || (forgotten.names_id(id) && damaged()))
    }

    fn unexplained(&self, what: &str, folder: &str, id: &[u8; 16]) -> Result<()> {
        let (name, from, to) = (names::object(folder, id), self.from.place(), self.store.place());
        if !presence::is_gone(&*self.from.store, &name)? {
            return Err(Error::new(
                Kind::Refused,
                format!(
                    "cannot copy: {from} has {name} and does not list it; nothing is done by a listing that is not whole"
                ),
            ));
        }
        if presence::is_gone(&*self.store, &name)? {
            return Ok(());
        }
        Err(Error::new(
            Kind::Refused,
            format!(
                "cannot copy to {to}: it has {what} {}, which {from} does not have and nobody removed; either somebody wrote to \
                 {to}, or {from} lost it: then put {name} of {to} back there",
                &names::hex(id)[..8]
            ),
        ))
    }
}
