//! One object from one store to another: read once, verified before it gets its name.

use std::io::Write;

use atalaya_store::{Body, SpoolFile, Store};

use super::Copy;
use super::listing::believable;
use crate::config::read_small;
use crate::model::PackId;
use crate::names::{self, BlobType};
use crate::pack::{Checksummer, HEADER_FIXED_BYTES, Header, TRAILER_BYTES, Trailer};
use crate::{Error, Kind, Result, presence};

/// The outer error ends the copy; the inner one is about that object alone.
pub(super) type Judged<T> = Result<std::result::Result<T, Error>>;

/// What is read of a pack while it goes by.
struct PackEyes {
    covered: u64,
    end: u64,
    sum: Checksummer,
    head: Vec<u8>,
    tail: Vec<u8>,
}

impl PackEyes {
    fn new(len: u64) -> Self {
        let end = len - TRAILER_BYTES as u64;
        // The checksum is over the trailer's first eight bytes, too.
        Self { covered: end + 8, end, sum: Checksummer::new(), head: Vec::new(), tail: Vec::new() }
    }

    fn see(&mut self, at: u64, part: &[u8]) {
        let within = |border: u64| border.saturating_sub(at).min(part.len() as u64) as usize;
        self.sum.update(&part[..within(self.covered)]);
        self.head.extend_from_slice(&part[..within(HEADER_FIXED_BYTES as u64)]);
        self.tail.extend_from_slice(&part[within(self.end)..]);
    }

    /// Whether it is the pack of that name, from its first byte to its last.
    fn judge(&self, kind: BlobType, id: PackId) -> Result<()> {
        let short = || Error::damaged("it is too short");
        let trailer = Trailer::parse(self.tail.first_chunk::<TRAILER_BYTES>().ok_or_else(short)?)?;
        if trailer.checksum != self.sum.finish() {
            return Err(Error::damaged("its checksum is wrong"));
        }
        let header = Header::parse(self.head.first_chunk::<HEADER_FIXED_BYTES>().ok_or_else(short)?)?;
        if header.id != id || header.kind != kind {
            return Err(Error::damaged("it is another pack than its name says"));
        }
        Ok(())
    }
}

/// Reads a pack whole and gives each part to `each`.
fn read_pack(
    store: &dyn Store,
    (kind, id, len): (BlobType, PackId, u32),
    buffer: &mut [u8],
    each: &mut dyn FnMut(&[u8]) -> Result<()>,
) -> Judged<()> {
    if !believable(len) || (len as usize) < HEADER_FIXED_BYTES + TRAILER_BYTES {
        return Ok(Err(Error::damaged(format!("it has {len} bytes, which no pack has"))));
    }
    let (name, len) = (names::pack(kind, id), u64::from(len));
    let (mut eyes, mut at) = (PackEyes::new(len), 0);
    while at < len {
        let want = (len - at).min(buffer.len() as u64) as usize;
        let part = &mut buffer[..want];
        if let Err(err) = store.get(&name, at, part) {
            return Ok(Err(err.into()));
        }
        eyes.see(at, part);
        each(part)?;
        at += part.len() as u64;
    }
    Ok(eyes.judge(kind, id))
}

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

    /// Whether a pack of `store` is sound.
    pub(super) fn verify_pack(&mut self, store: &dyn Store, pack: (BlobType, PackId, u32)) -> Judged<()> {
        let judged = read_pack(store, pack, &mut self.buffer, &mut |_| Ok(()));
        self.about_one(store, judged)
    }

    /// Copies a pack. What is in its place and is not the same is replaced, `replacing` even where it seems to be the same.
    pub(super) fn carry_pack(
        &mut self,
        from: &dyn Store,
        to: &dyn Store,
        pack: (BlobType, PackId, u32),
        replacing: bool,
    ) -> Judged<()> {
        let spool = to.spool(self.spool())?;
        let write = |part: &[u8]| (&spool.file).write_all(part).map_err(|err| spool_failed(&err));
        let judged = read_pack(from, pack, &mut self.buffer, &mut { write });
        if let Err(err) = self.about_one(from, judged)? {
            return Ok(Err(err));
        }
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
