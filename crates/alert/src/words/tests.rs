use super::*;
use crate::Value;

#[test]
fn values_have_units_and_the_reader_s_point() {
    let cases = [
        ("used_percent", Value::Number(97.25), "97.2 %", "97,2 %"),
        ("temperature_celsius", Value::Number(51.0), "51 °C", "51 °C"),
        ("free_bytes", Value::Number(1.5e9), "1.5 GB", "1,5 GB"),
        ("free_bytes", Value::Number(0.0), "0 B", "0 B"),
        ("left_seconds", Value::Number(713_436.0), "8.3 d", "8,3 d"),
        ("pending_count", Value::Number(2.0), "2", "2"),
        ("overdue", Value::Flag(true), "yes", "sí"),
        ("state", Value::Text("degraded\u{1b}[2J".into()), "degraded [2J", "degraded [2J"),
        ("state", Value::Text("on_battery".into()), "on battery", "con batería"),
        ("health", Value::Text("failing".into()), "failing", "fallando"),
        ("state", Value::Unknown, "", ""),
    ];
    for (key, value, en, es) in cases {
        assert_eq!(shown(key, &value), Words { en: en.into(), es: es.into() }, "{key}");
    }
}

#[test]
fn what_the_view_says_is_wrong_is_said() {
    let mut values = crate::Values::default();
    values.set("up", Value::Flag(false));
    values.set("state", Value::Text("degraded".into()));
    assert_eq!(seen("up", &values), Words::default());
    values.set("problem", Value::Text("1 of 2 disks works".into()));
    let en = |key| seen(key, &values).en;
    assert_eq!((en("up"), en("state")), ("1 of 2 disks works".into(), "degraded; 1 of 2 disks works".into()));
    assert_eq!(seen("state", &values).es, "degradado; 1 of 2 disks works");
}
