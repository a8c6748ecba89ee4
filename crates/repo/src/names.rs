//! Names of objects in the store.

use std::path::{Path, PathBuf};

use crate::model::PackId;

/// What a blob or a pack holds, and so whose key it is sealed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum BlobType {
    /// File content: only an owner reads it.
    Data,
    /// Tree nodes, run lists, attribute values: maintainers read them too.
    Tree,
}

impl BlobType {
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Data => 1,
            Self::Tree => 2,
        }
    }

    pub(crate) fn from_number(number: u8) -> crate::Result<Self> {
        match number {
            1 => Ok(Self::Data),
            2 => Ok(Self::Tree),
            _ => Err(crate::Error::damaged(format!("pack type {number} does not exist"))),
        }
    }

    pub(crate) fn folder(self) -> &'static str {
        match self {
            Self::Data => "data/",
            Self::Tree => "tree/",
        }
    }
}

pub(crate) const CONFIG: &str = "config";
pub(crate) const KEYS: &str = "keys/";
pub(crate) const ROSTER: &str = "roster/";
/// What a member can be sealed something by.
pub(crate) const MEMBERS: &str = "members/";
pub(crate) const EPOCHS: &str = "epochs/";
/// Secrets of epochs for who was not there when they began.
pub(crate) const GRANTS: &str = "grants/";
pub(crate) const INDEX: &str = "index/";
pub(crate) const SNAPSHOTS: &str = "snapshots/";
pub(crate) const SESSIONS: &str = "sessions/";
pub(crate) const ENDED: &str = "ended/";
pub(crate) const FENCES: &str = "fences/";
pub(crate) const UNFENCED: &str = "unfenced/";
pub(crate) const FORGETS: &str = "forgets/";
pub(crate) const CONDEMNED: &str = "condemned/";
pub(crate) const DELETED: &str = "deleted/";
pub(crate) const DROPPED: &str = "dropped/";
pub(crate) const REPLICA: &str = "replica";
/// Where a repair keeps what it took out of the repository; nothing reads it.
pub(crate) const DAMAGED: &str = "damaged/";
/// Reserved for later versions.
pub(crate) const CONFIGS: &str = "configs/";

/// `data/ab/ab…`: 256 folders, so that none grows to hundreds of thousands of entries.
pub(crate) fn pack(kind: BlobType, id: PackId) -> String {
    format!("{}{:02x}/{id}", kind.folder(), id.0[0])
}

/// `FOLDER` and a random id in hex.
pub(crate) fn object(folder: &str, id: &[u8; 16]) -> String {
    format!("{folder}{}", hex(id))
}

/// `roster/00000007`: sorts by number.
pub(crate) fn numbered(folder: &str, number: u32) -> String {
    format!("{folder}{number:08}")
}

/// The reverse of [`numbered`].
pub(crate) fn number_of(folder: &str, name: &str) -> Option<u32> {
    let number = name.strip_prefix(folder)?.parse().ok()?;
    (numbered(folder, number) == name).then_some(number)
}

/// Where a file of the state folder is written before it is renamed to `path`. Several jobs may share the folder, so
/// the name is random.
pub(crate) fn partial(path: &Path) -> crate::Result<PathBuf> {
    Ok(path.with_extension(format!("{}.part", hex(&crate::crypto::random::<8>()?))))
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, b| {
        let _ = write!(out, "{b:02x}");
        out
    })
}

/// The reverse of [`hex`], for the last component of a name; `None` for anything else.
pub(crate) fn unhex<const N: usize>(name: &str) -> Option<[u8; N]> {
    let digits = name.rsplit('/').next()?;
    if digits.len() != 2 * N || !digits.is_ascii() {
        return None;
    }
    let mut out = [0; N];
    for (i, byte) in out.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[2 * i..2 * i + 2], 16).ok()?;
    }
    Some(out)
}
