//! What people want of the tower, and who they are.

use std::sync::mpsc::{SyncSender, TrySendError};

use atalaya_alert::{IncidentId, Quiet, QuietId, Stage, Target};
use serde_json::Value;
use tokio::sync::oneshot;

use super::Word;
use crate::db::Audit;
use crate::error::{Error, Kind, Result};
use crate::window::Window;

/// Somebody with a name, for the audit and for what others see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Who {
    /// Account, token, or who runs the command.
    pub name: String,
    /// One of [`MEANS`].
    pub how: &'static str,
    /// From which address.
    pub peer: String,
}

/// All that stands in the audit as what was done: for each there are words on its page.
pub const DONE: &[&str] = &[
    "account.add",
    "account.change",
    "account.password",
    "account.preferences",
    "account.remove",
    "alert.acknowledge",
    "channel.test",
    "channel.works",
    "database.backup",
    "database.vacuum",
    "incident.note",
    "incident.owner",
    "link.make",
    "maintenance.begin",
    "node.change",
    "node.command",
    "node.invite",
    "node.retire",
    "renewal.approve",
    "renewal.confirm",
    "renewal.plan",
    "renewal.reject",
    "renewal.settle.done",
    "renewal.settle.not_done",
    "renewal.spending.off",
    "renewal.spending.on",
    "session.begin",
    "session.end",
    "session.refused",
    "silence.begin",
    "silence.end",
    "token.add",
    "token.revoke",
    "window.add",
    "window.change",
    "window.remove",
];

/// By what means.
pub const MEANS: &[&str] = &["page", "api", "command", "join", "self"];

impl Who {
    /// A line of the audit.
    #[must_use]
    pub fn did(&self, at: i64, what: &str, target: impl Into<String>, detail: impl Into<String>) -> Audit {
        debug_assert!(
            DONE.contains(&what) && (self.how.is_empty() || MEANS.contains(&self.how)),
            "{what} {}",
            self.how
        );
        Audit {
            at,
            who: self.name.clone(),
            how: self.how.into(),
            peer: self.peer.clone(),
            what: what.into(),
            target: target.into(),
            detail: detail.into(),
        }
    }
}

/// What is wanted.
#[derive(Clone, Debug, PartialEq)]
pub enum Wish {
    /// Take care of an alert or an incident.
    Acknowledge {
        /// Which.
        what: Target,
        /// Why, in words.
        note: String,
    },
    /// A silence or a maintenance window, now.
    Quiet(Quiet),
    /// Its end.
    EndQuiet(QuietId),
    /// Maintenance that is announced, or another announcement in the place of one.
    Window {
        /// What.
        window: Box<Window>,
        /// Whether it need not be there already.
        is_new: bool,
    },
    /// It is announced no more; what runs of it ends.
    RemoveWindow(QuietId),
    /// A note for an incident, and perhaps how far it is.
    Note {
        /// Which.
        incident: IncidentId,
        /// What.
        text: String,
        /// How far.
        stage: Option<Stage>,
    },
    /// Who cares for an incident, until when, and where else that stands; what is `None` stays.
    Owner {
        /// Which.
        incident: IncidentId,
        /// Who.
        owner: Option<Option<String>>,
        /// Until when, in seconds since 1970.
        due: Option<Option<i64>>,
        /// Number in another system.
        ticket: Option<Option<String>>,
    },
    /// A node that is expected, or one that waits to be accepted, or other words about one.
    Node(NodeWish),
    /// A node that is no more.
    Retire {
        /// Which.
        node: String,
        /// Its history goes as well.
        forget: bool,
    },
    /// A command for a node, already signed where that is needed.
    Command {
        /// For whom.
        node: String,
        /// Its name.
        command: String,
        /// For the audit.
        detail: String,
        /// What is sent.
        payload: Vec<u8>,
        /// Of a signed one: no other ever has it.
        number: Option<u64>,
    },
}

/// SHA-256 of a certificate, and of a password.
pub type Keys = (Option<[u8; 32]>, Option<[u8; 32]>);

/// What is known of a node beforehand; what is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeWish {
    /// As in topics.
    pub node: String,
    /// For people.
    pub title: Option<String>,
    /// Whose it is.
    pub customer: Option<String>,
    /// Where it stands.
    pub site: Option<String>,
    /// What is between it and us; an empty one for nothing.
    pub parent: Option<String>,
    /// What it shows to be let in: SHA-256 of its certificate, and of its token.
    pub keys: Option<Keys>,
    /// Hash of the join code that it came with, which is used up in the same transaction.
    pub code: Option<[u8; 32]>,
    /// Whether it must be there already.
    pub must_exist: bool,
}

/// A wish with who has it.
#[derive(Debug)]
pub struct Ask {
    /// What.
    pub wish: Wish,
    /// Whose.
    pub who: Who,
    /// Told once it is on the disk.
    pub answer: oneshot::Sender<Result<Value>>,
}

/// Asks the tower, and waits until it is on the disk.
///
/// # Errors
///
/// Why it is not done; [`Kind::Full`] if too much waits.
pub async fn wish(tower: &SyncSender<Word>, wish: Wish, who: Who) -> Result<Value> {
    let stopping = || Error::new(Kind::Internal, "the program is stopping");
    let (answer, done) = oneshot::channel();
    tower.try_send(Word::Ask(Ask { wish, who, answer })).map_err(|err| match err {
        TrySendError::Full(_) => Error::new(Kind::Full, "too much is waiting; try again in a moment"),
        TrySendError::Disconnected(_) => stopping(),
    })?;
    done.await.unwrap_or_else(|_| Err(stopping()))
}
