//! What is told in these tests, and channels that tell it.

use std::path::Path;

use atalaya_alert::rule::Words;
use atalaya_alert::{AlertKey, IncidentId, Kind, NodeId, Notification, Object, RuleId, Severity, Told, Wall};
use atalaya_notify::words::{Language, Origin, Reader};
use atalaya_notify::{Channel, ChannelSettings, Message};
use jiff::tz::TimeZone;

/// When it is sent.
pub(crate) const NOW: Wall = Wall(1_793_537_010);

pub(crate) fn words(en: &str, es: &str) -> Words {
    Words { en: en.into(), es: es.into() }
}

/// Two alerts of one incident.
pub(crate) fn notification() -> Notification {
    let told = |object: &str, label: &str, severity, shown: &str| Told {
        alert: AlertKey { node: NodeId::from("nas-1"), object: Object::from(object), rule: RuleId::from("disk-hot") },
        episode: 1,
        severity,
        title: words("Disk is hot", "Disco caliente"),
        node_name: "Office NAS".into(),
        label: label.into(),
        shown: words(shown, &shown.replace('.', ",")),
        since: Wall(1_793_536_980),
        runbook: words("Look at the fan.", "Mire el ventilador."),
        link: String::new(),
    };
    Notification {
        id: "9f86d081884c7d659a2feaa0c55ad015".into(),
        kind: Kind::Fired,
        to: "default".into(),
        severity: Severity::High,
        incidents: vec![IncidentId(7)],
        alerts: vec![
            told("disk/WD-1", "WD-1", Severity::High, "51.5 °C"),
            told("disk/WD-2", "WD-2", Severity::Medium, "48 °C"),
        ],
        subject: words(
            "Alert (high): Office NAS: Disk is hot (WD-1: 51.5 °C) and 1 more",
            "Alerta (alto): Office NAS: Disco caliente (WD-1: 51,5 °C) y 1 más",
        ),
        body: Words::default(),
    }
}

/// With what would be markup, headers or lines somewhere, in everything that a NAS says.
pub(crate) fn hostile() -> Notification {
    let odd = "<b>&amp; *_[x](y)~`\r\nBcc: eve@example.org\r\n.\r\n\u{202e}\u{1b}[2J<!channel> @here";
    let mut told = notification();
    for alert in &mut told.alerts {
        (alert.node_name, alert.label, alert.shown) = (odd.into(), odd.into(), words(odd, odd));
    }
    told.subject = words(&format!("Alert (high): {odd}"), &format!("Alerta (alto): {odd}"));
    told
}

pub(crate) fn message(told: &Notification, language: Language) -> Message {
    let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
    let origin = Origin { url: "https://tower.example.org/", customer: "ACME", at: Wall(1_793_537_000) };
    Reader { language, zone }.message(told, false, origin)
}

/// A channel from its own settings. `FOLDER` in them is `folder`.
pub(crate) fn channel(settings: &str, folder: &Path) -> Box<dyn Channel> {
    let text = format!("name = 'a'\n{}", settings.replace("FOLDER", folder.to_str().unwrap()));
    let settings: ChannelSettings = toml::from_str(&text).unwrap();
    settings.own.open().unwrap()
}

pub(crate) fn secret(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), format!("{text}\n")).unwrap();
}
