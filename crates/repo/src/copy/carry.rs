//! One object from one store to another: read once, verified before it gets its name.

use std::io::Write;

use atalaya_store::{Body, SpoolFile, Store};

use super::Copy;
use crate::config::read_small;
use crate::error::Judged;
use crate::model::PackId;
use crate::names::{self, BlobType};
use crate::pack::read_through;
use crate::{Error, Kind, Result, presence};

impl Copy<'_> {
    /// An error of one object is only that if the store answers for others; else a line that is down would make a damaged
    /// object of each.
    pub(super) fn about_one<T>(&self, store: &dyn Store, judged: Judged<T>) -> Judged<T> {
        match judged? {
            Err(err) if !matches!(err.kind, Kind::Damaged | Kind::NotFound | Kind::TooNew) => {
                match read_small(store, names::CONFIG) {
                    Ok(_) => Ok(Err(err)),
                    Err(_) => Err(err),
                }
            }
            other => Ok(other),
        }
    }

    /// Does `work`, which reads one object of `store`, and once more what failed for a reason that may pass: what is left out
    /// is named by what is copied later.
    pub(super) fn twice<T>(&mut self, store: &dyn Store, work: &mut dyn FnMut(&mut Self) -> Judged<T>) -> Judged<T> {
        let first = work(self);
        match self.about_one(store, first)? {
            Err(err) if err.kind == Kind::Io => {
                let again = work(self);
                self.about_one(store, again)
            }
            judged => Ok(judged),
        }
    }

    /// Whether a pack of `store` is sound.
    pub(super) fn verify_pack(&mut self, store: &dyn Store, pack: (BlobType, PackId, u32)) -> Judged<()> {
        let judged = read_through(store, pack, &mut self.buffer, &mut |_| Ok(()));
        Ok(self.about_one(store, judged)?.map(drop))
    }

    /// Copies a pack. What is in its place and is not the same is replaced, `replacing` even where it seems to be the same.
    pub(super) fn carry_pack(
        &mut self,
        from: &dyn Store,
        to: &dyn Store,
        pack: (BlobType, PackId, u32),
        replacing: bool,
    ) -> Judged<()> {
        let carried = self.twice(from, &mut |copy| {
            let spool = to.spool(copy.spool())?;
            let write = |part: &[u8]| (&spool.file).write_all(part).map_err(|err| spool_failed(&err));
            Ok(read_through(from, pack, &mut copy.buffer, &mut { write })?.map(|_| spool))
        })?;
        let spool = match carried {
            Ok(spool) => spool,
            Err(err) => return Ok(Err(err)),
        };
        put_spooled(to, &names::pack(pack.0, pack.1), &spool, pack.2.into(), replacing)?;
        Ok(Ok(()))
    }
}

pub(super) fn spool_failed(err: &std::io::Error) -> Error {
    Error::io("cannot write to the spool folder", err)
}

/// Puts what was verified on its way into the spool. An object that cannot be the same goes first: it is damaged, or was
/// torn when power was lost.
pub(super) fn put_spooled(to: &dyn Store, name: &str, spool: &SpoolFile, len: u64, replacing: bool) -> Result<()> {
    if replacing {
        presence::delete(to, name)?;
    }
    match to.put(name, Body::File(spool)) {
        Err(err) if err.kind == atalaya_store::Kind::Exists => {}
        other => return Ok(other?),
    }
    if to.stat(name)? == len {
        // Another copy was here, or a listing lagged.
        return Ok(());
    }
    presence::delete(to, name)?;
    Ok(to.put(name, Body::File(spool))?)
}
