//! What nodes are told to do. What a button may do is plain; all else is signed, numbered, and soon over.

use atalaya_alert::Presence;
use atalaya_wire::command::{Order, Plain, Signed};
use atalaya_wire::{NodeId, ObjectId};
use serde_json::json;

use super::{Acts, By, Refused};
use crate::error::Error;
use crate::people::{Need, Why};
use crate::tower::{Who, Wish, wish};

/// A node keeps a session of a minute; clocks may differ by two.
const VALID_SECONDS: i64 = 300;
/// Of a view, a slash, and an id.
const OBJECT_BYTES_MAX: usize = 160;

/// What a node may be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Read everything and tell it again, or back up.
    Plain(Plain),
    /// Stop a backup, or forget hardware.
    Signed(Order),
}

impl Command {
    /// By its name, with the job or the hardware that it is about.
    ///
    /// # Errors
    ///
    /// Which of `command`, `job` and `object` is wrong, or not for this command.
    pub fn read(name: &str, job: Option<String>, object: Option<&str>) -> Result<Self, &'static str> {
        let is_job = |job: &String| matches!(Plain::parse("backup", job.as_bytes()), Some(Ok(Plain::Backup(Some(_)))));
        if !job.as_ref().is_none_or(is_job) {
            return Err("job");
        }
        match (name, job, object) {
            ("refresh", None, None) => Ok(Self::Plain(Plain::Refresh)),
            ("backup", job, None) => Ok(Self::Plain(Plain::Backup(job))),
            ("stop", job, None) => Ok(Self::Signed(Order::Stop(job))),
            ("dismiss", None, Some(object)) if object.len() <= OBJECT_BYTES_MAX => {
                let (kind, id) = object.split_once('/').ok_or("object")?;
                let id = ObjectId::parse(id).ok_or("object")?;
                Ok(Self::Signed(Order::Dismiss(kind.to_owned(), id)))
            }
            ("refresh" | "dismiss", Some(_), _) => Err("job"),
            ("refresh" | "backup" | "stop" | "dismiss", ..) => Err("object"),
            _ => Err("command"),
        }
    }

    /// For the audit.
    fn detail(&self) -> String {
        let about = match self {
            Self::Plain(Plain::Backup(Some(job))) | Self::Signed(Order::Stop(Some(job))) => job.clone(),
            Self::Signed(Order::Dismiss(kind, id)) => format!("{kind}/{}", id.as_str()),
            Self::Signed(Order::Certificate(name, _)) => name.clone(),
            _ => String::new(),
        };
        format!("{} {about}", self.name()).trim_end().to_owned()
    }

    /// As it stands in topics.
    const fn name(&self) -> &'static str {
        match self {
            Self::Plain(Plain::Refresh) => "refresh",
            Self::Plain(Plain::Backup(_)) => "backup",
            Self::Signed(Order::Stop(_)) => "stop",
            Self::Signed(Order::Dismiss(..)) => "dismiss",
            Self::Signed(Order::Certificate(..)) => "certificate",
        }
    }
}

impl Acts {
    /// Tells a node to do something. What becomes of it stands among what happened there.
    ///
    /// # Errors
    ///
    /// Why not; [`Refused::Away`] if the node is, because no command waits for it.
    pub async fn command(&self, by: &By, node: &str, command: Command) -> Result<(), Refused> {
        let known = self.board.read().nodes.get(node).map(|state| (state.row.customer.clone(), state.presence));
        // Another customer's is told as what is not there.
        let ((customer, presence), id) = known.zip(node.parse::<NodeId>().ok()).ok_or(Refused::May(Why::NotThere))?;
        by.may(Need::Operate, Some(&customer))?;
        if presence != Presence::Online {
            return Err(Refused::Away);
        }
        self.send(&id, command, by.who()).await
    }

    /// The sidecar itself orders a node to do something; the audit says so.
    ///
    /// # Errors
    ///
    /// Why it is not on its way.
    pub async fn order(&self, node: &str, order: Order) -> Result<(), Refused> {
        let id = node.parse::<NodeId>().map_err(|_| Refused::May(Why::NotThere))?;
        self.send(&id, Command::Signed(order), Who { how: "self", ..Who::default() }).await
    }

    async fn send(&self, id: &NodeId, command: Command, who: Who) -> Result<(), Refused> {
        let (name, detail) = (command.name(), command.detail());
        // Kept until it is on the way: a node takes no number that is not above the last.
        let mut turn = None;
        let (payload, number) = match command {
            Command::Plain(Plain::Refresh | Plain::Backup(None)) => (Vec::new(), None),
            Command::Plain(Plain::Backup(Some(job))) => (job.into_bytes(), None),
            Command::Signed(order) => {
                let last = turn.insert(self.numbers.lock().await);
                // Also above those that a copy of the database has forgotten. One that is not sent leaves a gap, which does
                // no harm.
                **last = (**last + 1).max(u64::try_from(self.now().wall_millis).unwrap_or_default());
                (self.sealed(id, name, order, **last)?, Some(**last))
            }
        };
        let what = Wish::Command { node: id.as_str().to_owned(), command: name.to_owned(), detail, payload, number };
        Ok(wish(&self.tower, what, who).await.map(drop)?)
    }

    fn sealed(&self, node: &NodeId, name: &str, order: Order, number: u64) -> Result<Vec<u8>, Error> {
        let args = match order {
            Order::Stop(None) => json!({}),
            Order::Stop(Some(job)) => json!({ "job": job }),
            Order::Dismiss(kind, id) => json!({ "object": format!("{kind}/{}", id.as_str()) }),
            Order::Certificate(name, chain) => json!({ "certificate": name, "chain": chain }),
        };
        let expires = self.now().seconds() + VALID_SECONDS;
        let signed = Signed { node: node.as_str().to_owned(), command: name.to_owned(), seq: number, expires, args };
        self.gate.command_key().seal(&signed)
    }
}
