//! Who may do what: pure, decided on topics and filters as sets of topics.
//!
//! A filter is allowed if every topic that it can match is, so a right is itself written as filters: who may hear
//! `atalaya/nas/#` may subscribe to any filter that stays within it.

use atalaya_wire::NodeId;

use crate::who::{ToolRights, Who};

/// What somebody wants to do with a topic or filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Publish, or have a will published.
    Publish,
    /// Subscribe.
    Subscribe,
}

/// Why somebody or something was refused, or held up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Why {
    /// No certificate, no password, and strangers are not let in.
    Stranger,
    /// The certificate is nobody's, or was withdrawn.
    Certificate,
    /// The user or the password is wrong.
    Password,
    /// The client id is another's, or is not what a node's must be.
    ClientId,
    /// Somebody else is connected, or has a session, under this client id.
    Taken,
    /// Too many clients want their sessions kept.
    Sessions,
    /// The topic, or a topic the filter can match, is another's.
    NotYours,
    /// Commands and acknowledgements are written by the sidecar and by people.
    NotByNodes,
    /// Who only reads publishes nothing.
    ReadOnly,
    /// Topics that begin with `$`, and shared subscriptions, are not served.
    System,
    /// The will would not fit into what is retained.
    Will,
    /// The message would not fit into what is retained: it was delivered only.
    NotRetained,
    /// Too many messages or bytes: they were taken later.
    TooMuch,
    /// A packet larger than allowed: the connection was closed.
    TooLarge,
    /// Something that is not MQTT: the connection was closed.
    Malformed,
    /// What it showed counts no more: the connection was closed.
    Over,
}

impl Why {
    /// As it is written in counters and in the log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stranger => "stranger",
            Self::Certificate => "certificate",
            Self::Password => "password",
            Self::ClientId => "client_id",
            Self::Taken => "taken",
            Self::Sessions => "sessions",
            Self::NotYours => "not_yours",
            Self::NotByNodes => "not_by_nodes",
            Self::ReadOnly => "read_only",
            Self::System => "system",
            Self::Will => "will",
            Self::NotRetained => "not_retained",
            Self::TooMuch => "too_much",
            Self::TooLarge => "too_large",
            Self::Malformed => "malformed",
            Self::Over => "over",
        }
    }
}

/// The topics that rights are about.
#[derive(Clone, Debug)]
pub(crate) struct Rights {
    prefix: String,
    discovery: String,
}

impl Rights {
    /// `prefix` and `discovery` as in the configuration: levels without wildcards; an empty `discovery` is none.
    pub(crate) fn new(prefix: &str, discovery: &str) -> Self {
        Self { prefix: prefix.to_owned(), discovery: discovery.to_owned() }
    }

    /// Whether `who` may do `act` with `topic`, which is a filter for [`Act::Subscribe`].
    ///
    /// # Errors
    ///
    /// Why not.
    pub(crate) fn may(&self, who: &Who, act: Act, topic: &str) -> Result<(), Why> {
        if topic.starts_with('$') {
            return Err(Why::System);
        }
        match (who, act) {
            (Who::Own | Who::Anybody, _) => Ok(()),
            (Who::Node(id), Act::Publish) => self.node_publishes(id, topic),
            (Who::Node(id), Act::Subscribe) => {
                within(topic, &[format!("{}/{}/#", self.prefix, id.as_str()), self.discovery_of("status")])
            }
            (Who::Tool { .. }, Act::Subscribe) => {
                within(topic, &[format!("{}/#", self.prefix), self.discovery_of("#")])
            }
            (Who::Tool { may: ToolRights::Read, .. }, Act::Publish) => Err(Why::ReadOnly),
            (Who::Tool { may: ToolRights::HomeAssistant, .. }, Act::Publish) => {
                let command = |name| format!("{}/+/cmd/{name}", self.prefix);
                within(topic, &[command("refresh"), command("backup"), self.discovery_of("status")])
            }
        }
    }

    /// Whether `who` may connect under this client id. An id that is in use is another question.
    ///
    /// # Errors
    ///
    /// Why not.
    pub(crate) fn may_be(&self, who: &Who, client_id: &str) -> Result<(), Why> {
        let of_a_node = client_id.strip_prefix("atalaya-");
        match who {
            Who::Own | Who::Anybody => Ok(()),
            Who::Node(id) if of_a_node == Some(id.as_str()) => Ok(()),
            Who::Tool { .. } if of_a_node.is_none() => Ok(()),
            Who::Node(_) | Who::Tool { .. } => Err(Why::ClientId),
        }
    }

    /// The node that a topic belongs to, as it stands there; none for other topics and for sidecars.
    pub(crate) fn node_of<'a>(&self, topic: &'a str) -> Option<&'a str> {
        let rest = topic.strip_prefix(self.prefix.as_str())?.strip_prefix('/')?;
        let node = rest.split_once('/').map_or(rest, |(node, _)| node);
        (!node.starts_with('_')).then_some(node)
    }

    /// A filter for all topics of a node, whoever writes there.
    pub(crate) fn all_of(&self, node: &NodeId) -> String {
        format!("{}/{}/#", self.prefix, node.as_str())
    }

    /// Whether a node, and nobody who has a name of another kind, may write there.
    pub(crate) fn is_of_one_node(&self, topic: &str) -> bool {
        let node = self.node_of(topic).and_then(|node| node.parse::<NodeId>().ok());
        node.is_some_and(|node| self.node_publishes(&node, topic).is_ok())
    }

    fn node_publishes(&self, id: &NodeId, topic: &str) -> Result<(), Why> {
        let own = |rest: &str| format!("{}/{}/{rest}", self.prefix, id.as_str());
        let card = self.discovery_of(&format!("device/atalaya_{}/config", id.as_str()));
        if within(topic, &[own("cmd/+/result"), card]).is_ok() {
            return Ok(());
        }
        if within(topic, &[own("cmd/#"), own("ack")]).is_ok() {
            return Err(Why::NotByNodes);
        }
        within(topic, &[own("+/#")])
    }

    /// Without discovery it is a filter that nothing is within.
    fn discovery_of(&self, rest: &str) -> String {
        if self.discovery.is_empty() { String::new() } else { format!("{}/{rest}", self.discovery) }
    }
}

fn within(filter: &str, rights: &[String]) -> Result<(), Why> {
    if rights.iter().any(|right| covers(right, filter)) { Ok(()) } else { Err(Why::NotYours) }
}

/// Whether every topic that `filter` matches is matched by `right`. A topic is a filter that matches itself.
fn covers(right: &str, filter: &str) -> bool {
    if right.is_empty() {
        return false;
    }
    let (mut right, mut filter) = (right.split('/'), filter.split('/'));
    loop {
        match (right.next(), filter.next()) {
            (Some("#"), _) | (None, None) => return true,
            (Some("+"), Some(level)) if level != "#" => {}
            (Some(name), Some(level)) if name == level => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests;
