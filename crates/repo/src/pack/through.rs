//! A pack that is read from its first byte to its last, once, and judged without a key.

use atalaya_store::Store;

use super::{Checksum, Checksummer, HEADER_FIXED_BYTES, Header, TRAILER_BYTES, Trailer};
use crate::error::Judged;
use crate::model::PackId;
use crate::names::{self, BlobType};
use crate::{Error, Result, limits};

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

    /// Its checksum, if it is the pack of that name from its first byte to its last.
    fn judge(&self, kind: BlobType, id: PackId) -> Result<Checksum> {
        let short = || Error::damaged("it is too short");
        let trailer = Trailer::parse(self.tail.first_chunk::<TRAILER_BYTES>().ok_or_else(short)?)?;
        if trailer.checksum != self.sum.finish() {
            return Err(Error::damaged("its checksum is wrong"));
        }
        let header = Header::parse(self.head.first_chunk::<HEADER_FIXED_BYTES>().ok_or_else(short)?)?;
        if header.id != id || header.kind != kind {
            return Err(Error::damaged("it is another pack than its name says"));
        }
        Ok(trailer.checksum)
    }
}

/// Reads a pack whole and gives each part to `each`, and its checksum in the end.
pub(crate) fn read_through(
    store: &dyn Store,
    (kind, id, len): (BlobType, PackId, u32),
    buffer: &mut [u8],
    each: &mut dyn FnMut(&[u8]) -> Result<()>,
) -> Judged<Checksum> {
    if u64::from(len) > limits::PACK_BYTES_MAX || (len as usize) < HEADER_FIXED_BYTES + TRAILER_BYTES {
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
