//! A blob's plaintext to what is sealed and back: one codec byte, then the bytes plain or as a zstd frame.

use std::sync::{Arc, Mutex, PoisonError};

use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe::CParameter;

use crate::{Error, Kind, Result, limits};

const PLAIN: u8 = 0;
const ZSTD: u8 = 1;
/// Level 3: what peers use by default; higher levels cost a NAS more time than they save space.
const LEVEL: i32 = 3;
/// Shorter matches are not looked for: a tenth faster on text, for a hundredth of its size.
const MIN_MATCH: u32 = 7;
/// The level's own tables have 512 KiB and 256 KiB and miss small caches at every step; these have 256 KiB and 16 KiB
/// and are an eighth faster for a hundredth of the size. Measured in `docs/benchmarks.md`.
const LONG_TABLE_LOG: u32 = 16;
const SHORT_TABLE_LOG: u32 = 12;

/// What encoders verify with; several may share one and its memory, as it is seldom in use.
pub(crate) type Verifier = Arc<Mutex<Decoder>>;

/// Compresses blobs, one after another, into a buffer of its own.
pub(crate) struct Encoder {
    zstd: Compressor<'static>,
    check: Verifier,
    out: Vec<u8>,
}

impl Encoder {
    pub(crate) fn new(check: Verifier) -> Result<Self> {
        let failed = |err: std::io::Error| Error::io("cannot set up zstd", &err);
        let mut zstd = Compressor::new(LEVEL).map_err(failed)?;
        for parameter in [
            CParameter::MinMatch(MIN_MATCH),
            CParameter::HashLog(LONG_TABLE_LOG),
            CParameter::ChainLog(SHORT_TABLE_LOG),
        ] {
            zstd.set_parameter(parameter).map_err(failed)?;
        }
        Ok(Self { zstd, check, out: Vec::new() })
    }

    /// Codec byte and payload of `plain`, ready to be sealed in place. What does not get smaller stays plain.
    pub(crate) fn encode(&mut self, plain: &[u8]) -> Result<&mut [u8]> {
        match self.compress_verified(plain)? {
            Some(len) => Ok(&mut self.out[..len]),
            None => {
                let encoded = &mut self.out[..=plain.len()];
                encoded[1..].copy_from_slice(plain);
                Ok(Self::plain(encoded))
            }
        }
    }

    /// The same where it gets smaller, else nothing.
    pub(crate) fn compress(&mut self, plain: &[u8]) -> Result<Option<&mut [u8]>> {
        Ok(self.compress_verified(plain)?.map(|len| &mut self.out[..len]))
    }

    /// Marks bytes as not compressed; the first one is free for that.
    pub(crate) fn plain(framed: &mut [u8]) -> &mut [u8] {
        if let Some(codec) = framed.first_mut() {
            *codec = PLAIN;
        }
        framed
    }

    /// Fills `self.out`; gives how much of it is used, if that is less than `plain`.
    ///
    /// What was compressed is decompressed and compared before anybody relies on it: a compressor's bug or a flipped
    /// bit in memory must not reach the store.
    fn compress_verified(&mut self, plain: &[u8]) -> Result<Option<usize>> {
        // Never made shorter: growing again would write zeros over all of it.
        if self.out.len() <= plain.len() {
            self.out.resize(1 + plain.len(), 0);
        }
        // Worth it only if it saves a little; a destination that is too small makes zstd give up early.
        let room = plain.len() - plain.len() / 64;
        let Ok(len) = self.zstd.compress_to_buffer(plain, &mut self.out[1..=room]) else { return Ok(None) };
        self.out[0] = ZSTD;
        #[cfg(test)]
        tests::flip(&mut self.out[..=len]);
        self.verify(1 + len, plain)?;
        Ok(Some(1 + len))
    }

    fn verify(&mut self, len: usize, plain: &[u8]) -> Result<()> {
        let mut check = self.check.lock().unwrap_or_else(PoisonError::into_inner);
        match check.decode(&self.out[..len], plain.len()) {
            Ok(decoded) if decoded == plain => Ok(()),
            _ => Err(Error::new(
                Kind::Io,
                "compressed data does not decompress to what it was; the memory of this machine may be faulty",
            )),
        }
    }
}

