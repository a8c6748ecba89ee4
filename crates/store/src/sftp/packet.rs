//! Messages of SFTP version 3 (draft-ietf-secsh-filexfer-02) and of what OpenSSH adds to it (its file `PROTOCOL`).

use super::limits::SFTP_PACKET_BYTES_MAX;

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Type {
    Init = 1,
    Version = 2,
    Open = 3,
    Close = 4,
    Read = 5,
    Write = 6,
    Lstat = 7,
    Fstat = 8,
    OpenDir = 11,
    ReadDir = 12,
    Remove = 13,
    MkDir = 14,
    RmDir = 15,
    Rename = 18,
    Status = 101,
    Handle = 102,
    Data = 103,
    Name = 104,
    Attrs = 105,
    Extended = 200,
    ExtendedReply = 201,
}

/// How a server says that something could not be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    Ok,
    Eof,
    NoSuchFile,
    PermissionDenied,
    /// Whatever else: a full disk, a name that exists.
    Failure,
    Unsupported,
}

/// Flags of `Open`.
pub(super) const READ: u32 = 1;
pub(super) const WRITE: u32 = 2;
pub(super) const CREATE: u32 = 8;
pub(super) const EXCLUSIVE: u32 = 32;

/// A message under way to the server; [`Session`](super::session::Session) gives its length and number.
pub(super) struct Request {
    pub(super) kind: Type,
    pub(super) fields: Vec<u8>,
}

impl Request {
    pub(super) fn new(kind: Type) -> Self {
        Self { kind, fields: Vec::new() }
    }

    /// One that OpenSSH added, by its name.
    pub(super) fn extended(name: &str) -> Self {
        Self::new(Type::Extended).string(name.as_bytes())
    }

    pub(super) fn u32(mut self, value: u32) -> Self {
        self.fields.extend_from_slice(&value.to_be_bytes());
        self
    }

    pub(super) fn u64(mut self, value: u64) -> Self {
        self.fields.extend_from_slice(&value.to_be_bytes());
        self
    }

    /// Paths and handles are far below 4 GiB.
    pub(super) fn string(self, bytes: &[u8]) -> Self {
        let mut this = self.u32(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        this.fields.extend_from_slice(bytes);
        this
    }

    /// Attributes that say the mode only.
    pub(super) fn mode(self, mode: u32) -> Self {
        self.u32(ATTR_PERMISSIONS).u32(mode)
    }
}

/// A message of the server: its type and what stands behind its number.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) kind: u8,
    pub(super) fields: Vec<u8>,
}

impl Reply {
    pub(super) fn is(&self, kind: Type) -> bool {
        self.kind == kind as u8
    }

    pub(super) fn read(&self) -> Fields<'_> {
        Fields(&self.fields)
    }

    /// Code and text of a `Status`; `None` of anything else.
    pub(super) fn status(&self) -> Option<(Code, String)> {
        if !self.is(Type::Status) {
            return None;
        }
        let mut fields = self.read();
        let code = match fields.u32()? {
            0 => Code::Ok,
            1 => Code::Eof,
            2 => Code::NoSuchFile,
            3 => Code::PermissionDenied,
            8 => Code::Unsupported,
            _ => Code::Failure,
        };
        // Servers of version 3 that are older leave the text out.
        let text = fields.string().map(|text| String::from_utf8_lossy(text).into_owned()).unwrap_or_default();
        Some((code, text))
    }
}

/// What is left of a message; each call takes a field, or says that there is none.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a>(&'a [u8]);

const ATTR_SIZE: u32 = 1;
const ATTR_OWNER: u32 = 2;
const ATTR_PERMISSIONS: u32 = 4;
const ATTR_TIMES: u32 = 8;
const ATTR_EXTENDED: u32 = 1 << 31;

/// The bits of a mode that say what something is, and two of their values.
const MODE_TYPE: u32 = 0o170_000;
const MODE_FOLDER: u32 = 0o040_000;
const MODE_FILE: u32 = 0o100_000;

