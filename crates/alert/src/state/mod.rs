//! What the engine remembers between two steps: everything, so that a state that went through text goes on as if nothing
//! had happened.

mod incident;
mod node;
mod packed;
mod track;

pub(crate) use incident::cut;
pub use incident::{Entry, Incident, Stage, What};
pub(crate) use node::Thing;
pub use node::{Node, Presence};
pub use track::{Ack, Mute, Phase};
pub(crate) use track::{Open, Track};

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::action::{AlertState, Part};
use crate::event::Quiet;
use crate::ids::{AlertKey, IncidentId, NodeId, QuietId};
use crate::rule::Severity;
use crate::time::{Clock, Moment};

/// All of it. Serialised as a whole, or by [`Part`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    pub(crate) head: Head,
    pub(crate) nodes: BTreeMap<NodeId, Node>,
    pub(crate) incidents: BTreeMap<IncidentId, Incident>,
}

/// What belongs to no node. Saved with every other part, so that no part is ever newer than the clock.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Head {
    pub(crate) clock: Clock,
    pub(crate) quiets: BTreeMap<QuietId, Quiet>,
    /// Of all incidents that ever were.
    pub(crate) incidents: u64,
    /// Of all episodes that ever were.
    pub(crate) episodes: u64,
    /// Alerts that are open.
    pub(crate) open: usize,
    /// Alerts that wait for room, as of this tick.
    pub(crate) waiting: u64,
    /// When people were last told so.
    pub(crate) full: Option<Moment>,
    /// When much was last told at once, and how bad it was.
    #[serde(default)]
    pub(crate) storm: Option<(Moment, Severity)>,
}

/// A part of the state, to be written.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Stored<'a> {
    /// See [`Part::Head`].
    Head(&'a Head),
    /// See [`Part::Node`].
    Node(&'a Node),
    /// See [`Part::Incident`].
    Incident(&'a Incident),
}

impl State {
    /// A part, to be written; `None` if it is no more, and what was written of it is to be removed.
    #[must_use]
    pub fn part(&self, part: &Part) -> Option<Stored<'_>> {
        match part {
            Part::Head => Some(Stored::Head(&self.head)),
            Part::Node(id) => self.nodes.get(id).map(Stored::Node),
            Part::Incident(id) => self.incidents.get(id).map(Stored::Incident),
        }
    }

    /// From the parts that were saved. When each object was last heard of is not among what is saved at once, so all of
    /// them get a new respite.
    #[must_use]
    pub fn from_parts(
        head: Head,
        nodes: impl IntoIterator<Item = (NodeId, Node)>,
        incidents: impl IntoIterator<Item = (IncidentId, Incident)>,
    ) -> Self {
        let mut state = Self { head, nodes: nodes.into_iter().collect(), incidents: incidents.into_iter().collect() };
        let now = state.head.clock.moment;
        for thing in state.nodes.values_mut().flat_map(|node| node.things.values_mut()) {
            thing.seen = now;
            thing.tracks.values_mut().for_each(|track| track.flips = None);
        }
        state
    }

    /// Every alert that is open: firing, recovering, or over but not told yet.
    pub fn alerts(&self) -> impl Iterator<Item = AlertState> {
        let things =
            self.nodes.iter().flat_map(|(id, node)| node.things.iter().map(move |(object, thing)| (id, object, thing)));
        things.flat_map(|(node, object, thing)| {
            thing.tracks.iter().filter_map(move |(rule, track)| {
                let key = AlertKey { node: node.clone(), object: object.clone(), rule: rule.clone() };
                track.open.as_ref().map(|open| open.state(key, track.phase))
            })
        })
    }

    /// Every incident that is remembered, the oldest first.
    pub fn incidents(&self) -> impl Iterator<Item = &Incident> {
        self.incidents.values()
    }

    /// Silences and maintenance windows.
    pub fn quiets(&self) -> impl Iterator<Item = &Quiet> {
        self.head.quiets.values()
    }

    /// What was said of a node; `None` of one that is only known of.
    #[must_use]
    pub fn presence(&self, node: &NodeId) -> Option<Presence> {
        self.nodes.get(node).filter(|node| !node.unheard).map(|node| node.presence)
    }

    pub(crate) fn track(&mut self, key: &AlertKey) -> Option<&mut Track> {
        self.nodes.get_mut(&key.node)?.things.get_mut(&key.object)?.tracks.get_mut(&key.rule)
    }
}
