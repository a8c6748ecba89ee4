//! The one place where failures become exit codes.

use std::io;
use std::process::ExitCode;

use crate::error::{Error, Kind};

/// How the program ends; the README's table says the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything was done.
    Done,
    /// It failed.
    Failed,
    /// What was asked makes no sense.
    Usage,
    /// Another process has the database or the address.
    InUse,
    /// The database is damaged.
    Damaged,
    /// A newer version wrote the database.
    Newer,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::InUse => 13,
            Exit::Damaged => 14,
            Exit::Newer => 15,
        })
    }
}

/// Why a command ended early.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    /// What the shell is told.
    pub(crate) exit: Exit,
    /// What a person is told; empty if there is nobody to tell.
    pub(crate) text: String,
}

/// The result of commands.
pub(crate) type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    /// A failure that ends with `exit` and says `text`.
    pub(crate) fn new(exit: Exit, text: impl Into<String>) -> Self {
        Self { exit, text: text.into() }
    }

    /// Standard output cannot be written. When its reader has gone away there is nothing to say.
    pub(crate) fn output(err: &io::Error) -> Self {
        let gone = err.kind() == io::ErrorKind::BrokenPipe;
        let text = if gone { String::new() } else { format!("cannot write to standard output: {err}") };
        Self::new(Exit::Failed, text)
    }
}

impl From<Error> for Failure {
    fn from(err: Error) -> Self {
        let exit = match err.kind {
            Kind::Config => Exit::Usage,
            Kind::InUse => Exit::InUse,
            Kind::Damaged => Exit::Damaged,
            Kind::Newer => Exit::Newer,
            _ => Exit::Failed,
        };
        Self::new(exit, err.text)
    }
}
