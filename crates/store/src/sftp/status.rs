//! What a server's refusal means.

use super::packet::{Code, Reply, Type};
use super::session::Session;
use super::{Live, SftpStore};
use crate::plain::plain;
use crate::{Error, Kind, Result};

/// How our own server begins what it says of a refusal to change what is there.
pub(super) const APPEND_ONLY: &str = "append-only";

/// A refusal, with its text as it may be shown.
pub(super) struct Refused {
    pub(super) code: Code,
    text: String,
}

/// `reply` if it is of `kind`; else what was refused.
pub(super) fn expect(session: &Session, reply: Reply, kind: Type) -> Result<std::result::Result<Reply, Refused>> {
    if reply.is(kind) && kind != Type::Status {
        return Ok(Ok(reply));
    }
    match reply.status() {
        Some((Code::Ok, _)) if kind == Type::Status => Ok(Ok(reply)),
        Some((Code::Ok, _)) | None => Err(session.nonsense(&format!("a message of type {}", reply.kind))),
        Some((code, text)) => Ok(Err(Refused { code, text: plain(text.as_bytes()) })),
    }
}

impl Refused {
    fn words(&self) -> &str {
        match self.code {
            Code::NoSuchFile => "no such file or folder",
            Code::PermissionDenied => "permission denied",
            Code::Unsupported => "the server cannot do that",
            // What servers say of failures is "Failure".
            _ if self.text.is_empty() || self.text.eq_ignore_ascii_case("failure") => {
                "the server refuses and does not say why (rights, a quota, a broken disk?)"
            }
            _ => &self.text,
        }
    }
}

impl SftpStore {
    /// The error that a refusal is, while doing `what`. SFTP has no word for a full disk, so the file system is asked.
    pub(super) fn refusal(&self, live: &Live, what: &str, refused: &Refused) -> Error {
        let place = &self.url;
        let denied = |why: &str| Error::new(Kind::Denied, format!("{what} in {place}: {why}"));
        match refused.code {
            Code::NoSuchFile => Error::new(Kind::NotFound, format!("{what} in {place}: {}", refused.words())),
            Code::PermissionDenied if refused.text.starts_with(APPEND_ONLY) => {
                denied(&format!("{}; do it where the repository lies, or with another login", refused.text))
            }
            Code::PermissionDenied => {
                denied("permission denied; give the user of the login the right, or name another")
            }
            Code::Unsupported => denied("the server cannot do that; use another server"),
            _ => match self.room_of(&live.session) {
                Ok(Some(room)) if room.read_only => {
                    denied("Read-only file system; have the server mount it for writing, or choose another place")
                }
                // What is left for root only, or less than a file system wants for its own, is nothing.
                Ok(Some(room)) if room.is_full() => {
                    Error::new(Kind::Full, format!("cannot write to {place}: {what}: No space left on device"))
                }
                _ => Error::new(Kind::Io, format!("{what} in {place}: {}", refused.words())),
            },
        }
    }
}
