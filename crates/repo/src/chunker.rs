//! Where a large file is cut: FastCDC (2020) with a gear table drawn from the repository's secret, and
//! where a bundle of small files ends.

use fastcdc::v2020::cut_gear;

use crate::crypto::{Cipher, SealKey, Secret};
use crate::{Result, limits};

/// Before the average size is reached: 22 bits, so that early cuts are rare.
const MASK_STRICT: u64 = spread(22);
/// After it: 18 bits.
const MASK_LOOSE: u64 = spread(18);

/// `n` bits, every second one from bit 60 down: a high bit depends on more of the bytes before.
const fn spread(n: u32) -> u64 {
    let mut mask = 0;
    let mut i = 0;
    while i < n {
        mask |= 1 << (60 - 2 * i);
        i += 1;
    }
    mask
}

const _: () = {
    assert!(MASK_STRICT.count_ones() == 22 && MASK_LOOSE.count_ones() == 18);
    // The scan looks at two bytes a step and shifts the masks by one.
    assert!(MASK_STRICT.leading_zeros() > 0 && MASK_LOOSE.leading_zeros() > 0);
};

/// Cuts one repository's files.
pub(crate) struct Chunker {
    gear: Box<[u64; 256]>,
    gear_shifted: Box<[u64; 256]>,
}

impl Chunker {
    /// The table is the ChaCha20-Poly1305 encryption of zeros under `seed`, as big-endian words.
    pub(crate) fn new(seed: &Secret) -> Result<Self> {
        let mut stream = vec![0; 2048];
        SealKey::new(Cipher::ChaCha20Poly1305, seed)?.seal(0, &[], &mut stream)?;
        let mut gear = Box::new([0; 256]);
        for (word, bytes) in gear.iter_mut().zip(stream.as_chunks::<8>().0) {
            *word = u64::from_be_bytes(*bytes);
        }
        let gear_shifted = Box::new(gear.map(|word| word << 1));
        Ok(Self { gear, gear_shifted })
    }

    /// Length of the first chunk of `bytes`, which hold at least `CHUNK_BYTES_MAX` bytes unless the file ends in them.
    pub(crate) fn cut(&self, bytes: &[u8]) -> usize {
        let (_, len) = cut_gear(
            bytes,
            limits::CHUNK_BYTES_MIN,
            limits::CHUNK_BYTES_AVG,
            limits::CHUNK_BYTES_MAX,
            MASK_STRICT,
            MASK_LOOSE,
            MASK_STRICT << 1,
            MASK_LOOSE << 1,
            &self.gear[..],
            &self.gear_shifted[..],
        );
        len
    }
}

/// Whether a bundle ends behind a file, now that it has `len` bytes. Decided by the file's keyed digest, so that
/// the ends stay where they are when files before them come and go, and never inside a file. The larger the
/// file, the likelier, so that bundles have about a chunk's average size whatever the files' sizes.
pub(crate) fn bundle_ends(len: usize, file: usize, digest: &[u8; 16]) -> bool {
    if len < limits::CHUNK_BYTES_MIN {
        return false;
    }
    let draw = u64::from_be_bytes([
        digest[8], digest[9], digest[10], digest[11], digest[12], digest[13], digest[14], digest[15],
    ]);
    let span = (limits::CHUNK_BYTES_AVG - limits::CHUNK_BYTES_MIN) as u64;
    u128::from(draw) * u128::from(span) < u128::from(file as u64) << 64
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    fn noise(len: usize) -> Vec<u8> {
        let mut x = 0x1234_5678_9abc_def0_u64;
        let mut next = || {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            (x >> 32) as u8
        };
        (0..len).map(|_| next()).collect()
    }

    /// A dependency that cuts elsewhere would store everything again without anybody noticing.
    #[test]
    fn golden_cut_points() {
        let chunker = Chunker::new(&Secret([42; 32])).unwrap();
        let data = noise(8 << 20);
        let mut rest = &data[..];
        let mut cuts = Vec::new();
        while !rest.is_empty() {
            let len = chunker.cut(rest);
            cuts.push(len);
            rest = &rest[len..];
        }
        assert_eq!(cuts, [2_097_152, 1_275_057, 1_122_212, 1_088_498, 363_333, 1_170_960, 1_143_509, 127_887]);
    }

    #[test]
    fn bundles_have_about_the_average_size() {
        let mut sizes = Vec::new();
        let mut len = 0;
        for n in 0..20_000_u64 {
            let hash: [u8; 32] = Sha256::digest(n.to_be_bytes()).into();
            let digest: [u8; 16] = hash[..16].try_into().unwrap();
            len += 10_000;
            if bundle_ends(len, 10_000, &digest) {
                sizes.push(len);
                len = 0;
            }
        }
        let mean = sizes.iter().sum::<usize>() / sizes.len();
        assert!((800_000..1_300_000).contains(&mean), "{mean}");
    }
}
