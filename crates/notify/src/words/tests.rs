use std::collections::BTreeMap;

use super::catalogue::{Catalogue, ENGLISH_TOML, SPANISH_TOML};
use super::*;
use crate::format::PLAIN;
use atalaya_alert::rule::Words;
use atalaya_alert::{AlertKey, NodeId, Object, RuleId};

fn leaves(above: &str, value: &toml::Value, into: &mut BTreeMap<String, Vec<String>>) {
    match value {
        toml::Value::Table(table) => {
            table.iter().for_each(|(key, value)| leaves(&format!("{above}.{key}"), value, into))
        }
        toml::Value::Array(list) => {
            list.iter().enumerate().for_each(|(n, value)| leaves(&format!("{above}.{n}"), value, into));
        }
        other => {
            let text = other.as_str().unwrap();
            let mut places: Vec<String> =
                text.split('{').skip(1).map(|piece| piece.split_once('}').unwrap().0.to_owned()).collect();
            places.sort();
            into.insert(above.to_owned(), places);
        }
    }
}

#[test]
fn both_catalogues_have_the_same_keys_and_placeholders() {
    let [english, spanish] = [ENGLISH_TOML, SPANISH_TOML].map(|text| {
        toml::from_str::<Catalogue>(text).unwrap();
        let mut out = BTreeMap::new();
        leaves("", &toml::from_str(text).unwrap(), &mut out);
        out
    });
    assert_eq!(english, spanish);
    assert!(english.len() > 30);
}

fn both(en: &str, es: &str) -> Words {
    Words { en: en.into(), es: es.into() }
}

fn told(n: usize) -> Told {
    Told {
        alert: AlertKey {
            node: NodeId::from("nas"),
            object: Object::from("disk/WD-1"),
            rule: RuleId::from("disk-hot"),
        },
        episode: 1,
        severity: Severity::High,
        title: both("Disk is hot", "Disco caliente"),
        node_name: format!("NAS {n}"),
        label: "WD-1".into(),
        shown: both("51 °C", "51 °C"),
        since: Wall(1_793_536_980),
        runbook: both("Look at the fan.", "Mire el ventilador."),
        link: "https://docs.example/disk".into(),
    }
}

fn notification(kind: Kind, alerts: Vec<Told>) -> Notification {
    Notification {
        id: "00ff".into(),
        kind,
        to: "default".into(),
        severity: Severity::High,
        incidents: vec![IncidentId(7)],
        alerts,
        subject: both("Alert (high): NAS 1: Disk is hot", "Alerta (alto): NAS 1: Disco caliente"),
        body: both("a\nb", "c\nd"),
    }
}

fn reader(language: Language) -> Reader {
    Reader { language, zone: TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap() }
}

const ORIGIN: Origin<'_> = Origin { url: "https://tower.example/", customer: "ACME", at: Wall(1_793_537_000) };

fn text(language: Language, kind: Kind, alerts: Vec<Told>, over: bool) -> String {
    let message = reader(language).message(&notification(kind, alerts), over, ORIGIN);
    format!("{}\n\n{}", message.subject, PLAIN.render(&message, 4000))
}

#[test]
fn a_message_says_what_since_when_what_to_do_and_where_to_look() {
    assert_eq!(
        text(Language::En, Kind::StillFiring, vec![told(1)], false),
        "Alert (high): NAS 1: Disk is hot\n\n\
         This was told before and goes on. Acknowledge it to stop being reminded.\n\n\
         high: NAS 1: Disk is hot (WD-1: 51 °C)\n\
         Since 1 Nov 2026, 13:43 CET\n\
         What to do: Look at the fan.\n\
         Read more: https://docs.example/disk\n\n\
         Open the incident: https://tower.example/incidents/7"
    );
    assert_eq!(
        text(Language::Es, Kind::Resolved, vec![told(1)], true),
        "Alerta (alto): NAS 1: Disco caliente\n\n\
         Empezó y terminó antes de que se pudiera avisar.\n\n\
         alto: NAS 1: Disco caliente (WD-1: 51 °C)\n\
         Desde el 1 nov 2026, 13:43 CET\n\
         Qué hacer: Mire el ventilador.\n\
         Más información: https://docs.example/disk\n\n\
         Abrir la incidencia: https://tower.example/incidents/7"
    );
}

#[test]
fn what_is_too_much_is_counted() {
    let text = text(Language::En, Kind::Fired, (0..200).map(told).collect(), false);
    assert!(text.contains("NAS 19:") && !text.contains("NAS 20:") && text.contains("And 180 more."), "{text}");
}

#[test]
fn what_is_about_no_alert_is_told_by_its_text() {
    let text = text(Language::Es, Kind::Full, Vec::new(), false);
    assert!(text.contains("\n\nc\n\nd\n\n"), "{text}");
}

#[test]
fn names_move_no_line_and_fill_no_placeholder() {
    let mut odd = told(1);
    odd.node_name = "{what}\r\n\u{202e}Bcc: x".into();
    odd.label = "L".repeat(5_000);
    odd.since = Wall(i64::MAX);
    let message = reader(Language::En).message(&notification(Kind::Fired, vec![odd]), false, ORIGIN);
    let [item] = message.items.as_slice() else { panic!("{message:?}") };
    assert!(item.headline.starts_with("high: {what}  Bcc: x: Disk is hot (LLL"), "{item:?}");
    assert!(item.headline.len() <= FIELD_BYTES_MAX && item.headline.ends_with('…'));
    assert_eq!(item.details.len(), 2);
}

#[test]
fn a_digest_names_ten_and_counts_the_others() {
    let all: Vec<Notification> = (0..30).map(|n| notification(Kind::Fired, vec![told(n)])).collect();
    let digest = reader(Language::Es).digest("d1", &all, 57, Severity::High, ORIGIN);
    assert_eq!((digest.items.len(), digest.more, digest.subject.as_str()), (10, 47, "57 avisos a la vez"));
    assert_eq!(digest.link.unwrap().url, "https://tower.example/incidents");
}
