//! What records tell: parts that are no views. A kind's layout never changes; a change gets a new kind.

use serde::{Deserialize, Serialize};

use crate::{Stamp, Text};

/// What stands in a record.
pub trait Event: Serialize + for<'a> Deserialize<'a> {
    /// Of its part.
    const KIND: u16;
}

/// Frames that were not kept: the ring was full, or the agent was killed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    /// The first.
    pub from: u64,
    /// The last.
    pub to: u64,
}

/// The agent began, and how it ended before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Began {
    /// Its version.
    pub version: Text,
    /// Whether it had been told to stop, and had stopped.
    pub clean: bool,
}

/// A job began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunBegan {
    /// Random; the same in [`RunEnded`].
    pub run: [u8; 16],
    /// Its job.
    pub job: Text,
    /// `calendar`, `catch_up`, `retry` or who asked.
    pub cause: Text,
}

/// A job ended. Its figures stand beside it, as the view `backup`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunEnded {
    /// That of [`RunBegan`].
    pub run: [u8; 16],
    /// Its job.
    pub job: Text,
    /// When it began.
    pub began: Stamp,
    /// `ok`, `warnings`, `failed` or `stopped`.
    pub result: Text,
    /// Exit code of its process; none where a signal ended it.
    pub exit: Option<i32>,
    /// Why, in words.
    pub problem: Text,
}

/// Something is no longer as it was: a disk's health, a service, a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// Level in the topic, such as `disk`; the part's id says which one.
    pub view: Text,
    /// Key of the view.
    pub key: Text,
    /// Before; empty where it was not known.
    pub from: Text,
    /// Now.
    pub to: Text,
    /// Why, where the view says.
    pub problem: Text,
}

/// Somebody sent a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commanded {
    /// Its name.
    pub name: Text,
    /// `done` or `refused`.
    pub outcome: Text,
    /// Why.
    pub reason: Text,
}

/// A node wants a certificate for a key of its own, or another one than it has; the part's id is the certificate's name.
/// What stands is told again, so the last one counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requested {
    /// PKCS #10 in DER, of [`crate::limits::REQUEST_BYTES_MAX`] at most.
    pub request: Vec<u8>,
    /// SHA-256 of the certificate that is installed, in hexadecimal; empty for none.
    pub installed: Text,
}

macro_rules! kinds {
    ($($name:ident = $kind:literal;)+) => {
        $(impl Event for $name {
            const KIND: u16 = $kind;
        })+

        /// Number and name of each.
        pub const KINDS: &[(u16, &str)] = &[$(($kind, stringify!($name))),+];
    };
}

kinds! {
    Lost = 0x4001;
    Began = 0x8001;
    RunBegan = 0x8002;
    RunEnded = 0x8003;
    Changed = 0x8004;
    Commanded = 0x8005;
    Requested = 0x8006;
}
