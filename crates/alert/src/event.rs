//! What happens to the engine.

use serde::{Deserialize, Serialize};

use crate::ids::{AlertKey, IncidentId, NodeId, Object, QuietId};
use crate::rule::{Severity, glob};
use crate::state::Stage;
use crate::time::{Moment, Wall};
use crate::value::Values;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A view of an object, the newest there is: what is back-filled later is history and must not come here.
    Sample {
        /// Whose.
        node: NodeId,
        /// Of what.
        object: Object,
        /// What it says.
        values: Values,
        /// When it was read, by the node's own clock.
        at: Wall,
    },
    /// The node is connected. A sample says so as well.
    Online(NodeId),
    /// Its last will came, or it said goodbye.
    Offline(NodeId),
    /// It is connected as far as the broker knows, but says nothing.
    Silent(NodeId),
    /// An object that is not watched any more; without an object the whole node.
    Gone {
        /// Whose.
        node: NodeId,
        /// What; `None` for the node itself.
        object: Option<Object>,
    },
    /// What stands between a node and the sidecar, so that its absence explains this one's.
    Parent {
        /// The node behind.
        node: NodeId,
        /// The one in front; `None` for nothing.
        parent: Option<NodeId>,
    },
    /// Time passes.
    Tick,
    /// Somebody takes care.
    Acknowledge {
        /// Of what.
        what: Target,
        /// Who.
        who: String,
        /// What they said.
        note: String,
    },
    /// A silence or a maintenance window begins, or one of the same id is changed.
    Quiet(Quiet),
    /// It ends before its time.
    EndQuiet(QuietId),
    /// Into an incident's timeline.
    Note {
        /// Which.
        incident: IncidentId,
        /// Who wrote it.
        who: String,
        /// What.
        text: String,
        /// How far the incident is, if that changes.
        stage: Option<Stage>,
    },
}

/// What an acknowledgement is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// One alert.
    Alert(AlertKey),
    /// All that are open in an incident.
    Incident(IncidentId),
}

/// A time in which what matches is not told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quiet {
    /// Made by the caller; the same id again changes it.
    pub id: QuietId,
    /// Work that was planned, rather than noise that somebody keeps off.
    pub maintenance: bool,
    /// What it is about.
    pub matcher: Matcher,
    /// When it ends, by the wall clock.
    pub until: Wall,
    /// Who wants it.
    pub who: String,
    /// Why.
    pub why: String,
    /// When it ends by the engine's clock; set by the engine.
    #[serde(default)]
    pub ends: Moment,
}

/// Which alerts: every part that is there must match. `*` stands for anything, at the end or the beginning.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matcher {
    /// The node's id.
    pub node: Option<String>,
    /// View and id, such as `fs/media`.
    pub object: Option<String>,
    /// The rule.
    pub rule: Option<String>,
    /// This severity and those below.
    pub severity: Option<Severity>,
}

impl Matcher {
    /// Whether it is about this alert.
    #[must_use]
    pub fn matches(&self, key: &AlertKey, severity: Severity) -> bool {
        let fits = |pattern: &Option<String>, text: &str| pattern.as_ref().is_none_or(|pattern| glob(pattern, text));
        fits(&self.node, key.node.as_str())
            && fits(&self.object, key.object.as_str())
            && fits(&self.rule, key.rule.as_str())
            && self.severity.is_none_or(|most| severity <= most)
    }
}