/// What is needed of a file's attributes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Attrs {
    pub(super) size: Option<u64>,
    pub(super) mode: Option<u32>,
    /// Seconds since 1970 by the server's clock.
    pub(super) modified: Option<u32>,
}

impl Attrs {
    pub(super) fn is_file(&self) -> bool {
        self.mode.is_some_and(|mode| mode & MODE_TYPE == MODE_FILE)
    }

    pub(super) fn is_folder(&self) -> bool {
        self.mode.is_some_and(|mode| mode & MODE_TYPE == MODE_FOLDER)
    }
}

impl<'a> Fields<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_be_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.take(8)?.try_into().ok().map(u64::from_be_bytes)
    }

    pub(super) fn string(&mut self) -> Option<&'a [u8]> {
        let len = self.u32()? as usize;
        self.take(len)
    }

    pub(super) fn attrs(&mut self) -> Option<Attrs> {
        let flags = self.u32()?;
        let mut attrs = Attrs::default();
        if flags & ATTR_SIZE != 0 {
            attrs.size = Some(self.u64()?);
        }
        if flags & ATTR_OWNER != 0 {
            self.take(8)?;
        }
        if flags & ATTR_PERMISSIONS != 0 {
            attrs.mode = Some(self.u32()?);
        }
        if flags & ATTR_TIMES != 0 {
            self.take(4)?;
            attrs.modified = Some(self.u32()?);
        }
        if flags & ATTR_EXTENDED != 0 {
            for _ in 0..self.u32()? {
                self.string()?;
                self.string()?;
            }
        }
        Some(attrs)
    }
}

/// The length that `prefix` says, if a message may be so long and is not empty.
pub(super) fn length(prefix: [u8; 4]) -> Option<usize> {
    let len = u32::from_be_bytes(prefix) as usize;
    (1..=SFTP_PACKET_BYTES_MAX).contains(&len).then_some(len)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn attributes_of_all_sorts() {
        let all = Request::new(Type::Attrs).u32(0x8000_000f).u64(7).u32(1).u32(2).u32(0o100_644).u32(3).u32(4);
        let all = all.u32(1).string(b"a@b").string(b"c").u32(99);
        let mut fields = Fields(&all.fields);
        let attrs = fields.attrs().unwrap();
        assert_eq!(attrs, Attrs { size: Some(7), mode: Some(0o100_644), modified: Some(4) });
        assert!(attrs.is_file() && !attrs.is_folder());
        assert_eq!(fields.u32(), Some(99));
        assert_eq!(Fields(&[0; 4]).attrs(), Some(Attrs::default()));
    }

    #[test]
    fn what_is_cut_short_is_none_and_never_a_panic() {
        let whole =
            Request::new(Type::Attrs).u32(0x8000_000f).u64(7).u64(1).u32(2).u64(3).u32(1).string(b"x").string(b"y");
        for len in 0..whole.fields.len() {
            assert_eq!(Fields(&whole.fields[..len]).attrs(), None, "{len}");
        }
        // A length or a count that promises more than there is.
        assert_eq!(Fields(&[255; 8]).string(), None);
        assert_eq!(Fields(&[0x80, 0, 0, 0, 255, 255, 255, 255]).attrs(), None);
        assert_eq!(Reply { kind: 101, fields: vec![0, 0] }.status(), None);
        assert_eq!(Reply { kind: 101, fields: vec![0, 0, 0, 4] }.status(), Some((Code::Failure, String::new())));
    }

    #[test]
    fn lengths_are_bounded_before_anything_is_allocated() {
        assert_eq!(length([0, 0, 0, 5]), Some(5));
        assert_eq!(length([0, 0, 0, 0]), None);
        assert_eq!(length([0, 16, 0, 0]), None);
        assert_eq!(length(*b"This"), None);
    }
}
