//! The sidecar's own message beside a node's: the same device, with what only the sidecar knows. Its entities stay when the
//! node goes, because that is when they matter.

use serde_json::{Value, json};

use crate::NodeId;

/// How grave alerts are, the least first; before them that there is none.
pub const WORST: [&str; 5] = ["none", "low", "medium", "high", "critical"];
/// What is told of an alert.
pub const ALERT_EVENTS: [&str; 2] = ["firing", "resolved"];

/// Where a node's alerts are told, and how the sidecar is known there.
#[derive(Clone, Copy, Debug)]
pub struct Tower<'a> {
    /// Before all topics.
    pub prefix: &'a str,
    /// The sidecar's id in topics, with its underscore.
    pub id: &'a str,
    /// Its version.
    pub version: &'a str,
}

impl Tower<'_> {
    /// The state of a node's alerts; retained.
    #[must_use]
    pub fn state(&self, node: &NodeId) -> String {
        format!("{}/{}/node/{}", self.prefix, self.id, node.as_str())
    }

    /// Alerts of a node as they begin and end; not retained.
    #[must_use]
    pub fn alert(&self, node: &NodeId) -> String {
        format!("{}/alert", self.state(node))
    }

    /// Where the message goes below Home Assistant's `prefix`; retained.
    #[must_use]
    pub fn discovery(&self, prefix: &str, node: &NodeId) -> String {
        format!("{prefix}/device/atalaya_{}_tower/config", node.as_str())
    }

    /// The message. The agent's says all else of the device.
    #[must_use]
    pub fn message(&self, node: &NodeId) -> String {
        let id = |name: &str| format!("atalaya_{}_tower_{name}", node.as_str());
        let state = self.state(node);
        let components = json!({
            "tower_problem": {
                "p": "binary_sensor", "uniq_id": id("problem"), "name": "Alert", "stat_t": state, "dev_cla": "problem",
                "val_tpl": "{{ None if value_json.problem | default(none) is none else 'ON' if value_json.problem else 'OFF' }}",
            },
            "tower_open": {
                "p": "sensor", "uniq_id": id("open"), "name": "Open alerts", "stat_t": state,
                "val_tpl": "{{ value_json.open }}", "stat_cla": "measurement", "ic": "mdi:bell-alert", "sug_dsp_prc": 0,
            },
            "tower_worst": {
                "p": "sensor", "uniq_id": id("worst"), "name": "Gravest alert", "stat_t": state, "dev_cla": "enum",
                "ops": WORST, "val_tpl": "{{ value_json.worst }}",
            },
            "tower_alert": {
                "p": "event", "uniq_id": id("alert"), "name": "Alert told", "stat_t": self.alert(node),
                "evt_typ": ALERT_EVENTS, "ic": "mdi:bell",
            },
        });
        let message = json!({
            "dev": { "ids": [format!("atalaya_{}", node.as_str())] },
            "o": { "name": "atalaya-sidecar", "sw": self.version },
            "avty": [{ "t": format!("{}/{}/status", self.prefix, self.id) }],
            "qos": 1,
            "cmps": components,
        });
        Value::to_string(&message)
    }
}

#[cfg(test)]
mod tests {
    use super::super::lint::lint;
    use super::*;

    #[test]
    fn nothing_that_home_assistant_rejects_and_the_same_device() {
        let (tower, node) = (Tower { prefix: "atalaya", id: "_sidecar", version: "0.1.0" }, "nas-1".parse().unwrap());
        let message = tower.message(&node);
        assert_eq!(lint(&message), Vec::<String>::new());
        let json: Value = serde_json::from_str(&message).unwrap();
        assert_eq!(json["dev"], json!({ "ids": ["atalaya_nas-1"] }));
        assert_eq!(json["avty"][0]["t"], "atalaya/_sidecar/status");
        assert_eq!(json["cmps"]["tower_open"]["stat_t"], "atalaya/_sidecar/node/nas-1");
        assert_eq!(json["cmps"]["tower_alert"]["stat_t"], "atalaya/_sidecar/node/nas-1/alert");
        assert_eq!(tower.discovery("homeassistant", &node), "homeassistant/device/atalaya_nas-1_tower/config");
    }
}
