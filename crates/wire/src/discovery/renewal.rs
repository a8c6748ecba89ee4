//! What expires, for Home Assistant: a device of its own, an entity for each thing, and a link to where people decide. There
//! is no button: one that is pressed proves no person.

use serde_json::{Value, json};

use super::Tower;
use crate::ObjectId;

impl Tower<'_> {
    /// The state of something that expires; retained.
    #[must_use]
    pub fn renewal(&self, item: &ObjectId) -> String {
        format!("{}/{}/renewal/{}", self.prefix, self.id, item.as_str())
    }

    /// How all of it stands; retained.
    #[must_use]
    pub fn renewals(&self) -> String {
        format!("{}/{}/renewals", self.prefix, self.id)
    }

    /// Where the message about all of it goes below Home Assistant's `prefix`; retained.
    #[must_use]
    pub fn renewals_discovery(&self, prefix: &str) -> String {
        format!("{prefix}/device/atalaya{}_renewals/config", self.id)
    }

    /// Where the message about one thing goes; retained, and empty when it is gone.
    #[must_use]
    pub fn renewal_discovery(&self, prefix: &str, item: &ObjectId) -> String {
        format!("{prefix}/device/atalaya{}_renewal_{}/config", self.id, item.as_str())
    }

    /// The message about all of it. `url` is where people decide.
    #[must_use]
    pub fn renewals_message(&self, url: Option<&str>) -> String {
        let id = |name: &str| format!("atalaya{}_renewals_{name}", self.id);
        let mut device = self.renewals_device();
        if let Some(url) = url {
            device["cu"] = format!("{url}/renewals").into();
        }
        let count = |name: &str, key: &str| {
            json!({
                "p": "sensor", "uniq_id": id(key), "name": name, "stat_t": self.renewals(),
                "val_tpl": format!("{{{{ value_json.{key} }}}}"), "stat_cla": "measurement", "sug_dsp_prc": 0,
            })
        };
        let components = json!({
            "waiting": count("Purchases to approve", "waiting"),
            "due": count("To be renewed", "due"),
            "unknown": count("End not known", "unknown"),
        });
        self.about(&device, &components)
    }

    /// The message about one thing, by its name for people. `standings` are all words that its topic may have: Home Assistant
    /// refuses others, and goes on showing the one before.
    #[must_use]
    pub fn renewal_message(&self, item: &ObjectId, name: &str, standings: &[&str]) -> String {
        let id = |what: &str| format!("atalaya{}_renewal_{}_{what}", self.id, item.as_str());
        let state = self.renewal(item);
        let components = json!({
            "standing": {
                "p": "sensor", "uniq_id": id("standing"), "name": name, "stat_t": state, "dev_cla": "enum",
                "ops": standings, "val_tpl": "{{ value_json.standing }}", "json_attr_t": state,
            },
            "ends": {
                "p": "sensor", "uniq_id": id("ends"), "name": format!("{name} ends"), "stat_t": state, "dev_cla": "timestamp",
                "val_tpl": "{{ value_json.ends }}",
            },
            "problem": {
                "p": "binary_sensor", "uniq_id": id("problem"), "name": format!("{name} needs somebody"), "stat_t": state,
                "dev_cla": "problem",
                "val_tpl": "{{ None if value_json.problem | default(none) is none else 'ON' if value_json.problem else 'OFF' }}",
            },
        });
        self.about(&self.renewals_device(), &components)
    }

    /// With its name in each message: whichever comes first makes the device, and of one without a name Home Assistant makes
    /// entities such as `sensor.none_domain_example_com`.
    fn renewals_device(&self) -> Value {
        json!({ "ids": [format!("atalaya{}_renewals", self.id)], "name": "Atalaya renewals" })
    }

    fn about(&self, device: &Value, components: &Value) -> String {
        let message = json!({
            "dev": device,
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
    fn nothing_that_home_assistant_rejects_and_nothing_to_press() {
        let tower = Tower { prefix: "atalaya", id: "_sidecar", version: "0.1.0" };
        let item = ObjectId::of("domain_example.com");
        let (one, all) = (
            tower.renewal_message(&item, "domain example.com", &["fine", "over"]),
            tower.renewals_message(Some("https://nas.lan")),
        );
        for message in [&one, &all] {
            assert_eq!(lint(message), Vec::<String>::new());
            assert!(!message.contains("button") && !message.contains("cmd_t"));
            let json: Value = serde_json::from_str(message).unwrap();
            assert_eq!(json["dev"]["name"], "Atalaya renewals");
        }
        let json: Value = serde_json::from_str(&all).unwrap();
        assert_eq!(json["dev"]["cu"], "https://nas.lan/renewals");
        assert!(tower.renewal(&item).starts_with("atalaya/_sidecar/renewal/domain_example_com-"));
        assert_eq!(tower.renewals_discovery("homeassistant"), "homeassistant/device/atalaya_sidecar_renewals/config");
    }
}