/// Decompresses blobs into a buffer of its own.
pub(crate) struct Decoder {
    zstd: Decompressor<'static>,
    out: Vec<u8>,
}

impl Decoder {
    pub(crate) fn verifier() -> Result<Verifier> {
        Ok(Arc::new(Mutex::new(Self::new()?)))
    }

    pub(crate) fn new() -> Result<Self> {
        let zstd = Decompressor::new().map_err(|err| Error::io("cannot set up zstd", &err))?;
        Ok(Self { zstd, out: Vec::new() })
    }

    /// The plaintext of `encoded`, which must have `raw` bytes.
    pub(crate) fn decode<'a>(&'a mut self, encoded: &'a [u8], raw: usize) -> Result<&'a [u8]> {
        if raw > limits::CHUNK_BYTES_MAX {
            return Err(Error::damaged("blob claims to be larger than any blob"));
        }
        let (codec, payload) = encoded.split_first().ok_or_else(|| Error::damaged("blob is empty"))?;
        match *codec {
            PLAIN if payload.len() == raw => Ok(payload),
            ZSTD => {
                if self.out.len() < raw {
                    self.out.resize(raw, 0);
                }
                match self.zstd.decompress_to_buffer(payload, &mut self.out[..raw]) {
                    Ok(len) if len == raw => Ok(&self.out[..raw]),
                    _ => Err(Error::damaged("blob does not decompress to its length")),
                }
            }
            PLAIN => Err(Error::damaged("blob has the wrong length")),
            other => Err(Error::new(Kind::TooNew, format!("blob codec {other} is not known to this version"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_of_all_sorts() {
        let noise: Vec<u8> = (0..300_000_u64).map(|i| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33) as u8).collect();
        let mut encoder = Encoder::new(Decoder::verifier().unwrap()).unwrap();
        let mut decoder = Decoder::new().unwrap();
        for plain in [&b""[..], b"x", &[0; 100_000], &noise, &noise[..65]] {
            let encoded = encoder.encode(plain).unwrap().to_vec();
            assert!(encoded.len() <= plain.len() + 1);
            assert_eq!(decoder.decode(&encoded, plain.len()).unwrap(), plain);
            assert!(decoder.decode(&encoded, plain.len() + 1).is_err());
        }
    }

    thread_local! {
        /// The byte that a faulty compressor gets wrong, for this thread.
        static FAULT: std::cell::Cell<Option<usize>> = const { std::cell::Cell::new(None) };
    }

    pub(super) fn flip(encoded: &mut [u8]) {
        if let Some(at) = FAULT.get() {
            encoded[at] ^= 4;
        }
    }

    /// restic#4523, #4677: what a faulty compressor or memory made must not be stored.
    #[test]
    fn a_faulty_compressor_is_noticed() {
        let mut encoder = Encoder::new(Decoder::verifier().unwrap()).unwrap();
        let plain: Vec<u8> = (0..50_000_u32).flat_map(|n| (n % 1_000).to_le_bytes()).collect();
        let sound = encoder.compress(&plain).unwrap().unwrap().to_vec();
        let mut noticed = 0;
        for at in (1..sound.len()).step_by(29) {
            let mut faulty = sound.clone();
            faulty[at] ^= 4;
            // A flip that decompresses to the same does no harm.
            let harmless = Decoder::new().unwrap().decode(&faulty, plain.len()).is_ok_and(|decoded| decoded == plain);
            FAULT.set(Some(at));
            let (encoded, compressed) = (encoder.encode(&plain).is_ok(), encoder.compress(&plain).is_ok());
            FAULT.set(None);
            assert_eq!((encoded, compressed), (harmless, harmless), "byte {at}");
            noticed += u32::from(!harmless);
        }
        assert!(noticed > 5, "{noticed}");
        assert_eq!(encoder.compress(&plain).unwrap().unwrap(), sound);
    }

    #[test]
    fn nonsense_is_an_error() {
        let mut decoder = Decoder::new().unwrap();
        for bad in [&b""[..], &[2, 0], &[1, 0, 1, 2], &[0]] {
            assert!(decoder.decode(bad, 1).is_err());
        }
        assert!(decoder.decode(&[0; 9], usize::MAX).is_err());
    }
}
