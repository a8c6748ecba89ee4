//! MQTT: the sidecar's own connection sends it; here it has settings and a turn like every other channel.

use serde::Deserialize;

/// There is nothing to set: connection and topic are the sidecar's.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {}
