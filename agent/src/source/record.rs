//! How a listing's entries lie in memory and in the spool: name and `lstat`, compact.
//!
//! ```text
//! body length u16 · name length u16 · name · kind and mode u16 · varints
//! ```

use atalaya_repo::model::{Kind, Meta, Time};

/// No record is longer, its length included: a name of 1,024 bytes, ten varints and some.
pub(crate) const RECORD_BYTES_MAX: usize = 2048;

const KINDS: [Kind; 7] =
    [Kind::File, Kind::Dir, Kind::Symlink, Kind::Fifo, Kind::Socket, Kind::CharDevice, Kind::BlockDevice];

/// Appends a record.
pub(crate) fn push(out: &mut Vec<u8>, name: &[u8], meta: &Meta) {
    let start = out.len();
    out.extend_from_slice(&[0, 0]);
    out.extend_from_slice(&(name.len() as u16).to_le_bytes());
    out.extend_from_slice(name);
    let kind = KINDS.iter().position(|k| *k == meta.kind).unwrap_or(0) as u32;
    out.extend_from_slice(&((kind << 12 | meta.mode) as u16).to_le_bytes());
    for value in [meta.uid, meta.gid, meta.mtime.nanos, meta.ctime.nanos] {
        varint(out, u64::from(value));
    }
    for value in [meta.size, meta.mtime.secs as u64, meta.ctime.secs as u64, meta.ino, meta.dev, meta.nlink, meta.rdev]
    {
        varint(out, value);
    }
    let body = (out.len() - start - 2) as u16;
    out[start..start + 2].copy_from_slice(&body.to_le_bytes());
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    let mut bytes = [0u8; 10];
    let mut len = 0;
    while value >= 0x80 {
        bytes[len] = value as u8 | 0x80;
        value >>= 7;
        len += 1;
    }
    bytes[len] = value as u8;
    out.extend_from_slice(&bytes[..=len]);
}

/// Whole length of the record at the start of `bytes`, if at least its length is there.
pub(crate) fn length(bytes: &[u8]) -> Option<usize> {
    bytes.first_chunk::<2>().map(|len| 2 + usize::from(u16::from_le_bytes(*len)))
}

/// The name in a record. All records were written by [`push`] in this process.
pub(crate) fn name(record: &[u8]) -> &[u8] {
    let len = u16::from_le_bytes([record[2], record[3]]);
    &record[4..4 + usize::from(len)]
}

/// Name and `lstat` of a record.
pub(crate) fn decode(record: &[u8]) -> (&[u8], Meta) {
    let name = name(record);
    let at = 4 + name.len();
    let bits = u32::from(u16::from_le_bytes([record[at], record[at + 1]]));
    let mut rest = Varints(&record[at + 2..]);
    let (uid, gid) = (rest.next() as u32, rest.next() as u32);
    let (mtime_nanos, ctime_nanos) = (rest.next() as u32, rest.next() as u32);
    let meta = Meta {
        kind: KINDS[(bits >> 12) as usize % KINDS.len()],
        mode: bits & 0o7777,
        uid,
        gid,
        size: rest.next(),
        mtime: Time { secs: rest.next() as i64, nanos: mtime_nanos },
        ctime: Time { secs: rest.next() as i64, nanos: ctime_nanos },
        ino: rest.next(),
        dev: rest.next(),
        nlink: rest.next(),
        rdev: rest.next(),
    };
    (name, meta)
}

struct Varints<'a>(&'a [u8]);

impl Varints<'_> {
    fn next(&mut self) -> u64 {
        let mut value = 0;
        for (i, byte) in self.0.iter().enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * i as u32).min(63);
            if byte & 0x80 == 0 {
                self.0 = &self.0[i + 1..];
                break;
            }
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for kind in KINDS {
            let time = Time { secs: -5, nanos: 999_999_999 };
            let (dev, nlink, rdev) = (u64::MAX, 3, 1 << 40);
            let meta = Meta {
                kind,
                mode: 0o7777,
                uid: u32::MAX,
                gid: 0,
                size: u64::MAX,
                mtime: time,
                ctime: Time { secs: i64::MAX, ..time },
                ino: 1,
                dev,
                nlink,
                rdev,
            };
            let mut out = vec![];
            push(&mut out, &[b'x'; 1024], &meta);
            assert!(out.len() <= RECORD_BYTES_MAX && length(&out) == Some(out.len()));
            assert_eq!(decode(&out), (&[b'x'; 1024][..], meta));
        }
    }
}
