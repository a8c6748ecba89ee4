//! Answers, as they go over the line.

use std::io::Write;

use rustix::fs::Stat;
use rustix::io::Errno;

use crate::{Error, Result};

const STATUS: u8 = 101;

/// Codes of a status.
pub(super) const OK: u32 = 0;
pub(super) const EOF: u32 = 1;
pub(super) const NO_SUCH_FILE: u32 = 2;
pub(super) const PERMISSION_DENIED: u32 = 3;
pub(super) const FAILURE: u32 = 4;
pub(super) const BAD_MESSAGE: u32 = 5;
pub(super) const UNSUPPORTED: u32 = 8;

/// Why something is not done: a code and a text for people.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal(pub(super) u32, pub(super) String);

impl From<Errno> for Refusal {
    fn from(err: Errno) -> Self {
        let code = match err {
            // A link, or a file where a folder should be: there is no such thing here.
            Errno::NOENT | Errno::NOTDIR | Errno::LOOP => NO_SUCH_FILE,
            Errno::ACCESS | Errno::PERM => PERMISSION_DENIED,
            _ => FAILURE,
        };
        let text = crate::plain::plain(std::io::Error::from(err).to_string().as_bytes());
        Self(code, text)
    }
}

/// What is refused because it would change what is there.
pub(super) fn only_adds(what: &str) -> Refusal {
    let begin = crate::sftp::status::APPEND_ONLY;
    Refusal(PERMISSION_DENIED, format!("{begin}: this login may add and read, and not {what}"))
}

/// One answer.
pub(super) struct Reply(Vec<u8>);

impl Reply {
    pub(super) fn new(kind: u8) -> Self {
        Self(vec![0, 0, 0, 0, kind])
    }

    /// The answer to request `number`.
    pub(super) fn to(kind: u8, number: u32) -> Self {
        Self::new(kind).u32(number)
    }

    pub(super) fn status(number: u32, refusal: &Refusal) -> Self {
        Self::to(STATUS, number).u32(refusal.0).string(refusal.1.as_bytes()).string(b"en")
    }

    pub(super) fn u32(mut self, value: u32) -> Self {
        self.0.extend_from_slice(&value.to_be_bytes());
        self
    }

    pub(super) fn u64(mut self, value: u64) -> Self {
        self.0.extend_from_slice(&value.to_be_bytes());
        self
    }

    pub(super) fn string(self, bytes: &[u8]) -> Self {
        let mut this = self.u32(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        this.0.extend_from_slice(bytes);
        this
    }

    /// Size, owner, mode and times.
    pub(super) fn attrs(self, stat: &Stat) -> Self {
        let seconds = |time: i64| u32::try_from(time).unwrap_or(0);
        self.u32(1 | 2 | 4 | 8)
            .u64(u64::try_from(stat.st_size).unwrap_or(0))
            .u32(stat.st_uid)
            .u32(stat.st_gid)
            .u32(stat.st_mode)
            .u32(seconds(stat.st_atime))
            .u32(seconds(stat.st_mtime))
    }

    /// With its length before it.
    pub(super) fn send(mut self, to: &mut impl Write) -> Result<()> {
        let len = u32::try_from(self.0.len() - 4).unwrap_or(u32::MAX);
        self.0[..4].copy_from_slice(&len.to_be_bytes());
        to.write_all(&self.0).and_then(|()| to.flush()).map_err(|err| Error::io("answer the client", &err))
    }
}
