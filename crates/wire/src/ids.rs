//! Ids that may stand in a topic: `[A-Za-z0-9_-]{1,64}`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::hex::{Hex, unhex};
use crate::limits::ID_BYTES_MAX;

type Id = heapless::String<ID_BYTES_MAX>;

fn good(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

/// Names a node for ever: random, made once, survives renames. Never starts with `_`, which is the sidecars'.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "&str", into = "String")]
pub struct NodeId(Id);

impl NodeId {
    /// From random bytes.
    #[must_use]
    pub fn from_random(bytes: [u8; 8]) -> Self {
        let mut id = Id::new();
        let _ = fmt::write(&mut id, format_args!("{}", Hex(&bytes)));
        Self(id)
    }

    /// As it stands in a topic.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for NodeId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() || text.starts_with('_') || !text.bytes().all(good) {
            return Err("a node's id is 1 to 64 of A-Z a-z 0-9 _ - and does not start with _");
        }
        Id::try_from(text).map(Self).map_err(|_| "a node's id has at most 64 characters")
    }
}

impl TryFrom<&str> for NodeId {
    type Error = &'static str;
    fn try_from(text: &str) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<NodeId> for String {
    fn from(id: NodeId) -> Self {
        id.as_str().to_owned()
    }
}

/// Names one disk, file system, job, … of a node, in its topics and in Home Assistant. Empty for what there is one of.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId(Id);

impl ObjectId {
    /// What there is one of.
    #[must_use]
    pub const fn only() -> Self {
        Self(Id::new())
    }

    /// An id from any name. One that is an id already stays; another is made one, with a hash of the whole at its end,
    /// so that `a/b` and `a_b` stay two. The empty name becomes `none`.
    #[must_use]
    pub fn of(name: &str) -> Self {
        if name.is_empty() {
            return Self::of("none");
        }
        if let (true, Ok(id)) = (name.bytes().all(good), Id::try_from(name)) {
            return Self(id);
        }
        let mut id = Id::new();
        for byte in name.bytes().take(ID_BYTES_MAX - 9) {
            let c = if good(byte) { char::from(byte) } else { '_' };
            if !(c == '_' && id.ends_with('_')) {
                let _ = id.push(c);
            }
        }
        let kept = id.trim_matches('_').len();
        let mut out = Id::new();
        let _ = out.push_str(id.trim_matches('_'));
        let _ = fmt::write(&mut out, format_args!("{}{:08x}", if kept == 0 { "" } else { "-" }, fnv(name)));
        Self(out)
    }

    /// As it stands in a topic.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// From what stands in a topic or a message; `None` if it cannot.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if !text.bytes().all(good) {
            return None;
        }
        Id::try_from(text).ok().map(Self)
    }
}

/// FNV-1a: ids are told apart, nothing is protected.
#[must_use]
pub fn fnv(name: &str) -> u32 {
    name.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// Names one stream of frames or records: random, new whenever counting starts anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, PartialOrd, Ord)]
pub struct StreamId(pub [u8; 16]);

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hex(&self.0).fmt(f)
    }
}

impl FromStr for StreamId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = unhex(text).and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or("a stream's id is 32 hexadecimal digits")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_stay_or_become_ids() {
        let id = |name: &str| ObjectId::of(name).as_str().to_owned();
        assert_eq!(id("WD-WCC4E1234567"), "WD-WCC4E1234567");
        assert_eq!(id("/"), "2a0c975e");
        assert!(id("/srv/a b").starts_with("srv_a_b-"));
        assert_ne!(id("a/b"), id("a b"));
        assert_eq!(id(""), "none");
        let long = id(&"x/".repeat(100));
        assert!(long.len() <= 64 && long.bytes().all(good), "{long}");
        assert!(ObjectId::parse("a/b").is_none() && ObjectId::parse(&"a".repeat(65)).is_none());
    }

    #[test]
    fn node_ids_are_checked() {
        for bad in ["", "_x", "a/b", "a+b", "ñ", &"a".repeat(65)] {
            assert!(bad.parse::<NodeId>().is_err(), "{bad}");
        }
        assert_eq!(NodeId::from_random([0xab; 8]).as_str(), "abababababababab");
    }

    #[test]
    fn stream_ids_go_through_text() {
        let id = StreamId([7; 16]);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!("xyz".parse::<StreamId>().is_err() && "ñ".repeat(16).parse::<StreamId>().is_err());
    }
}
