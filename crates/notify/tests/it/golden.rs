//! What each HTTP service is asked, whole, in both languages.

use atalaya_notify::words::Language;
use serde_json::{Value, json};

use crate::server::{Asked, Server, answer};
use crate::tell::{NOW, channel, message, notification, secret};
use atalaya_notify::Outcome;

/// Sends the notification in `language`, and hands back what the service was asked.
fn asked(settings: &str, ok: &str, language: Language) -> Asked {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::plain(vec![answer(200, "", ok)]);
    secret(folder.path(), "secret", "hush");
    secret(folder.path(), "url", &format!("{}/services/T0/B0/hush", server.url()));
    let settings = settings.replace("SERVER", &server.url());
    let outcome = channel(&settings, folder.path()).send(&message(&notification(), language), NOW);
    assert!(matches!(outcome, Outcome::Done(_)), "{outcome:?}");
    let [asked] = <[Asked; 1]>::try_from(server.asked()).unwrap();
    assert_eq!(asked.header("content-type"), Some("application/json"));
    assert!(asked.header("user-agent").unwrap().starts_with("atalaya/"));
    asked
}

/// Both languages' bodies.
fn bodies(settings: &str, ok: &str) -> [Value; 2] {
    [Language::En, Language::Es].map(|language| asked(settings, ok, language).json())
}

const EN: &str = "Alert (high): Office NAS: Disk is hot (WD-1: 51.5 °C) and 1 more";
const ES: &str = "Alerta (alto): Office NAS: Disco caliente (WD-1: 51,5 °C) y 1 más";
const EN_TEXT: &str = "high: Office NAS: Disk is hot (WD-1: 51.5 °C)\nSince 1 Nov 2026, 13:43 CET\nWhat to do: Look at the fan.\n\n\
     medium: Office NAS: Disk is hot (WD-2: 48 °C)\nSince 1 Nov 2026, 13:43 CET\nWhat to do: Look at the fan.\n\n\
     Open the incident: https://tower.example.org/incidents/7";
const ES_TEXT: &str = "alto: Office NAS: Disco caliente (WD-1: 51,5 °C)\nDesde el 1 nov 2026, 13:43 CET\nQué hacer: Mire el ventilador.\n\n\
     medio: Office NAS: Disco caliente (WD-2: 48 °C)\nDesde el 1 nov 2026, 13:43 CET\nQué hacer: Mire el ventilador.\n\n\
     Abrir la incidencia: https://tower.example.org/incidents/7";
const URL: &str = "https://tower.example.org/incidents/7";

