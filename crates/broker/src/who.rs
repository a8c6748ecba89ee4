//! Who is connected, who decides that, and how a subscriber learns who sent a message.

use std::fmt;
use std::str::FromStr;

use atalaya_wire::NodeId;
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};

/// Somebody who was let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// The sidecar's own link.
    Own,
    /// A node, by certificate or token.
    Node(NodeId),
    /// A person's tool, by token.
    Tool {
        /// The token's name; without `/`.
        name: String,
        /// What it may do.
        may: ToolRights,
    },
    /// Anybody on this machine, where there are no accounts.
    Anybody,
}

/// What a tool may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToolRights {
    /// Hear everything of Atalaya and of Home Assistant's discovery, say nothing.
    Read,
    /// The same, and say what Home Assistant says: its birth, and the commands behind its buttons.
    HomeAssistant,
}

/// Decides who somebody is. Asked from the runtime's threads, so it answers from memory.
pub trait Guard: Send + Sync + 'static {
    /// Whose certificate this is, by the SHA-256 of its DER; none if it is nobody's or no longer counts.
    fn certificate(&self, sha256: &[u8; 32]) -> Option<NodeId>;
    /// Whose password this is.
    fn password(&self, user: &str, password: &[u8]) -> Option<Who>;
    /// Whether those on this machine that show nothing are let in.
    fn anonymous(&self) -> bool;
    /// Whether somebody who was let in by a password still may what he might then. Tokens end without anybody's doing.
    fn still(&self, who: &Who) -> bool;
}

/// User property of MQTT 5 in which the broker says who sent a message. What a client writes there itself is removed.
pub const SENDER: &str = "x-mqtt-sender";

/// Who sent a message, as the broker says it in [`SENDER`].
///
/// A message without that property came from [`Who::Anybody`]. To compare: the node in the topic must be the node here.
///
/// ```
/// use atalaya_broker::Sender;
///
/// let sender: Sender = "node:nas".parse()?;
/// assert_eq!(sender, Sender::Node("nas".parse()?));
/// # Ok::<(), &'static str>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sender {
    /// The sidecar's own link.
    Own,
    /// A node.
    Node(NodeId),
    /// A tool, by its token's name.
    Tool(String),
}

impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own => f.write_str("own"),
            Self::Node(id) => write!(f, "node:{}", id.as_str()),
            Self::Tool(name) => write!(f, "tool:{name}"),
        }
    }
}

impl FromStr for Sender {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            None if text == "own" => Ok(Self::Own),
            Some(("node", id)) => id.parse().map(Self::Node),
            Some(("tool", name)) => Ok(Self::Tool(name.to_owned())),
            _ => Err("a sender is own, node:ID or tool:NAME"),
        }
    }
}

impl Who {
    /// As others are told; none for anybody.
    #[must_use]
    pub fn sender(&self) -> Option<Sender> {
        match self {
            Self::Own => Some(Sender::Own),
            Self::Node(id) => Some(Sender::Node(id.clone())),
            Self::Tool { name, .. } => Some(Sender::Tool(name.clone())),
            Self::Anybody => None,
        }
    }

    /// The node, if it is one.
    #[must_use]
    pub const fn node(&self) -> Option<&NodeId> {
        match self {
            Self::Node(id) => Some(id),
            _ => None,
        }
    }
}

/// What the sidecar's own link logs in with: random, of this start, and never written anywhere.
#[derive(Clone)]
pub struct OwnPassword(String);

impl OwnPassword {
    /// A new one.
    ///
    /// # Errors
    ///
    /// If the system has no random numbers.
    pub fn random() -> Result<Self, &'static str> {
        let mut bytes = [0_u8; 32];
        SystemRandom::new().fill(&mut bytes).map_err(|_| "the system has no random numbers")?;
        Ok(Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    /// The name to log in with.
    #[must_use]
    pub const fn user(&self) -> &'static str {
        "_own"
    }

    /// The password to log in with.
    #[must_use]
    pub fn password(&self) -> &str {
        &self.0
    }

    /// Hashes are compared, so that the time it takes says nothing about the password.
    pub(crate) fn is(&self, user: &str, password: &[u8]) -> bool {
        user == self.user() && digest(&SHA256, password).as_ref() == digest(&SHA256, self.0.as_bytes()).as_ref()
    }
}

impl fmt::Debug for OwnPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OwnPassword(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_read_as_it_was_written() {
        for sender in [Sender::Own, Sender::Node("nas".parse().unwrap()), Sender::Tool("a:b".into())] {
            assert_eq!(sender.to_string().parse(), Ok(sender));
        }
        for bad in ["", "nas", "node:", "node:_x", "own:", "tools:x"] {
            assert!(bad.parse::<Sender>().is_err(), "{bad}");
        }
    }

    #[test]
    fn only_the_own_password_is_the_own_password() {
        let own = OwnPassword::random().unwrap();
        assert!(own.is("_own", own.password().as_bytes()));
        assert!(!own.is("own", own.password().as_bytes()));
        assert!(!own.is("_own", OwnPassword::random().unwrap().password().as_bytes()));
        assert!(!own.is("_own", b""));
        assert!(!format!("{own:?}").contains(own.password()));
    }
}
