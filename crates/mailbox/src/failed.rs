//! Why a mailbox was not read: one kind for each thing that somebody would do about it.

use std::fmt;
use std::io;

use async_imap::error::Error;
use atalaya_renew::Trouble;

use crate::guard::TooMuch;

const NO_IMAP: &str = "what the mail server says is no IMAP; are host, port and security those of its IMAP?";

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
        let inner = err.get_ref();
        if let Some(err @ rustls::Error::InvalidCertificate(_)) = inner.and_then(|err| err.downcast_ref()) {
            let why = atalaya_certificate::handshake(err);
            return Self::SetUp(format!("cannot trust the mail server: {why}; set ca_file if it is your own"));
        }
        if let Some(TooMuch(why)) = inner.and_then(|err| err.downcast_ref()) {
            return Self::Hostile(format!("{why}; the connection was ended, and it is tried again"));
        }
        match err.kind() {
            // The library quotes what it cannot read.
            io::ErrorKind::InvalidData | io::ErrorKind::Other => Self::Hostile(NO_IMAP.into()),
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
            _ => Self::Hostile(NO_IMAP.into()),
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
