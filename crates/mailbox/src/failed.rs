//! Why a mailbox was not read: one kind for each thing that somebody would do about it.

use std::fmt;
use std::io;

use async_imap::error::Error;
use atalaya_renew::Trouble;
use atalaya_renew::limits::short;

/// Why a call did not do what it was asked. None of them was tried twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failed {
    /// What is set up here is wrong: a name, a folder, a certificate that is not trusted.
    SetUp(String),
    /// The user or the password is refused.
    WrongPassword(String),
    /// No connection, a server in trouble, or one that takes too long. Later.
    Unreachable(String),
    /// What the server says is no IMAP, or more than it should be.
    Hostile(String),
}

impl Failed {
    /// In the words that the planner has for all providers.
    #[must_use]
    pub fn trouble(&self) -> Trouble {
        match self {
            Self::SetUp(why) => Trouble::SetUp(why.clone()),
            Self::WrongPassword(why) => Trouble::WrongKey(why.clone()),
            Self::Unreachable(why) => Trouble::Unreachable(why.clone()),
            Self::Hostile(why) => Trouble::Garbled(why.clone()),
        }
    }

    pub(crate) fn slow() -> Self {
        Self::Unreachable("the mail server does not answer in time".into())
    }

    pub(crate) fn of_io(err: &io::Error) -> Self {
        if let Some(rustls::Error::InvalidCertificate(why)) = err.get_ref().and_then(|err| err.downcast_ref()) {
            let hint = "set ca_file if it is your own";
            return Self::SetUp(format!("the mail server's certificate is not accepted: {why}; {hint}"));
        }
        match err.kind() {
            // Said by the guard, or by the library, which quotes what it cannot read.
            io::ErrorKind::InvalidData => Self::Hostile(short(&err.to_string())),
            io::ErrorKind::Other => Self::Hostile("what the mail server says is no IMAP".into()),
            kind => Self::Unreachable(format!("the connection to the mail server ended: {kind}")),
        }
    }

    /// Never with the library's words where it quotes what was said.
    pub(crate) fn of(err: &Error) -> Self {
        match err {
            Error::Io(err) => Self::of_io(err),
            Error::ConnectionLost => Self::Unreachable("the mail server hung up".into()),
            Error::No(_) | Error::Bad(_) => Self::SetUp("the mail server refuses a command".into()),
            Error::Validate(_) => Self::SetUp("a name or the password holds what IMAP cannot say".into()),
            _ => Self::Hostile("what the mail server says is no IMAP".into()),
        }
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SetUp(why) | Self::WrongPassword(why) | Self::Unreachable(why) | Self::Hostile(why) => {
                f.write_str(why)
            }
        }
    }
}

impl std::error::Error for Failed {}
