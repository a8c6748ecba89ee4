//! The few kinds of failure that a caller treats differently.

use std::fmt;
use std::io;

/// What a caller can do about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// No object of that name.
    NotFound,
    /// An object of that name is there already; it was left as it is.
    Exists,
    /// The store has no room left.
    Full,
    /// The store refuses: rights, a read-only mount, a lock.
    Denied,
    /// The object is shorter than the range that was asked for.
    Truncated,
    /// The name is not one that a store accepts.
    BadName,
    /// The simulated machine stopped here (only the test store says this).
    Stopped,
    /// The store asks for patience; the same call may do after a while.
    Busy,
    /// Anything else: I/O errors, a network that is gone.
    Io,
}

/// A failed store operation: what it was about, and why.
#[derive(Clone, Debug)]
pub struct Error {
    /// What a caller decides by.
    pub kind: Kind,
    /// For people: object, operation and cause.
    pub text: String,
}

/// The result of every store operation.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of `kind` about `what`.
    pub fn new(kind: Kind, what: impl Into<String>) -> Self {
        Self { kind, text: what.into() }
    }

    /// An I/O error while doing `what` (for example `write data/ab/…`).
    pub fn io(what: &str, err: &io::Error) -> Self {
        let kind = match err.kind() {
            io::ErrorKind::NotFound => Kind::NotFound,
            io::ErrorKind::AlreadyExists => Kind::Exists,
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => Kind::Full,
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Kind::Denied,
            io::ErrorKind::UnexpectedEof => Kind::Truncated,
            _ => Kind::Io,
        };
        Self::new(kind, format!("{what}: {err}"))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Error {}
