//! What can go wrong, told apart where somebody would do something else about it.

use std::fmt;

/// A failure with its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What sort.
    pub kind: Kind,
    /// What could not be done, why, and what to do.
    pub text: String,
}

/// Sorts of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What was written in the configuration or on the command line.
    Config,
    /// Another process has the database or the address.
    InUse,
    /// The database is damaged.
    Damaged,
    /// A newer version wrote it.
    Newer,
    /// There is no room.
    Full,
    /// The system does not permit it.
    Denied,
    /// Somebody does not answer.
    Unreachable,
    /// Somebody says no.
    Refused,
    /// There is no such thing.
    Missing,
    /// Anything else.
    Internal,
}

/// What most things here give back.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A failure of this sort.
    #[must_use]
    pub fn new(kind: Kind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }

    /// The same, with what could not be done before the reason.
    #[must_use]
    pub fn while_(self, what: &str) -> Self {
        Self { text: format!("cannot {what}: {}", self.text), ..self }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Error {}

impl From<std::io::Error> for Error {
    fn from(err: std::io::Error) -> Self {
        use std::io::ErrorKind as Io;
        let kind = match err.kind() {
            Io::PermissionDenied | Io::ReadOnlyFilesystem => Kind::Denied,
            Io::StorageFull | Io::QuotaExceeded => Kind::Full,
            Io::AddrInUse => Kind::InUse,
            Io::NotFound => Kind::Missing,
            _ => Kind::Internal,
        };
        Self::new(kind, err.to_string())
    }
}

impl From<rusqlite::Error> for Error {
    fn from(err: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        let kind = match err.sqlite_error_code() {
            Some(Code::DatabaseCorrupt | Code::NotADatabase) => Kind::Damaged,
            Some(Code::DiskFull | Code::SystemIoFailure) => Kind::Full,
            Some(Code::ReadOnly | Code::PermissionDenied | Code::CannotOpen) => Kind::Denied,
            Some(Code::DatabaseBusy | Code::DatabaseLocked) => Kind::InUse,
            Some(Code::ConstraintViolation) => Kind::Refused,
            _ if err == rusqlite::Error::QueryReturnedNoRows => Kind::Missing,
            _ => Kind::Internal,
        };
        Self::new(kind, err.to_string())
    }
}
