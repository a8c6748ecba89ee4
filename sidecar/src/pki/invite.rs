//! Inviting a node: a string for its person, or a user and a password for what has no certificates.

use atalaya_wire::NodeId;
use atalaya_wire::join::{self, Invitation};
use serde::{Deserialize, Serialize};

use super::Gate;
use crate::clock::Now;
use crate::db::Row;
use crate::error::{Error, Kind, Result};
use crate::people::{End, Made, Secret, random};
use crate::tower::{NodeWish, Who};

/// A string is good for so long.
const CODE_SECONDS: i64 = 86_400;
/// Strings that were given out and not used.
const CODES_MAX: usize = 1000;

/// What is known beforehand of a node that is to come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Expected {
    /// Its id, if it has to be that one: the only way to another certificate for a node that is there already.
    pub node: Option<String>,
    /// For people; without one, what it calls itself.
    pub title: Option<String>,
    /// Whose it is.
    pub customer: Option<String>,
    /// Where it stands.
    pub site: Option<String>,
    /// What is between it and us.
    pub parent: Option<String>,
}

impl Expected {
    pub(super) fn wish(self, node: &NodeId) -> NodeWish {
        let Self { title, customer, site, parent, .. } = self;
        NodeWish { node: node.as_str().into(), title, customer, site, parent, ..NodeWish::default() }
    }

    fn check(&self) -> Result<Option<NodeId>> {
        let node = self.node.as_deref().map(str::parse).transpose();
        node.map_err(|why| Error::new(Kind::Refused, format!("this is no node: {why}")))
    }
}

/// A code that was given out.
#[derive(Clone, Debug)]
pub(super) struct Code {
    pub(super) expected: Expected,
    pub(super) ends: End,
    pub(super) is_used: bool,
}

impl Gate {
    /// A string that lets one node in, for a day; with the second since 1970 at which it ends.
    ///
    /// # Errors
    ///
    /// If there is nowhere for it to come to, or what the database says.
    pub async fn invite(&self, by: &Who, expected: Expected, now: Now) -> Result<(Made, i64)> {
        expected.check()?;
        let code: join::Code = random()?;
        let invitation = Invitation { hosts: self.offer().hosts, ca: self.authority.pin(), code };
        let nowhere =
            "nodes join over TLS; set [web] listen_tls and [broker] listen_tls, and names that they can reach";
        let string = invitation.seal().ok_or_else(|| Error::new(Kind::Config, nowhere))?;
        let _turn = self.turn.lock().await;
        let open = self.book().codes.values().filter(|code| !code.is_used && !code.ends.is_over(now)).count();
        if open >= CODES_MAX {
            return Err(Error::new(Kind::Full, "too many strings were given out today and not used"));
        }
        let (hash, ends) = (join::sha256(&code), End::after(CODE_SECONDS, now));
        let body = serde_json::to_string(&expected).map_err(|err| Error::new(Kind::Internal, err.to_string()))?;
        let target = expected.node.clone().or_else(|| expected.title.clone()).unwrap_or_default();
        let line = by.did(now.seconds(), "node.invite", target, &body);
        let rows = vec![Row::Once { hash, what: "join", body, ends: ends.wall }, Row::Audit(line)];
        self.desk.write(rows).await?;
        self.book().codes.insert(hash, Code { expected, ends, is_used: false });
        Ok((Made(string), ends.wall))
    }

    /// Adds a node that logs in at the broker by its id and this password, in the place of whatever it showed before.
    ///
    /// # Errors
    ///
    /// If there is no such parent, or what the database says.
    pub async fn add_with_password(&self, by: &Who, expected: Expected) -> Result<(NodeId, Made)> {
        let node = match expected.check()? {
            Some(node) => node,
            None => NodeId::from_random(random()?),
        };
        let secret = Secret::random()?;
        let _turn = self.turn.lock().await;
        let wish = NodeWish { keys: Some((None, Some(secret.hash()))), ..expected.wish(&node) };
        self.admit(wish, by.clone()).await?;
        self.book().put(&node, None, Some(secret.hash()));
        Ok((node, Made(secret.text())))
    }
}
