//! Rules, alerts, incidents and notifications: what was and what happened in, what to do out. Nothing here reads a
//! clock or does I/O; `docs/alerts.md` says what each event does.
//!
//! The caller commits the parts of the state named by [`Action::Save`] together with the other actions, and acts on
//! those after that.

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod action;
mod engine;
mod event;
mod ids;
pub mod limits;
pub mod own;
pub mod rule;
mod state;
mod time;
mod value;
pub mod words;

pub use action::{Action, AlertState, Kind, Notification, Part, Refused, Told};
pub use engine::Engine;
pub use event::{Event, Matcher, Quiet, Target};
pub use ids::{AlertKey, IncidentId, NodeId, Object, QuietId, RuleId};
pub use rule::{Rules, Severity};
pub use state::{Ack, Entry, Head, Incident, Mute, Node, Phase, Presence, Stage, State, Stored, What};
pub use time::{Moment, Wall};
pub use value::{Value, Values};
