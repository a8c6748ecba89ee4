//! What people read, in both languages.

use atalaya_alert::{Event, Value};

use crate::world::World;

#[test]
fn a_notification_says_what_where_how_bad_and_what_to_do() {
    let mut world = World::new(&[]);
    world.say("nas", "meta", &[("name", Value::Text("Sótano".into()))]);
    let keys = [
        ("mount", Value::Text("/srv".into())),
        ("kind", Value::Text("ext4".into())),
        ("size_bytes", Value::Number(1e11)),
        ("read_only", Value::Flag(false)),
        ("free_bytes", Value::Number(2.5e9)),
        ("used_percent", Value::Number(97.5)),
    ];
    world.say("nas", "fs/srv-1", &keys);
    world.pass(600);
    let (_, told) = world.notifications().next().unwrap();
    assert_eq!(told.subject.en, "Alert (critical): Sótano: File system full (/srv: 97.5 %)");
    assert_eq!(told.subject.es, "Alerta (crítico): Sótano: Sistema de archivos lleno (/srv: 97,5 %)");
    assert_eq!(
        told.body.en,
        "critical: Sótano: File system full (/srv: 97.5 %). Make room now: services stop when nothing can be written"
    );
    assert_eq!(told.alerts[0].link, "/runbooks/fs-full");
}

#[test]
fn many_alerts_are_counted() {
    let mut world = World::new(&[]);
    for number in 0..30 {
        world.say("nas", &format!("service/s{number:02}"), &[("up", Value::Flag(false))]);
    }
    world.pass(600);
    let told: Vec<_> = world.notifications().collect();
    let [(_, one)] = told.as_slice() else { panic!("{told:#?}") };
    assert_eq!(one.subject.en, "Alert (high): nas: Service is down (s00) and 29 more");
    assert_eq!(one.subject.es, "Alerta (alto): nas: Servicio caído (s00) y 29 más");
    assert_eq!((one.alerts.len(), one.body.en.lines().count()), (30, 21));
    world.take(&Event::Tick);
}
