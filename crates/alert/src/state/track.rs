//! How far a rule is with an object.

use serde::{Deserialize, Serialize};

use crate::action::{AlertState, Kind};
use crate::ids::{AlertKey, IncidentId, QuietId, RuleId};
use crate::rule::{Point, Severity, Truth, Words};
use crate::time::{Moment, Timer, Wall};

/// How far an alert is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// There is none, or it is over.
    #[default]
    #[serde(rename = "resolved")]
    Idle,
    /// The condition holds, but not for long enough.
    Pending,
    /// It is one.
    Firing,
    /// The recovery condition holds, but not for long enough.
    Recovering,
}

impl Phase {
    /// Whether people should know of it.
    #[must_use]
    pub const fn fires(self) -> bool {
        matches!(self, Self::Firing | Self::Recovering)
    }
}

/// Why nobody is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mute {
    /// Somebody silenced it.
    Silence(QuietId),
    /// Work was planned.
    Maintenance(QuietId),
    /// Another alert explains it.
    Depends(RuleId),
    /// The rule is only for show.
    Unrouted,
}

/// Who takes care.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    /// Who.
    pub who: String,
    /// Since when.
    pub at: Wall,
    /// What they said.
    pub note: String,
}

/// A rule and an object. Kept only while there is something to remember.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Track {
    pub(crate) phase: Phase,
    /// Of the condition that decides in this phase: `when` before it fires, `clear` after.
    pub(crate) truth: Truth,
    pub(crate) timer: Timer,
    /// What the value was; only for rules that ask.
    pub(crate) history: Vec<Point>,
    /// When `when` will hold if nothing new is heard; only for rules about ages.
    pub(crate) flips: Option<Moment>,
    /// What people call the object and what was last seen of it, for when it fires.
    pub(crate) face: Option<Box<(String, Words)>>,
    /// How often it came back soon after its end.
    pub(crate) flaps: u32,
    pub(crate) ended: Option<Moment>,
    /// While it fires, and until its end was told.
    pub(crate) open: Option<Box<Open>>,
}

/// An alert that is open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Open {
    pub(crate) episode: u64,
    pub(crate) severity: Severity,
    pub(crate) incident: IncidentId,
    pub(crate) since: Wall,
    pub(crate) label: String,
    pub(crate) shown: Words,
    pub(crate) title: Words,
    pub(crate) ack: Option<Ack>,
    /// It was acknowledged when it ended: should it come back, people are told although they knew of it.
    pub(crate) cared: bool,
    /// When it was last told.
    pub(crate) told: Option<Moment>,
    /// From when escalation counts.
    pub(crate) told_first: Moment,
    pub(crate) told_to: Vec<String>,
    /// Counts notifications.
    pub(crate) tellings: u64,
    /// What is owed.
    pub(crate) say: Option<Kind>,
    pub(crate) mute: Option<Mute>,
    /// What last hid it while it fired, until that was announced.
    pub(crate) hush: Option<Mute>,
    /// Escalation steps that were taken.
    pub(crate) steps: usize,
}

impl Open {
    pub(crate) fn state(&self, alert: AlertKey, phase: Phase) -> AlertState {
        AlertState {
            alert,
            phase: if phase.fires() { phase } else { Phase::Idle },
            severity: self.severity,
            episode: self.episode,
            since: self.since,
            shown: self.shown.clone(),
            ack: self.ack.clone(),
            mute: self.mute.clone(),
            incident: self.incident,
        }
    }
}
