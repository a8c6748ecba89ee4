//! Who somebody is at the broker. Answered from memory.

use atalaya_broker::{Guard, Who};
use atalaya_wire::NodeId;

use super::Gate;
use crate::people::Secret;

impl Guard for Gate {
    fn certificate(&self, sha256: &[u8; 32]) -> Option<NodeId> {
        self.book().certificates.get(sha256).cloned()
    }

    /// A node's id with its password, or a token's name with the token.
    fn password(&self, user: &str, password: &[u8]) -> Option<Who> {
        let shown = std::str::from_utf8(password).ok()?;
        let node = Secret::parse(shown).and_then(|secret| self.book().passwords.get(&secret.hash()).cloned());
        if let Some(node) = node {
            return (node.as_str() == user).then_some(Who::Node(node));
        }
        let may = self.people.tool(user, shown, self.clock.now())?;
        Some(Who::Tool { name: user.to_owned(), may })
    }

    fn anonymous(&self) -> bool {
        self.offer().anonymous
    }

    fn still(&self, who: &Who) -> bool {
        match who {
            Who::Own => true,
            Who::Node(node) => self.book().passwords.values().any(|known| known == node),
            Who::Tool { name, may } => self.people.tool_named(name, self.clock.now()) == Some(*may),
            Who::Anybody => self.anonymous(),
        }
    }
}
