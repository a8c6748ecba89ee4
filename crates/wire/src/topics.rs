//! Every topic that is written or read.

use crate::view::View;
use crate::{NodeId, ObjectId};

/// Topics of one node below a prefix.
#[derive(Clone, Debug)]
pub struct Topics {
    base: String,
    node: NodeId,
}

impl Topics {
    /// `prefix` is one or more levels, without wildcards and without a slash at either end.
    ///
    /// # Errors
    ///
    /// What is wrong with the prefix.
    pub fn new(prefix: &str, node: NodeId) -> Result<Self, &'static str> {
        let bad = |level: &str| level.is_empty() || level.contains(['+', '#', '\0', '$']);
        if prefix.len() > 100 || prefix.split('/').any(bad) {
            return Err("a prefix is levels of text separated by /, without + # $, of 100 characters at most");
        }
        Ok(Self { base: format!("{prefix}/{}", node.as_str()), node })
    }

    /// Whose they are.
    #[must_use]
    pub const fn node(&self) -> &NodeId {
        &self.node
    }

    /// `online` or, as the last will, `offline`; retained.
    #[must_use]
    pub fn status(&self) -> String {
        format!("{}/status", self.base)
    }

    /// Samples, numbered; not retained.
    #[must_use]
    pub fn frame(&self) -> String {
        format!("{}/frame", self.base)
    }

    /// Results and changes of state, numbered; not retained, kept on disk until acknowledged.
    #[must_use]
    pub fn record(&self) -> String {
        format!("{}/record", self.base)
    }

    /// What the sidecar has; retained.
    #[must_use]
    pub fn ack(&self) -> String {
        format!("{}/ack", self.base)
    }

    /// All commands, to subscribe to.
    #[must_use]
    pub fn commands(&self) -> String {
        format!("{}/cmd/+", self.base)
    }

    /// One command.
    #[must_use]
    pub fn command(&self, name: &str) -> String {
        format!("{}/cmd/{name}", self.base)
    }

    /// The name of the command that came on `topic`.
    #[must_use]
    pub fn command_of<'a>(&self, topic: &'a str) -> Option<&'a str> {
        topic.strip_prefix(self.base.as_str())?.strip_prefix("/cmd/").filter(|name| !name.contains('/'))
    }

    /// What became of a command; not retained.
    #[must_use]
    pub fn result(&self, name: &str) -> String {
        format!("{}/cmd/{name}/result", self.base)
    }

    /// A view; retained.
    #[must_use]
    pub fn view<V: View>(&self, id: &ObjectId) -> String {
        self.view_named(V::NAME, id)
    }

    /// A view by the name of its kind.
    #[must_use]
    pub fn view_named(&self, name: &str, id: &ObjectId) -> String {
        match id.as_str() {
            "" => format!("{}/{name}", self.base),
            id => format!("{}/{name}/{id}", self.base),
        }
    }

    /// Something that happened, for automations; not retained.
    #[must_use]
    pub fn event(&self, name: &str) -> String {
        format!("{}/event/{name}", self.base)
    }

    /// Home Assistant's discovery of this node below `prefix`; retained.
    #[must_use]
    pub fn discovery(&self, prefix: &str) -> String {
        format!("{prefix}/device/atalaya_{}/config", self.node.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::{Disk, System};

    #[test]
    fn topics_are_as_written_down() {
        let topics = Topics::new("atalaya", "nas".parse().unwrap()).unwrap();
        assert_eq!(topics.status(), "atalaya/nas/status");
        assert_eq!(topics.view::<System>(&ObjectId::only()), "atalaya/nas/system");
        assert_eq!(topics.view::<Disk>(&ObjectId::of("WD-1")), "atalaya/nas/disk/WD-1");
        assert_eq!(topics.command_of("atalaya/nas/cmd/refresh"), Some("refresh"));
        assert_eq!(topics.command_of("atalaya/nas/cmd/refresh/result"), None);
        assert_eq!(topics.command_of("atalaya/nas2/cmd/refresh"), None);
        assert_eq!(topics.discovery("homeassistant"), "homeassistant/device/atalaya_nas/config");
        for bad in ["", "/a", "a/", "a//b", "a/#", "+", "$SYS/x"] {
            assert!(Topics::new(bad, "nas".parse().unwrap()).is_err(), "{bad}");
        }
    }
}
