//! What is to be done.

use serde::{Deserialize, Serialize};

use crate::ids::{AlertKey, IncidentId, NodeId};
use crate::rule::{Severity, Words};
use crate::state::{Ack, Entry, Mute, Phase};
use crate::time::Wall;

/// One thing to do. [`Action::Save`] first, in one transaction with what the others leave behind.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Tell people.
    Notify(Notification),
    /// An alert is another than it was: for the API, the dashboard, MQTT.
    Publish(AlertState),
    /// Something for an incident's history, which keeps what the state must give up.
    Timeline {
        /// Which.
        incident: IncidentId,
        /// What.
        entry: Entry,
    },
    /// A part of the state changed.
    Save(Part),
    /// The event was not taken, or not as a whole.
    Refused(Refused),
}

/// A part of the state that is stored by itself; see [`crate::State::part`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Clock, silences, counters.
    Head,
    /// A node with its alerts.
    Node(NodeId),
    /// An incident.
    Incident(IncidentId),
}

/// Why an event was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Refused {
    /// [`crate::limits::NODES_MAX`].
    Nodes,
    /// [`crate::limits::OBJECTS_PER_NODE_MAX`].
    Objects,
    /// [`crate::limits::QUIETS_MAX`].
    Quiets,
    /// There is no such alert, incident or silence.
    Unknown,
    /// It would have ended already.
    Over,
}

/// What a notification is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It began.
    Fired,
    /// It goes on.
    StillFiring,
    /// It goes on and nobody took care.
    Escalated,
    /// A silence ended and it goes on.
    SilenceEnded,
    /// It is over.
    Resolved,
    /// There are more alerts than fit.
    Full,
}

/// What people are told at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Notification {
    /// Made from what is told: the same transition has the same id.
    pub id: String,
    /// Why.
    pub kind: Kind,
    /// The channel set.
    pub to: String,
    /// The highest of its alerts.
    pub severity: Severity,
    /// About which; several when much happens at once.
    pub incidents: Vec<IncidentId>,
    /// All alerts that are told.
    pub alerts: Vec<Told>,
    /// One line that says what and where.
    pub subject: Words,
    /// A line for each alert, [`crate::limits::LINES_MAX`] at most.
    pub body: Words,
}

/// An alert in a notification.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// Which.
    pub alert: AlertKey,
    /// Counts the times it began, from 1.
    pub episode: u64,
    /// How bad.
    pub severity: Severity,
    /// The rule's title.
    pub title: Words,
    /// What people call the node.
    pub node_name: String,
    /// What people call the object.
    pub label: String,
    /// What was seen when it fired.
    pub shown: Words,
    /// When it fired.
    pub since: Wall,
    /// What to do.
    pub runbook: Words,
    /// Where more is said.
    pub link: String,
}

/// An alert as others see it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AlertState {
    /// Which.
    pub alert: AlertKey,
    /// How far.
    pub phase: Phase,
    /// How bad.
    pub severity: Severity,
    /// Counts the times it began, from 1.
    pub episode: u64,
    /// When it fired.
    pub since: Wall,
    /// What was seen then.
    pub shown: Words,
    /// Who takes care.
    pub ack: Option<Ack>,
    /// Why nobody is told.
    pub mute: Option<Mute>,
    /// Part of which.
    pub incident: IncidentId,
}
