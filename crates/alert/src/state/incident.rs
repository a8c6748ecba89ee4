//! Alerts that belong together, and what happened to them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::action::Kind;
use crate::ids::{AlertKey, IncidentId, NodeId};
use crate::limits::{TEXT_BYTES_MAX, TIMELINE_FIRST, TIMELINE_MAX};
use crate::rule::Severity;
use crate::time::{Moment, Wall};

/// How far an incident is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// It began.
    #[default]
    Detected,
    /// Somebody knows how bad it is.
    Classified,
    /// Somebody knows why.
    Analysed,
    /// No alert of it fires any more.
    Solved,
    /// It stays so.
    Verified,
    /// What was learned is written down.
    Documented,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// An alert fired.
    Fired(AlertKey),
    /// One ended.
    Resolved(AlertKey),
    /// Somebody takes care of one.
    Acknowledged(AlertKey),
    /// People were told.
    Told {
        /// Why.
        kind: Kind,
        /// Whom.
        to: String,
        /// The notification's id.
        id: String,
    },
    /// Somebody wrote something.
    Note,
    /// It is further, or came back.
    Stage(Stage),
}

/// A line of the timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Numbers the lines of an incident: the order, whatever clocks say.
    pub number: u64,
    /// When.
    pub at: Wall,
    /// What.
    pub what: What,
    /// By whom; empty for the engine.
    pub who: String,
    /// Their words.
    pub text: String,
}

/// Alerts that came together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Numbers it.
    pub id: IncidentId,
    /// Where.
    pub node: NodeId,
    /// When it began.
    pub began: Wall,
    /// The highest of its alerts.
    pub severity: Severity,
    /// How far it is.
    pub stage: Stage,
    /// All alerts that it ever had.
    pub alerts: BTreeSet<AlertKey>,
    /// Those that fire.
    pub firing: BTreeSet<AlertKey>,
    /// What happened; see [`crate::limits::TIMELINE_MAX`].
    pub timeline: Vec<Entry>,
    /// Lines that had to make room.
    pub left_out: u64,
    /// When an alert of it last began or ended.
    pub(crate) last: Moment,
    pub(crate) solved: Option<Moment>,
    /// Since when something is owed.
    pub(crate) waiting: Option<Moment>,
    /// When people were last told.
    pub(crate) flushed: Option<Moment>,
    /// The highest severity that they were told.
    pub(crate) told: Option<Severity>,
}

impl Incident {
    pub(crate) fn new(id: IncidentId, node: NodeId, began: Wall, severity: Severity, now: Moment) -> Self {
        Self {
            id,
            node,
            began,
            severity,
            stage: Stage::Detected,
            alerts: BTreeSet::new(),
            firing: BTreeSet::new(),
            timeline: Vec::new(),
            left_out: 0,
            last: now,
            solved: None,
            waiting: None,
            flushed: None,
            told: None,
        }
    }

    /// Adds a line and returns it.
    pub(crate) fn write(&mut self, at: Wall, what: What, who: &str, text: &str) -> Entry {
        if self.timeline.len() >= TIMELINE_MAX {
            self.timeline.remove(TIMELINE_FIRST);
            self.left_out += 1;
        }
        let number = self.timeline.last().map_or(1, |last| last.number + 1);
        let entry = Entry { number, at, what, who: cut(who), text: cut(text) };
        self.timeline.push(entry.clone());
        entry
    }
}

/// As much of it as is kept, ending at a character.
pub(crate) fn cut(text: &str) -> String {
    let mut end = text.len().min(TEXT_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.chars()
        .take(text.get(..end).unwrap_or_default().chars().count())
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
