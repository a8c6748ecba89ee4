//! Records of a zone, as the providers that hold them are told.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The types that Atalaya writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RecordType {
    /// An IPv4 address.
    A,
    /// An IPv6 address.
    Aaaa,
    /// Text, for proofs of control.
    Txt,
}

impl RecordType {
    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Txt => "TXT",
        }
    }
}

impl fmt::Display for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Record {
    /// All of it, without the dot at its end: `nas.example.com`.
    pub name: String,
    /// Of which type.
    pub kind: RecordType,
    /// The address, or the text without quotes.
    pub data: String,
    /// Seconds; 0 lets the provider choose.
    pub ttl: u32,
}
