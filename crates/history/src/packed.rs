//! A row around its body: version, zstd, and zstd's checksum.

use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe::{CParameter, get_frame_content_size};

use crate::limits::{BODY_BYTES_MAX, ROW_BYTES_MAX};
use crate::{Error, Result};

const VERSION: u8 = 1;
const ZSTD_LEVEL: i32 = 3;

/// Writes rows; one a thread, as it keeps what zstd works with.
pub struct Encoder {
    zstd: Compressor<'static>,
    pub(crate) body: Vec<u8>,
}

/// Reads rows; one a thread.
pub struct Decoder {
    zstd: Decompressor<'static>,
}

impl Encoder {
    /// One without anything in it.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`]: zstd cannot be set up.
    pub fn new() -> Result<Self> {
        let failed = |_| Error::Refused("zstd cannot be set up");
        let mut zstd = Compressor::new(ZSTD_LEVEL).map_err(failed)?;
        zstd.set_parameter(CParameter::ChecksumFlag(true)).map_err(failed)?;
        Ok(Self { zstd, body: Vec::new() })
    }

    /// A row of what is in `body`, which is emptied.
    pub(crate) fn pack(&mut self) -> Result<Vec<u8>> {
        let packed = self.pack_body();
        self.body.clear();
        // After a node with many series the room goes back.
        self.body.shrink_to(1 << 20);
        packed
    }

    fn pack_body(&mut self) -> Result<Vec<u8>> {
        if self.body.len() > BODY_BYTES_MAX {
            return Err(Error::Full("too many bytes"));
        }
        let mut packed = self.zstd.compress(&self.body).map_err(|_| Error::Refused("zstd failed"))?;
        packed.insert(0, VERSION);
        Ok(packed)
    }
}

impl Decoder {
    /// One without anything in it.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`]: zstd cannot be set up.
    pub fn new() -> Result<Self> {
        let zstd = Decompressor::new().map_err(|_| Error::Refused("zstd cannot be set up"))?;
        Ok(Self { zstd })
    }

    /// The body of a row, at most [`BODY_BYTES_MAX`] long.
    pub(crate) fn unpack(&mut self, row: &[u8]) -> Result<Vec<u8>> {
        let frame = match row {
            [] => return Err(Error::Damaged("a row is empty")),
            [VERSION, frame @ ..] => frame,
            [0, ..] => return Err(Error::Damaged("a row has no version")),
            [newer, ..] => return Err(Error::Newer(*newer)),
        };
        let size = get_frame_content_size(frame).ok().flatten().and_then(|size| usize::try_from(size).ok());
        let size = size.filter(|size| *size <= BODY_BYTES_MAX).ok_or(Error::Damaged("its size is wrong"))?;
        if row.len() > ROW_BYTES_MAX {
            return Err(Error::Damaged("a row is too long"));
        }
        self.zstd.decompress(frame, size).map_err(|_| Error::Damaged("its checksum or its compressed bytes are wrong"))
    }
}
