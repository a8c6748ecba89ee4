//! Why something is not history.

use std::fmt;

/// What a caller does differently about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Bytes that nobody wrote so: the row is of no use.
    Damaged(&'static str),
    /// A row of a later version of this program.
    Newer(u8),
    /// More than a block or a table may hold: write what is there, go on with the rest.
    Full(&'static str),
    /// What was given cannot be kept.
    Refused(&'static str),
}

/// With [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

impl fmt::Display for Error {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged(why) => write!(to, "history is damaged: {why}"),
            Self::Newer(version) => write!(to, "history has version {version}, which is newer than this program"),
            Self::Full(why) => write!(to, "no room in a block of history: {why}"),
            Self::Refused(why) => write!(to, "cannot be kept as history: {why}"),
        }
    }
}

impl std::error::Error for Error {}
