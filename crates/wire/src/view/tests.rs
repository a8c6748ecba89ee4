use std::collections::BTreeSet;

use super::*;
use crate::text;

#[test]
fn views_are_flat_json_with_every_key() {
    let view = Raid { name: Some(text("md0")), member_count: Some(2), ..Raid::default() };
    let json = serde_json::to_value(Json { ts: 5, seq: 7, view: &view }).unwrap();
    let object = json.as_object().unwrap();
    assert_eq!(object.len(), Raid::FIELDS.len() + 2);
    assert!(object.values().all(|value| !value.is_object() && !value.is_array()));
    assert_eq!(
        (&json["ts"], &json["seq"], &json["name"], &json["member_count"]),
        (&5.into(), &7.into(), &"md0".into(), &2.into())
    );
    assert!(json["state"].is_null());
}

#[test]
fn kinds_and_names_are_given_once() {
    let numbers: BTreeSet<u16> = KINDS.iter().map(|kind| kind.kind).collect();
    let names: BTreeSet<&str> = KINDS.iter().map(|kind| kind.name).collect();
    assert_eq!((numbers.len(), names.len()), (KINDS.len(), KINDS.len()));
    for kind in KINDS {
        let keys: BTreeSet<&str> = kind.fields.iter().map(|field| field.key).collect();
        assert!(keys.len() == kind.fields.len() && !keys.contains("ts") && !keys.contains("seq"), "{}", kind.name);
        assert!(kind.fields.iter().all(|field| field.about.trim().ends_with(['.', '?'])), "{}", kind.name);
    }
}

#[test]
fn what_changed_enough_is_worth_telling() {
    let old = System {
        cpu_percent: Some(10.0),
        uptime_seconds: Some(5),
        memory_available_bytes: Some(1000),
        ..System::default()
    };
    let changed = |f: &dyn Fn(&mut System)| {
        let mut new = old.clone();
        f(&mut new);
        differs(&old, &new).collect::<Vec<_>>()
    };
    assert!(changed(&|_| ()).is_empty());
    assert!(changed(&|s| s.cpu_percent = Some(14.9)).is_empty());
    assert_eq!(changed(&|s| s.cpu_percent = Some(15.0)), ["cpu_percent"]);
    assert!(changed(&|s| s.uptime_seconds = Some(500)).is_empty());
    assert_eq!(changed(&|s| s.uptime_seconds = None), ["uptime_seconds"]);
    assert!(changed(&|s| s.memory_available_bytes = Some(950)).is_empty());
    assert_eq!(changed(&|s| s.memory_available_bytes = Some(800)), ["memory_available_bytes"]);
    assert_eq!(changed(&|s| s.clock_synchronised = Some(true)), ["clock_synchronised"]);
}

#[test]
fn a_number_that_is_none_is_unknown() {
    let view = System { cpu_percent: Some(f32::NAN), ..System::default() };
    let json = serde_json::to_value(Json { ts: 0, seq: 0, view: &view }).unwrap();
    assert!(json["cpu_percent"].is_null());
}
