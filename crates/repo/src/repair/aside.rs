//! Keeps what is taken out of the repository under another name.

use std::io::Write;

use atalaya_store::{Body, Kind as StoreKind, SpoolFile};

use super::Repair;
use crate::{Error, Kind, Result, names, presence};

/// Copied at once.
const PIECE_BYTES: usize = 64 << 10;

impl Repair<'_> {
    /// Puts what stands under `name` under `damaged/NAME`, durably, and then takes it away. What cannot be read is nothing to
    /// keep.
    pub(super) fn set_aside(&mut self, name: &str) -> Result<()> {
        let store = &*self.repo.store;
        match self.twice(|| self.copy(name))? {
            Ok(copy) => match store.put(&format!("{}{name}", names::DAMAGED), Body::File(&copy)) {
                // By a repair that was cut off.
                Err(err) if err.kind == StoreKind::Exists => {}
                other => other?,
            },
            Err(err) if err.kind == Kind::NotFound => return Ok(()),
            Err(_) => {}
        }
        store.sync()?;
        presence::delete(store, name)?;
        self.summary.set_aside += 1;
        Ok(())
    }

    fn copy(&self, name: &str) -> Result<SpoolFile> {
        let store = &*self.repo.store;
        let (len, mut at, mut piece) = (store.stat(name)?, 0, vec![0; PIECE_BYTES]);
        let mut copy = store.spool(self.options.check.spool)?;
        while at < len {
            let part = &mut piece[..(len - at).min(PIECE_BYTES as u64) as usize];
            store.get(name, at, part)?;
            copy.file.write_all(part).map_err(|err| Error::io("cannot write to the spool folder", &err))?;
            at += part.len() as u64;
        }
        Ok(copy)
    }
}
