//! How far a folder was read.

use serde::{Deserialize, Serialize};

/// The last mail that was looked at. Kept by the caller, together with what became of the mails before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The folder's `UIDVALIDITY`: with another one the numbers mean other mails.
    pub validity: u32,
    /// The mail's `UID`.
    pub uid: u32,
}

/// One of the mails that concern us.
#[derive(Clone, PartialEq, Eq)]
pub enum Fetched {
    /// All of it.
    Mail {
        /// Its `UID`.
        uid: u32,
        /// As it is stored.
        bytes: Vec<u8>,
    },
    /// More than is read: a person has to look.
    TooLarge {
        /// Its `UID`.
        uid: u32,
        /// As far as the server says how large it is.
        size: u32,
    },
}

impl std::fmt::Debug for Fetched {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Mail { uid, bytes } => write!(f, "mail {uid} of {} bytes", bytes.len()),
            Self::TooLarge { uid, size } => write!(f, "mail {uid} of {size} bytes, not read"),
        }
    }
}

/// What a round found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    /// Mails that concern us, oldest first.
    pub mails: Vec<Fetched>,
    /// Where the next one goes on.
    pub cursor: Cursor,
    /// Whether there is more to look at already.
    pub more: bool,
    /// Whether the folder was numbered anew: mails may come that came before.
    pub renumbered: bool,
}
