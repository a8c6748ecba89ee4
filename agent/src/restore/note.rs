//! What is to be known of a folder until all below it is restored, as bytes that can go to the spool.

use super::attrs::Attrs;
use atalaya_repo::model::{ChunkId, Time, Xattr, XattrValue};

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Note {
    /// It hands down a group or an ACL to what is made in it.
    pub(crate) odd: bool,
    /// What is not in the snapshot is deleted from it.
    pub(crate) delete: bool,
    /// It was not there before.
    pub(crate) made: bool,
    /// What it gets in the end; `None` for one that stays as it is.
    pub(crate) attrs: Option<(Attrs, Vec<Xattr>)>,
}

const ODD: u8 = 1;
const DELETE: u8 = 2;
const MADE: u8 = 4;

impl Note {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = vec![0];
        out[0] = flag(self.odd, ODD) | flag(self.delete, DELETE) | flag(self.made, MADE);
        let Some((attrs, xattrs)) = &self.attrs else { return out };
        for word in [attrs.mode, attrs.uid, attrs.gid, attrs.mtime.nanos] {
            out.extend_from_slice(&word.to_le_bytes());
        }
        out.extend_from_slice(&attrs.mtime.secs.to_le_bytes());
        for xattr in xattrs {
            push(&mut out, &xattr.name);
            match &xattr.value {
                XattrValue::Inline(bytes) => {
                    out.push(0);
                    push(&mut out, bytes);
                }
                XattrValue::Blob(id, len) => {
                    out.push(1);
                    out.extend_from_slice(&id.0);
                    out.extend_from_slice(&len.to_le_bytes());
                }
            }
        }
        out
    }

    /// Of bytes that `encode` made.
    pub(crate) fn decode(bytes: &[u8]) -> Self {
        let is = |bit: u8| bytes.first().is_some_and(|flags| flags & bit != 0);
        let (odd, delete, made) = (is(ODD), is(DELETE), is(MADE));
        let attrs = Reader(bytes.get(1..).unwrap_or_default()).attrs();
        Self { odd, delete, made, attrs }
    }
}

fn flag(set: bool, bit: u8) -> u8 {
    if set { bit } else { 0 }
}

fn push(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    out.extend_from_slice(bytes);
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn attrs(mut self) -> Option<(Attrs, Vec<Xattr>)> {
        let (mode, uid, gid, nanos) = (self.word()?, self.word()?, self.word()?, self.word()?);
        let mtime = Time { secs: i64::from_le_bytes(self.take()?), nanos };
        let xattrs = std::iter::from_fn(|| self.xattr()).collect();
        Some((Attrs { mode, uid, gid, mtime }, xattrs))
    }

    fn xattr(&mut self) -> Option<Xattr> {
        let name = self.bytes()?;
        let [kind] = self.take()?;
        let value = match kind {
            0 => XattrValue::Inline(self.bytes()?),
            _ => XattrValue::Blob(ChunkId(self.take()?), self.word()?),
        };
        Some(Xattr { name, value })
    }

    fn bytes(&mut self) -> Option<Vec<u8>> {
        let len = self.word()? as usize;
        let (bytes, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(bytes.to_vec())
    }

    fn word(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let attrs = Attrs { mode: 0o1777, uid: 1, gid: u32::MAX, mtime: Time { secs: -1, nanos: 7 } };
        let xattr = |name: &[u8], value| Xattr { name: name.to_vec(), value };
        let xattrs = vec![
            xattr(b"user.a", XattrValue::Inline(vec![])),
            xattr(b"user.b", XattrValue::Blob(ChunkId([3; 32]), 99)),
            xattr(b"user.c", XattrValue::Inline(vec![1, 2, 3])),
        ];
        for attrs in [None, Some((attrs, vec![])), Some((attrs, xattrs))] {
            let note = Note { odd: true, delete: false, made: true, attrs };
            assert_eq!(Note::decode(&note.encode()), note);
        }
    }
}
