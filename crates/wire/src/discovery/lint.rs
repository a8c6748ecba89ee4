//! The rules of Home Assistant's schema that a wrong message breaks in silence, as far as our messages can break them.
//! Sources: Home Assistant 2026.11, `mqtt/schemas.py`, `sensor/const.py`, `mqtt/sensor.py`; tried against a live one.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::DISCOVERY_BYTES_MAX;

const ROOT: &[&str] = &["dev", "o", "cmps", "avty", "avty_mode", "qos"];
const DEVICE: &[&str] = &["ids", "cns", "name", "mf", "mdl", "mdl_id", "hw", "sw", "sn", "sa", "cu"];
const SENSOR: &[&str] = &[
    "p",
    "uniq_id",
    "name",
    "stat_t",
    "val_tpl",
    "dev_cla",
    "unit_of_meas",
    "stat_cla",
    "ic",
    "ops",
    "sug_dsp_prc",
    "ent_cat",
    "en",
    "exp_aft",
    "def_ent_id",
    "json_attr_t",
];
const BINARY: &[&str] =
    &["p", "uniq_id", "name", "stat_t", "val_tpl", "dev_cla", "ic", "ent_cat", "en", "exp_aft", "def_ent_id"];
const BUTTON: &[&str] = &["p", "uniq_id", "name", "cmd_t", "pl_prs", "ic", "ent_cat", "en", "dev_cla"];
const EVENT: &[&str] = &["p", "uniq_id", "name", "stat_t", "evt_typ", "ic", "dev_cla", "ent_cat", "en"];
const BINARY_CLASSES: &[&str] = &["problem", "connectivity", "running", "update", "battery", "tamper", "heat", "power"];
const UNITS: &[(&str, &[&str])] = &[
    ("temperature", &["°C", "°F", "K"]),
    ("data_size", &["bit", "B", "kB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "TiB"]),
    ("data_rate", &["B/s", "kB/s", "MB/s", "KiB/s", "MiB/s", "bit/s"]),
    ("duration", &["d", "h", "min", "s", "ms"]),
    ("battery", &["%"]),
    ("voltage", &["V", "mV"]),
];

/// Everything that is wrong with a message.
pub(super) fn lint(message: &str) -> Vec<String> {
    let mut out = Vec::new();
    if message.len() > DISCOVERY_BYTES_MAX {
        out.push(format!("{} bytes", message.len()));
    }
    let Ok(Value::Object(root)) = serde_json::from_str(message) else { return vec!["no JSON object".into()] };
    known(&root, ROOT, "root", &mut out);
    match root.get("dev").and_then(Value::as_object) {
        Some(device) => check_device(device, &mut out),
        None => out.push("no device".into()),
    }
    if root.get("o").and_then(|o| o.get("name")).and_then(Value::as_str).is_none_or(str::is_empty) {
        out.push("origin without a name".into());
    }
    let Some(components) = root.get("cmps").and_then(Value::as_object) else { return vec!["no components".into()] };
    let mut unique = BTreeSet::new();
    let mut names = BTreeSet::new();
    for (id, value) in components {
        let Some(component) = value.as_object() else { return vec![format!("{id} is no object")] };
        if !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-') {
            out.push(format!("{id}: id"));
        }
        // A platform alone removes the component.
        if component.len() == 1 && component.contains_key("p") {
            continue;
        }
        let platform = text(component, "p");
        if !unique.insert((platform, text(component, "uniq_id"))) || text(component, "uniq_id").is_empty() {
            out.push(format!("{id}: uniq_id"));
        }
        if !names.insert((platform, text(component, "name"))) {
            out.push(format!("{id}: name {:?} is taken", text(component, "name")));
        }
        out.extend(check_component(component).into_iter().map(|what| format!("{id}: {what}")));
    }
    out
}

fn check_device(device: &Map<String, Value>, out: &mut Vec<String>) {
    known(device, DEVICE, "device", out);
    if device.get("ids").is_none() && device.get("cns").is_none() {
        out.push("a device without identifiers".into());
    }
    let url = text(device, "cu");
    if !url.is_empty() && !["http://", "https://", "homeassistant://"].iter().any(|scheme| url.starts_with(scheme)) {
        out.push("configuration_url".into());
    }
    if device.values().any(|value| value == "") {
        out.push("empty device text".into());
    }
}

fn check_component(component: &Map<String, Value>) -> Vec<String> {
    let mut out = Vec::new();
    let has = |key: &str| component.contains_key(key);
    if text(component, "name").is_empty() || text(component, "name").len() > 200 {
        out.push("name".into());
    }
    if has("ic") && !text(component, "ic").starts_with("mdi:") {
        out.push("icon".into());
    }
    match text(component, "p") {
        "sensor" => check_sensor(component, &mut out),
        "binary_sensor" => {
            known(component, BINARY, "binary_sensor", &mut out);
            // A key that is null or not there would be told as off or as a problem.
            if !["default(none) is none", "default('unknown', true)"]
                .iter()
                .any(|rule| text(component, "val_tpl").contains(rule))
            {
                out.push("a template that knows no unknown".into());
            }
            if has("dev_cla") && !BINARY_CLASSES.contains(&text(component, "dev_cla")) {
                out.push("device_class".into());
            }
        }
        "button" => known(component, BUTTON, "button", &mut out),
        "event" => {
            known(component, EVENT, "event", &mut out);
            if component.get("evt_typ").and_then(Value::as_array).is_none_or(|types| types.is_empty()) {
                out.push("an event without types".into());
            }
        }
        other => out.push(format!("platform {other}")),
    }
    let topic = if text(component, "p") == "button" { "cmd_t" } else { "stat_t" };
    if text(component, topic).is_empty() || text(component, topic).contains(['+', '#']) {
        out.push(topic.into());
    }
    let category = text(component, "ent_cat");
    let allowed = if topic == "cmd_t" { ["", "config", "diagnostic"] } else { ["", "", "diagnostic"] };
    if !allowed.contains(&category) {
        out.push(format!("entity_category {category}"));
    }
    out
}

fn check_sensor(component: &Map<String, Value>, out: &mut Vec<String>) {
    known(component, SENSOR, "sensor", out);
    let (class, unit) = (text(component, "dev_cla"), text(component, "unit_of_meas"));
    let has = |key: &str| component.contains_key(key);
    match class {
        "" => {}
        "enum" if has("stat_cla") || has("unit_of_meas") => out.push("an enum with a unit or a state class".into()),
        "enum" if component.get("ops").and_then(Value::as_array).is_none_or(|ops| ops.is_empty()) => {
            out.push("an enum without options".into());
        }
        "timestamp" if has("unit_of_meas") || has("stat_cla") || has("sug_dsp_prc") => {
            out.push("a timestamp with a unit".into())
        }
        "enum" | "timestamp" => {}
        _ => match UNITS.iter().find(|(name, _)| *name == class) {
            Some((_, units)) if units.contains(&unit) => {}
            _ => out.push(format!("{class} in {unit:?}")),
        },
    }
    if has("ops") && class != "enum" {
        out.push("options without an enum".into());
    }
    if has("stat_cla") && text(component, "stat_cla") != "measurement" {
        out.push("state_class".into());
    }
}

fn known(object: &Map<String, Value>, keys: &[&str], what: &str, out: &mut Vec<String>) {
    out.extend(object.keys().filter(|key| !keys.contains(&key.as_str())).map(|key| format!("{what}: {key}")));
}

fn text<'a>(object: &'a Map<String, Value>, key: &str) -> &'a str {
    object.get(key).and_then(Value::as_str).unwrap_or_default()
}
