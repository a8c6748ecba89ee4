//! Puts a sound object in the place of a damaged one, in either store.

use std::sync::Arc;

use super::Copy;
use crate::error::Judged;
use crate::model::PackId;
use crate::names::{self, BlobType};
use crate::pack::read_directory;
use crate::{Error, Result};

impl Copy<'_> {
    /// Reads a pack that both have.
    pub(super) fn heal_pack(&mut self, kind: BlobType, id: PackId, (here, there): (u32, u32)) -> Result<()> {
        let (from, to) = (self.from, Arc::clone(&self.store));
        let ours = self.verify_pack(&*from.store, (kind, id, here))?;
        let theirs = self.verify_pack(&*to, (kind, id, there))?;
        match (ours, theirs) {
            (Ok(()), Ok(())) if here == there => {}
            (Ok(()), _) => {
                let carried = self.carry_pack(&*from.store, &*to, (kind, id, here), true)?;
                self.healed(carried, kind, id, false);
            }
            (Err(_), Ok(())) => self.put_back(kind, id, there)?,
            (Err(ours), Err(theirs)) => {
                let (name, here, there) = (names::pack(kind, id), from.place(), to.place());
                self.trouble(format!("{name} is damaged at {here} ({ours}) and at {there} ({theirs})"));
            }
        }
        Ok(())
    }

    /// Puts the target's pack into the primary.
    pub(super) fn put_back(&mut self, kind: BlobType, id: PackId, len: u32) -> Result<()> {
        let (from, to) = (self.from, Arc::clone(&self.store));
        // Anybody can make a checksum; the directory is sealed under what members have.
        let sealed: Judged<()> = match read_directory(&*to, &from.keyring, kind, id, len.into()) {
            Ok(_) => self.carry_pack(&*to, &*from.store, (kind, id, len), true),
            Err(err) => self.about_one(&*to, Ok(Err(err))),
        };
        let carried = sealed?;
        from.store.sync()?;
        self.healed(carried, kind, id, true);
        Ok(())
    }

    fn healed(&mut self, carried: std::result::Result<(), Error>, kind: BlobType, id: PackId, here: bool) {
        match carried {
            Ok(()) if here => self.summary.healed_here += 1,
            Ok(()) => self.summary.healed_there += 1,
            Err(err) => {
                let name = names::pack(kind, id);
                self.trouble(format!("{name} cannot be healed: {err}"));
            }
        }
    }
}