#[test]
fn ntfy() {
    let settings = "kind = 'ntfy'\nserver = 'SERVER'\ntopic = 'nas'";
    let expected = |title, text, label| {
        json!({"topic": "nas", "title": title, "message": text, "priority": 4, "tags": ["warning"], "click": URL,
               "actions": [{"action": "view", "label": label, "url": URL}]})
    };
    let both = bodies(settings, r#"{"id":"x"}"#);
    assert_eq!(both, [expected(EN, EN_TEXT, "Open the incident"), expected(ES, ES_TEXT, "Abrir la incidencia")]);
    let accounts = [
        ("", None),
        ("token_file = 'FOLDER/secret'", Some("Bearer hush")),
        ("username = 'nas'\npassword_file = 'FOLDER/secret'", Some("Basic bmFzOmh1c2g=")),
    ];
    for (account, header) in accounts {
        let asked = asked(&format!("{settings}\n{account}"), r#"{"id":"x"}"#, Language::En);
        assert_eq!((asked.line.as_str(), asked.header("authorization")), ("POST /", header));
    }
}

#[test]
fn gotify() {
    let settings = "kind = 'gotify'\nserver = 'SERVER/push/'\ntoken_file = 'FOLDER/secret'";
    let expected = |title, text| {
        json!({"title": title, "message": text, "priority": 8, "extras": {
            "client::display": {"contentType": "text/markdown"}, "client::notification": {"click": {"url": URL}}}})
    };
    let markdown = |text: &str| {
        let bold = |line: &str| {
            let line = line.replace('(', "\\(").replace(')', "\\)");
            if line.contains("WD-") { format!("**{line}**") } else { line }
        };
        let paragraph = |text: &str| text.lines().map(bold).collect::<Vec<_>>().join("  \n");
        text.split("\n\n").map(paragraph).collect::<Vec<_>>().join("\n\n")
    };
    let both = bodies(settings, r#"{"id":1}"#);
    assert_eq!(both, [expected(EN, markdown(EN_TEXT)), expected(ES, markdown(ES_TEXT))]);
    let asked = asked(settings, r#"{"id":1}"#, Language::En);
    assert_eq!((asked.line.as_str(), asked.header("x-gotify-key")), ("POST /push/message", Some("hush")));
}

#[test]
fn slack() {
    let settings = "kind = 'slack'\nurl_file = 'FOLDER/url'";
    let expected = |title, text, label| {
        let plain = |text| json!({"type": "plain_text", "emoji": false, "text": text});
        json!({"text": title, "mrkdwn": false, "attachments": [{"color": "#e8710a", "fallback": title, "blocks": [
            {"type": "section", "text": plain(text)},
            {"type": "actions", "elements": [{"type": "button", "text": plain(label), "url": URL}]}]}]})
    };
    let both = bodies(settings, "ok");
    assert_eq!(both, [expected(EN, EN_TEXT, "Open the incident"), expected(ES, ES_TEXT, "Abrir la incidencia")]);
    assert_eq!(asked(settings, "ok", Language::En).line, "POST /services/T0/B0/hush");
}

#[test]
fn telegram() {
    let settings = "kind = 'telegram'\nserver = 'SERVER'\ntoken_file = 'FOLDER/secret'\nchat = -1001234567890";
    let ok = r#"{"ok":true,"result":{"message_id":12}}"#;
    let expected = |title: &str, text: &str| {
        let bold = |line: &str| if line.contains("WD-") { format!("<b>{line}</b>") } else { line.to_owned() };
        let text = text.lines().map(bold).collect::<Vec<_>>().join("\n");
        json!({"chat_id": -1_001_234_567_890_i64, "text": format!("<b>{title}</b>\n\n{text}"), "parse_mode": "HTML",
               "link_preview_options": {"is_disabled": true}, "disable_notification": false})
    };
    assert_eq!(bodies(settings, ok), [expected(EN, EN_TEXT), expected(ES, ES_TEXT)]);
    let asked = asked(&settings.replace("-1001234567890", "'@acme'\nthread = 5"), ok, Language::En);
    assert_eq!(asked.line, "POST /bothush/sendMessage");
    assert_eq!(
        (asked.json()["chat_id"].clone(), asked.json()["message_thread_id"].clone()),
        (json!("@acme"), json!(5))
    );
}

#[test]
fn webhook() {
    let settings = "kind = 'webhook'\nurl = 'SERVER/hook?x=1'\nsecret_file = 'FOLDER/secret'";
    let expected = |subject, text, shown: [&str; 2], runbook| {
        let alert = |object, severity, shown| {
            json!({"node": "nas-1", "object": object, "rule": "disk-hot", "severity": severity, "since": "2026-11-01T12:43:00Z",
                   "shown": shown, "runbook": runbook, "link": ""})
        };
        json!({"version": 1, "id": "9f86d081884c7d659a2feaa0c55ad015", "kind": "fired", "severity": "high", "customer": "ACME",
               "at": "2026-11-01T12:43:20Z", "subject": subject, "text": text, "incidents": [7], "more": 0, "url": URL,
               "alerts": [alert("disk/WD-1", "high", shown[0]), alert("disk/WD-2", "medium", shown[1])]})
    };
    let en = expected(EN, EN_TEXT, ["51.5 °C", "48 °C"], "Look at the fan.");
    let es = expected(ES, ES_TEXT, ["51,5 °C", "48 °C"], "Mire el ventilador.");
    assert_eq!(bodies(settings, "thanks"), [en, es]);
    let asked = asked(settings, "", Language::En);
    assert_eq!(
        (asked.line.as_str(), asked.header("atalaya-id")),
        ("POST /hook?x=1", Some("9f86d081884c7d659a2feaa0c55ad015"))
    );
    let signature = asked.header("atalaya-signature").unwrap();
    assert!(signature.starts_with("t=1793537010,v1=") && signature.len() == 80, "{signature}");
}
