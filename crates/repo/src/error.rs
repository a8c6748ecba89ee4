//! The few kinds of failure that a caller of the engine treats differently.

use std::fmt;

/// What a caller can do about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// There is no repository at that place.
    NoRepository,
    /// There is one already.
    AlreadyThere,
    /// No key opens with this secret.
    WrongKey,
    /// The key that was given has no right to do this.
    NotAllowed,
    /// Written by a newer version, or with a feature this one lacks.
    TooNew,
    /// Bytes are not what they were: checksum, authentication or structure.
    Damaged,
    /// Something that should be there is not (an object, a snapshot, a path).
    NotFound,
    /// No room left in the store, the spool or the state folder.
    Full,
    /// The store or a local file refuses.
    Denied,
    /// The budget given cannot work.
    Budget,
    /// A mistake of the caller: a bad name, an ambiguous prefix.
    Usage,
    /// A prune took the backup for dead: what it stored may be gone, and all must be done again.
    Fenced,
    /// It would do more than anybody expects, and wants to be told that it is meant so.
    Refused,
    /// Stopped on request.
    Interrupted,
    /// Anything else: I/O errors.
    Io,
}

/// A failed operation: what a caller decides by, and what a person reads.
#[derive(Clone, Debug)]
pub struct Error {
    /// What a caller decides by.
    pub kind: Kind,
    /// For people: what could not be done, why, what to do.
    pub text: String,
}

/// The result of everything in this crate.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of `kind`, saying `text`.
    pub fn new(kind: Kind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }

    /// Bytes that are not what they were.
    pub fn damaged(text: impl Into<String>) -> Self {
        Self::new(Kind::Damaged, text)
    }

    /// A local file operation `what` that failed.
    pub fn io(what: &str, err: &std::io::Error) -> Self {
        atalaya_store::Error::io(what, err).into()
    }

    /// The same error with what was being done put before it.
    #[must_use]
    pub fn context(mut self, doing: &str) -> Self {
        self.text = format!("{doing}: {}", self.text);
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Error {}

impl From<atalaya_store::Error> for Error {
    fn from(err: atalaya_store::Error) -> Self {
        use atalaya_store::Kind as S;
        let kind = match err.kind {
            S::NotFound => Kind::NotFound,
            S::Exists => Kind::AlreadyThere,
            S::Full => Kind::Full,
            S::Denied => Kind::Denied,
            S::Truncated => Kind::Damaged,
            S::BadName | S::Stopped | S::Busy | S::Io => Kind::Io,
        };
        Self::new(kind, err.text)
    }
}

/// What becomes of an object of the store: the outer error is this machine's own and ends the work; the inner one is
/// about that object alone, which is then refused, and everything else goes on.
pub(crate) type Judged<T> = Result<std::result::Result<T, Error>>;
