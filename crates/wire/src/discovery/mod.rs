//! Home Assistant's device discovery: one message a node. Rules of the schema are held by the linter in the tests.

mod entity;
mod renewal;
mod table;
mod tower;

pub use entity::{Entity, Platform};
pub use table::entities;
pub use tower::{ALERT_EVENTS, Tower, WORST};

use serde_json::{Map, Value, json};

use crate::view::Value as Cell;
use crate::{ObjectId, Sample, Topics};

/// Bytes of the whole message: what Home Assistant's and brokers' buffers take without being asked.
pub const DISCOVERY_BYTES_MAX: usize = 64 << 10;
/// Of everything but the entities of objects, at most.
const HEAD_BYTES: usize = 3 << 10;
/// Seconds without `system`, beyond its heartbeat, after which its entities are unavailable: it is told when it changes
/// enough to matter, or at the first reading behind its heartbeat.
const EXPIRY_SECONDS: u64 = 120;

/// What stands for the node in Home Assistant.
#[derive(Clone, Debug, Default)]
pub struct Device {
    /// Display name.
    pub name: String,
    /// Model of the machine; empty where it is not known.
    pub model: String,
    /// Who made it.
    pub manufacturer: String,
    /// Version of the agent.
    pub version: String,
    /// Address of the dashboard; must begin with `http://` or `https://`.
    pub url: String,
    /// Seconds after which an unchanged view is told again.
    pub heartbeat: u64,
}

/// An entity of one object: what is remembered so that it can be removed once the object is gone.
pub type Component = (String, &'static str);

/// One object: its id and any sample of it, for its label.
pub type Object<'a> = (&'a ObjectId, &'a Sample);

/// The message, and the components in it. `gone` are components of the last message that must be removed.
///
/// Where it would be too large, entities that are hidden anyway are left out, last objects first.
#[must_use]
pub fn message(
    topics: &Topics,
    device: &Device,
    objects: &[Object<'_>],
    gone: &[Component],
) -> (String, Vec<Component>) {
    let mut components = Map::new();
    buttons(topics, &mut components);
    // Head and buttons, and the entities that have to be removed.
    let mut size = HEAD_BYTES + gone.iter().map(|(id, _)| id.len() + 30).sum::<usize>();
    for shown in [true, false] {
        for (id, sample) in objects {
            for entity in entities(sample.name()).iter().filter(|entity| entity.shown == shown) {
                let (component, value) = component(topics, device, id, sample, entity);
                let more = component.len() + value.to_string().len() + 4;
                if size + more <= DISCOVERY_BYTES_MAX {
                    size += more;
                    components.insert(component, value);
                }
            }
        }
    }
    let made = components.iter().map(|(id, value)| (id.clone(), platform(value))).collect();
    for (component, platform) in gone {
        components.entry(component).or_insert_with(|| json!({ "p": platform }));
    }
    (root(topics, device, &components).to_string(), made)
}

fn platform(component: &Value) -> &'static str {
    platform_named(component["p"].as_str().unwrap_or_default())
}

/// A platform by its name, as it was remembered.
#[must_use]
pub fn platform_named(name: &str) -> &'static str {
    match name {
        "binary_sensor" => "binary_sensor",
        "button" => "button",
        _ => "sensor",
    }
}

fn root(topics: &Topics, device: &Device, components: &Map<String, Value>) -> Value {
    let mut about = json!({
        "ids": [format!("atalaya_{}", topics.node().as_str())],
        "name": device.name,
        "sw": device.version,
    });
    for (key, value) in [("mf", &device.manufacturer), ("mdl", &device.model), ("cu", &device.url)] {
        if !value.is_empty() {
            about[key] = Value::from(value.as_str());
        }
    }
    json!({
        "dev": about,
        "o": { "name": "atalaya", "sw": device.version },
        "avty": [{ "t": topics.status() }],
        "avty_mode": "all",
        "qos": 1,
        "cmps": components,
    })
}

fn buttons(topics: &Topics, components: &mut Map<String, Value>) {
    for (command, name, icon) in
        [("refresh", "Refresh", "mdi:refresh"), ("backup", "Back up now", "mdi:backup-restore")]
    {
        let value = json!({
            "p": "button",
            "uniq_id": format!("atalaya_{}_{command}", topics.node().as_str()),
            "name": name,
            "cmd_t": topics.command(command),
            "pl_prs": "PRESS",
            "ic": icon,
            "ent_cat": "config",
        });
        components.insert(format!("button_{command}"), value);
    }
}

