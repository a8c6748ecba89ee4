//! Nodes: those to come, what is said of them, and those that are no more.

use atalaya_wire::NodeId;

use super::{Acts, By, Refused};
use crate::error::{Error, Kind};
use crate::limits::NODE_WORDS_BYTES_MAX;
use crate::people::{Made, Need};
use crate::pki::Expected;
use crate::tower::{NodeWish, Wish, wish};

/// A string for a node that is to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invited {
    /// For `atalaya-agent setup --join`; it is nowhere else.
    pub join: Made,
    /// Until when it is good, in seconds since 1970.
    pub ends: i64,
}

/// What a node without a certificate logs in with at the broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeSecret {
    /// Its id, which is the user.
    pub node: NodeId,
    /// The password; it is nowhere else.
    pub password: Made,
}

/// What is to be said of a node from now on; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeChange {
    /// For people.
    pub title: Option<String>,
    /// Whose it is; empty for nobody's.
    pub customer: Option<String>,
    /// Where it stands.
    pub site: Option<String>,
    /// What is between it and us; empty for nothing.
    pub parent: Option<String>,
}

impl Acts {
    /// A string that lets one node in, for a day.
    ///
    /// # Errors
    ///
    /// Why not; [`Kind::Config`] says which keys of the configuration it takes.
    pub async fn invite(&self, by: &By, expected: Expected) -> Result<Invited, Refused> {
        self.may_expect(by, &expected)?;
        let (join, ends) = self.gate.invite(&by.who(), expected, self.now()).await?;
        Ok(Invited { join, ends })
    }

    /// Adds a node that has no certificate; whatever it showed before is void, and its connection ends.
    ///
    /// # Errors
    ///
    /// Why not.
    pub async fn add_with_password(&self, by: &By, expected: Expected) -> Result<NodeSecret, Refused> {
        self.may_expect(by, &expected)?;
        let (node, password) = self.gate.add_with_password(&by.who(), expected).await?;
        self.doorman.out_with_node(&node).await;
        Ok(NodeSecret { node, password })
    }

    /// Other words about a node that is there; one that waited to be accepted is a member from now on.
    ///
    /// # Errors
    ///
    /// Why not.
    pub async fn change_node(&self, by: &By, node: &str, change: NodeChange) -> Result<(), Refused> {
        self.may_manage(by, node)?;
        let NodeChange { title, customer, site, parent } = change;
        check(&[("name", &title), ("customer", &customer), ("site", &site)])?;
        if title.as_deref() == Some("") {
            return Err(Refused::new(Kind::Refused, "a node needs a name; write one, or leave it out"));
        }
        let wish =
            NodeWish { node: node.into(), title, customer, site, parent, must_exist: true, ..NodeWish::default() };
        Ok(self.wish(by, Wish::Node(wish)).await?)
    }

    /// A node that is no more: what it shows is void from this moment, its connection ends, and what the broker kept of it
    /// goes. Its history stays, unless it is to be forgotten.
    ///
    /// # Errors
    ///
    /// Why not.
    pub async fn retire_node(&self, by: &By, node: &str, forget: bool) -> Result<(), Refused> {
        self.may_manage(by, node)?;
        let id: NodeId = node.parse().map_err(|_| missing(node))?;
        self.wish(by, Wish::Retire { node: node.into(), forget }).await?;
        self.gate.retired(&id, !forget);
        self.doorman.out_with_node(&id).await;
        // The tower has cleaned up what it knew of; after it the node may have said more, until its connection ended. What
        // automations were told of it goes here too: who tells them forgets what it told before a connection or a start.
        let topics = self.doorman.kept_of(&id).await.into_iter().chain(self.gate.told_of(&id));
        topics.for_each(|topic| self.out.say(topic, Vec::new(), true));
        Ok(())
    }

    /// Whose node it is decides who may; one that is not there may be anybody's.
    fn may_manage(&self, by: &By, node: &str) -> Result<(), Refused> {
        let customer = self.board.read().nodes.get(node).map(|state| state.row.customer.clone());
        by.may(Need::Manage, customer.as_deref())?;
        customer.map(drop).ok_or_else(|| missing(node))
    }

    fn may_expect(&self, by: &By, expected: &Expected) -> Result<(), Refused> {
        by.may(Need::Manage, None)?;
        check(&[("name", &expected.title), ("customer", &expected.customer), ("site", &expected.site)])?;
        let parent = expected.parent.as_deref().filter(|parent| !parent.is_empty());
        // Found out now: a node that joins could do nothing about it.
        if let Some(parent) = parent.filter(|parent| !self.board.read().nodes.contains_key(*parent)) {
            return Err(missing(parent));
        }
        if parent.is_some() && parent == expected.node.as_deref() {
            return Err(Refused::new(Kind::Refused, "a node cannot be behind itself"));
        }
        Ok(())
    }

    async fn wish(&self, by: &By, what: Wish) -> Result<(), Error> {
        wish(&self.tower, what, by.who()).await.map(drop)
    }
}

fn missing(node: &str) -> Refused {
    Refused::new(
        Kind::Missing,
        format!("there is no node {node:?}; \"atalaya-sidecar node list\" shows those there are"),
    )
}

/// Words for people are short, and steer no terminal.
fn check(words: &[(&str, &Option<String>)]) -> Result<(), Refused> {
    let good = |text: &str| text.len() <= NODE_WORDS_BYTES_MAX && !text.chars().any(char::is_control);
    match words.iter().find(|(_, text)| !text.as_deref().is_none_or(good)) {
        None => Ok(()),
        Some((what, _)) => {
            let why = format!("the {what} is at most {NODE_WORDS_BYTES_MAX} bytes long, without control characters");
            Err(Refused::new(Kind::Refused, why))
        }
    }
}
