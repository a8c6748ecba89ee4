//! A node and what it has.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::packed::Packed;
use super::track::Track;
use crate::ids::{IncidentId, NodeId, Object, RuleId};
use crate::time::Moment;

/// Whether a node is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// Connected.
    #[default]
    Online,
    /// Not connected.
    Offline,
    /// Connected, but nothing comes.
    Silent,
}

impl Presence {
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Offline => "offline",
            Self::Silent => "silent",
        }
    }
}

/// A node. What is in it is the engine's.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// What people call it, once it said so.
    pub(crate) name: Option<String>,
    pub(crate) presence: Presence,
    /// Nobody ever said whether it is there: it is only known of. Its rules are asked as if it were.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) unheard: bool,
    pub(crate) parent: Option<NodeId>,
    /// It was retired, and goes when all was told.
    pub(crate) gone: bool,
    pub(crate) things: Packed<Object, Thing>,
    /// The incident that was last begun, by what it gathers: nothing for the node, or an object.
    pub(crate) groups: BTreeMap<String, IncidentId>,
}

/// An object of a node, or the node itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Thing {
    pub(crate) seen: Moment,
    /// It is not watched any more, and goes when all was told.
    pub(crate) gone: bool,
    pub(crate) tracks: Packed<RuleId, Track>,
}
