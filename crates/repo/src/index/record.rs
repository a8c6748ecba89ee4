//! One blob in an index run: 48 bytes, so that 85 fill a sealed page of 4,096.

use crate::model::ChunkId;
use crate::pack::BlobRecord;

/// Bytes of a record.
pub(crate) const RECORD_BYTES: usize = 48;

/// ```text
/// id 32 | pack u32 (row of the run's pack table) | offset u32 | position u16 | stored u24 | raw u24
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) pack: u32,
    pub(crate) blob: BlobRecord,
}

impl Record {
    pub(crate) fn encode(&self) -> [u8; RECORD_BYTES] {
        let mut out = [0; RECORD_BYTES];
        out[..32].copy_from_slice(&self.blob.id.0);
        out[32..36].copy_from_slice(&self.pack.to_be_bytes());
        out[36..40].copy_from_slice(&self.blob.offset.to_be_bytes());
        out[40..42].copy_from_slice(&self.blob.position.to_be_bytes());
        out[42..45].copy_from_slice(&self.blob.stored.to_be_bytes()[1..]);
        out[45..].copy_from_slice(&self.blob.raw.to_be_bytes()[1..]);
        out
    }

    pub(crate) fn decode(bytes: &[u8; RECORD_BYTES]) -> Self {
        let word = |at: usize| u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let short = |at: usize| u32::from_be_bytes([0, bytes[at], bytes[at + 1], bytes[at + 2]]);
        let mut id = [0; 32];
        id.copy_from_slice(&bytes[..32]);
        let position = u16::from_be_bytes([bytes[40], bytes[41]]);
        let blob = BlobRecord { id: ChunkId(id), position, offset: word(36), stored: short(42), raw: short(45) };
        Self { pack: word(32), blob }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip() {
        let blob =
            BlobRecord { id: ChunkId([7; 32]), position: 4095, offset: 9 << 20, stored: (2 << 20) + 17, raw: 2 << 20 };
        let record = Record { pack: 70_000, blob };
        assert_eq!(Record::decode(&record.encode()), record);
    }
}