fn component(topics: &Topics, device: &Device, id: &ObjectId, sample: &Sample, entity: &Entity) -> (String, Value) {
    let suffix = if matches!(entity.platform, Platform::Problem(_)) { "_problem" } else { "" };
    let separator = if id.as_str().is_empty() { "" } else { "_" };
    let component = format!("{}{separator}{}_{}{suffix}", sample.name(), id.as_str(), entity.key);
    let label = label(id, sample);
    let mut value = json!({
        "p": entity.platform.name(),
        "uniq_id": format!("atalaya_{}_{component}", topics.node().as_str()),
        "name": if label.is_empty() { entity.name.to_owned() } else { format!("{label} {}", entity.name) },
        "stat_t": topics.view_named(sample.name(), id),
        "val_tpl": template(entity),
    });
    let texts =
        [("dev_cla", entity.class), ("unit_of_meas", entity.unit), ("stat_cla", entity.state), ("ic", entity.icon)];
    for (key, text) in texts {
        if let Some(text) = text {
            value[key] = Value::from(text);
        }
    }
    if !entity.options.is_empty() {
        value["ops"] = Value::from(entity.options);
    }
    if let Some(digits) = entity.digits {
        value["sug_dsp_prc"] = Value::from(digits);
    }
    if entity.diagnostic {
        value["ent_cat"] = Value::from("diagnostic");
    }
    if !entity.shown {
        value["en"] = Value::from(false);
    }
    if sample.name() == "system" {
        value["exp_aft"] = Value::from(device.heartbeat + EXPIRY_SECONDS);
    }
    (component, value)
}

/// Flags become `ON` and `OFF`; what is unknown, not said or not there becomes `None`, which Home Assistant shows as
/// unknown: that nobody knows is no problem yet.
fn template(entity: &Entity) -> String {
    let key = entity.key;
    match entity.platform {
        Platform::Sensor => format!("{{{{ value_json.{key} }}}}"),
        Platform::Binary => {
            format!(
                "{{{{ None if value_json.{key} | default(none) is none else 'ON' if value_json.{key} else 'OFF' }}}}"
            )
        }
        Platform::Problem(good) => {
            let unknown = format!("value_json.{key} | default('unknown', true) == 'unknown'");
            format!("{{{{ None if {unknown} else 'OFF' if value_json.{key} == '{good}' else 'ON' }}}}")
        }
    }
}

/// What people call the object; nothing for what there is one of. Disks are told apart by their serial numbers, because
/// the kernel's names change.
fn label(id: &ObjectId, sample: &Sample) -> String {
    let of = |key: &str| {
        let at = sample.fields().iter().position(|field| field.key == key)?;
        if let Cell::Text(text) = sample.value(at) { Some(text) } else { None }
    };
    let prefix = match sample {
        Sample::Disk(_) => {
            let serial = of("serial").unwrap_or(id.as_str());
            // Of many of one model the end of the serial number tells which; alone it would tell nothing.
            let Some(model) = of("model").filter(|model| !model.is_empty()) else { return format!("Disk {serial}") };
            let end: String = serial.chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect();
            return format!("Disk {model} {end}");
        }
        Sample::FileSystem(_) => return format!("File system {}", of("mount").unwrap_or(id.as_str())),
        Sample::Backup(_) => return format!("Backup {}", of("job").unwrap_or(id.as_str())),
        Sample::Upkeep(_) => {
            return match (of("name"), of("task")) {
                (Some(name), Some("copy")) => format!("Upkeep {name} copy to {}", of("repo").unwrap_or(id.as_str())),
                (Some(name), Some(task)) => format!("Upkeep {name} {task}"),
                _ => format!("Upkeep {}", id.as_str()),
            };
        }
        Sample::Policy(_) => return format!("Copies of {}", of("job").unwrap_or(id.as_str())),
        Sample::Store(_) => return format!("Store {}", of("repo").unwrap_or(id.as_str())),
        Sample::Dns(_) => return format!("DNS {}", of("host").unwrap_or(id.as_str())),
        Sample::NoIp(_) => return format!("No-IP {}", of("host").unwrap_or(id.as_str())),
        Sample::Cert(_) => "Certificate",
        Sample::Raid(_) => "RAID",
        Sample::Net(_) => "Network",
        Sample::Ups(_) => "UPS",
        Sample::Log(_) => "Log",
        Sample::Service(_) => "",
        _ => return String::new(),
    };
    format!("{prefix} {}", of("name").unwrap_or(id.as_str())).trim().to_owned()
}

#[cfg(test)]
mod lint;
#[cfg(test)]
mod tests;
