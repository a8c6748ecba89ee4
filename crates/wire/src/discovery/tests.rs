use super::lint::lint;
use super::*;
use crate::text;
use crate::view::{Backup, Disk, FileSystem, KINDS, Raid, System};

fn topics() -> Topics {
    Topics::new("atalaya", "0123456789abcdef".parse().unwrap()).unwrap()
}

fn device() -> Device {
    let text = |words: &str| words.to_owned();
    Device {
        name: text("Basement NAS"),
        model: text("TS-233"),
        version: text("0.1.0"),
        heartbeat: 900,
        ..Device::default()
    }
}

fn disk(n: usize) -> (ObjectId, Sample) {
    let serial = format!("WD-WCC4E{n:07}");
    let disk = Disk { model: Some(text("WDC WD40EFRX-68N32N0")), serial: Some(text(&serial)), ..Disk::default() };
    (ObjectId::of(&serial), disk.into())
}

fn everything() -> Vec<(ObjectId, Sample)> {
    let mut all: Vec<(ObjectId, Sample)> = KINDS
        .iter()
        .map(|kind| {
            let empty = Sample::decode(kind.kind, &vec![0; kind.fields.len()]).unwrap().unwrap();
            (
                if ["system", "updates", "auth"].contains(&kind.name) { ObjectId::only() } else { ObjectId::of("x") },
                empty,
            )
        })
        .collect();
    all.push((
        ObjectId::of("/srv/photos"),
        FileSystem { mount: Some(text("/srv/photos")), ..FileSystem::default() }.into(),
    ));
    all.push((ObjectId::of("photos"), Backup { job: Some(text("photos")), ..Backup::default() }.into()));
    all.push(disk(1));
    all
}

fn made(objects: &[(ObjectId, Sample)], gone: &[Component]) -> (String, Vec<Component>) {
    let objects: Vec<Object<'_>> = objects.iter().map(|(id, sample)| (id, sample)).collect();
    message(&topics(), &device(), &objects, gone)
}

#[test]
fn nothing_that_home_assistant_rejects() {
    let (message, components) = made(&everything(), &[("gone_x".into(), "sensor")]);
    assert_eq!(lint(&message), Vec::<String>::new());
    let json: Value = serde_json::from_str(&message).unwrap();
    assert_eq!(json["cmps"]["gone_x"], json!({ "p": "sensor" }));
    assert!(components.iter().all(|(id, _)| id != "gone_x"));
    assert_eq!(
        json["cmps"][format!("fs_{}_used_percent", ObjectId::of("/srv/photos").as_str())]["name"],
        "File system /srv/photos used"
    );
    assert_eq!(json["cmps"]["disk_WD-WCC4E0000001_health_problem"]["name"], "Disk WDC WD40EFRX-68N32N0 0001 health");
    assert_eq!(json["cmps"]["system_cpu_percent"]["exp_aft"], 1020);
    assert!(json["cmps"]["disk_WD-WCC4E0000001_temperature_celsius"]["exp_aft"].is_null());
}

#[test]
fn what_nobody_knows_is_no_problem() {
    let (message, _) = made(&everything(), &[]);
    let json: Value = serde_json::from_str(&message).unwrap();
    let template = |id: &str| json["cmps"][id]["val_tpl"].as_str().unwrap_or_default().to_owned();
    // Tried with Jinja: ok, something else, 'unknown', null, and a key that is not there.
    assert_eq!(
        template("noip_x_state_problem"),
        "{{ None if value_json.state | default('unknown', true) == 'unknown' else 'OFF' if value_json.state == 'ok' else 'ON' }}"
    );
    assert_eq!(
        template("service_x_up"),
        "{{ None if value_json.up | default(none) is none else 'ON' if value_json.up else 'OFF' }}"
    );
}

#[test]
fn every_key_is_one_of_its_view() {
    for kind in KINDS {
        for entity in entities(kind.name) {
            let field = kind.fields.iter().find(|field| field.key == entity.key);
            let field = field.unwrap_or_else(|| panic!("{} {}", kind.name, entity.key));
            let fits = match entity.platform {
                Platform::Binary => field.shape == "true or false",
                Platform::Problem(_) => field.shape == "text",
                Platform::Sensor => (field.shape == "text") == (entity.unit.is_none() && entity.state.is_none()),
            };
            assert!(fits, "{} {}", kind.name, entity.key);
        }
    }
}

#[test]
fn many_disks_fit() {
    let disks: Vec<(ObjectId, Sample)> = (0..24).map(disk).collect();
    let (message, components) = made(&disks, &[]);
    assert_eq!(lint(&message), Vec::<String>::new());
    let health = components.iter().filter(|(id, _)| id.ends_with("health_problem")).count();
    assert!(health == 24 && components.len() < 2 + 24 * entities("disk").len(), "{}", components.len());
}

#[test]
fn the_linter_finds_what_is_wrong() {
    let (good, _) =
        made(&[(ObjectId::of("md0"), Raid::default().into()), (ObjectId::only(), System::default().into())], &[]);
    let breaks: &[(&str, &str, Value)] = &[
        ("", "~", json!("x")),
        ("dev", "via", json!("x")),
        ("dev", "cu", json!("ftp://x")),
        ("cmps.system_cpu_percent", "ent_cat", json!("config")),
        ("cmps.system_cpu_percent", "stat_t", json!("a/+")),
        ("cmps.system_cpu_percent", "object_id", json!("x")),
        ("cmps.system_temperature_celsius", "unit_of_meas", json!("C")),
        ("cmps.raid_md0_state", "unit_of_meas", json!("x")),
        ("cmps.raid_md0_state", "ops", json!([])),
        ("cmps.system_booted_at", "unit_of_meas", json!("s")),
        ("cmps.button_refresh", "cmd_t", json!("")),
        ("cmps.raid_md0_state_problem", "val_tpl", json!("{{ 'OFF' if value_json.state == 'ok' else 'ON' }}")),
        ("cmps.system_load_1", "uniq_id", json!("atalaya_0123456789abcdef_system_cpu_percent")),
    ];
    assert_eq!(lint(&good), Vec::<String>::new());
    for (place, key, value) in breaks {
        let mut json: Value = serde_json::from_str(&good).unwrap();
        let target = place.split('.').filter(|level| !level.is_empty()).fold(&mut json, |at, level| &mut at[level]);
        target[*key] = value.clone();
        assert!(!lint(&json.to_string()).is_empty(), "{place} {key}");
    }
}
