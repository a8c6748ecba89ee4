//! What a NAS says is never markup.

use atalaya_notify::Outcome;
use atalaya_notify::words::Language;
use serde_json::Value;

use crate::server::{Server, answer};
use crate::tell::{NOW, channel, hostile, message, secret};

fn body(settings: &str, ok: &str) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::plain(vec![answer(200, "", ok)]);
    secret(folder.path(), "secret", "hush");
    secret(folder.path(), "url", &server.url());
    let channel = channel(&settings.replace("SERVER", &server.url()), folder.path());
    let outcome = channel.send(&message(&hostile(), Language::En), NOW);
    assert!(matches!(outcome, Outcome::Done(_)), "{outcome:?}");
    let json = server.asked()[0].json();
    let text = json.to_string();
    // The only lines are our own: JSON writes others as \n too, so what ends them is looked at in the strings.
    assert!(!text.contains("\\r") && !text.contains("\\u001b") && !text.contains('\u{202e}'), "{text}");
    json
}

fn texts<'a>(json: &'a Value, out: &mut Vec<&'a str>) {
    match json {
        Value::String(text) => out.push(text),
        Value::Array(list) => list.iter().for_each(|one| texts(one, out)),
        Value::Object(map) => map.values().for_each(|one| texts(one, out)),
        _ => {}
    }
}

#[test]
fn no_name_begins_a_line() {
    for (settings, ok) in [
        ("kind = 'ntfy'\nserver = 'SERVER'\ntopic = 'nas'", r#"{"id":"x"}"#),
        ("kind = 'gotify'\nserver = 'SERVER'\ntoken_file = 'FOLDER/secret'", r#"{"id":1}"#),
        ("kind = 'slack'\nurl_file = 'FOLDER/url'", "ok"),
        ("kind = 'telegram'\nserver = 'SERVER'\ntoken_file = 'FOLDER/secret'\nchat = 1", r#"{"ok":true}"#),
        ("kind = 'webhook'\nurl = 'SERVER'\nsecret_file = 'FOLDER/secret'", ""),
    ] {
        let json = body(settings, ok);
        let mut all = Vec::new();
        texts(&json, &mut all);
        assert!(all.iter().any(|text| text.contains("Bcc: eve")), "{json}");
        assert!(all.iter().all(|text| text.lines().all(|line| !line.starts_with("Bcc") && line != ".")), "{json}");
    }
}

#[test]
fn slack_reads_no_mention_and_no_markup() {
    let json = body("kind = 'slack'\nurl_file = 'FOLDER/url'", "ok");
    let mut all = Vec::new();
    texts(&json, &mut all);
    assert!(all.iter().all(|text| !text.contains('<') && !text.contains('>')), "{json}");
    assert!(json["text"].as_str().unwrap().contains("&lt;b&gt;&amp;amp;"), "{json}");
    assert_eq!((&json["mrkdwn"], json.to_string().contains("\"mrkdwn\",")), (&Value::Bool(false), false));
}

#[test]
fn telegram_s_only_tags_are_ours() {
    let json = body("kind = 'telegram'\nserver = 'SERVER'\ntoken_file = 'FOLDER/secret'\nchat = 1", r#"{"ok":true}"#);
    let text = json["text"].as_str().unwrap();
    let (open, close) = (text.matches("<b>").count(), text.matches("</b>").count());
    assert_eq!((open, close, text.matches('<').count(), text.matches('>').count()), (3, 3, 6, 6), "{text}");
}

#[test]
fn gotify_s_only_markdown_is_ours() {
    let json = body("kind = 'gotify'\nserver = 'SERVER'\ntoken_file = 'FOLDER/secret'", r#"{"id":1}"#);
    let text =
        json["message"].as_str().unwrap().replace("**high", "high").replace(")**", ")").replace("**medium", "medium");
    let mut before = ' ';
    for c in text.chars() {
        assert!(before == '\\' || !"*_[]<>`~".contains(c), "{c} in {text}");
        before = c;
    }
}

#[test]
fn what_is_long_is_cut_to_what_the_service_takes() {
    let mut told = hostile();
    let alert = told.alerts[0].clone();
    told.alerts = vec![alert; 500];
    for one in &mut told.alerts {
        (one.node_name, one.label) = ("<&ñ".repeat(2_000), "\"*".repeat(2_000));
    }
    for (settings, ok, field, most) in [
        ("kind = 'ntfy'\nserver = 'SERVER'\ntopic = 'nas'", r#"{"id":"x"}"#, "/message", 4_000),
        ("kind = 'gotify'\nserver = 'SERVER'\ntoken_file = 'FOLDER/secret'", r#"{"id":1}"#, "/message", 8_000),
        ("kind = 'slack'\nurl_file = 'FOLDER/url'", "ok", "/attachments/0/blocks/0/text/text", 3_000),
        (
            "kind = 'telegram'\nserver = 'SERVER'\ntoken_file = 'FOLDER/secret'\nchat = 1",
            r#"{"ok":true}"#,
            "/text",
            4_096,
        ),
        ("kind = 'webhook'\nurl = 'SERVER'\nsecret_file = 'FOLDER/secret'", "", "/text", 16_384),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::plain(vec![answer(200, "", ok)]);
        secret(folder.path(), "secret", "hush");
        secret(folder.path(), "url", &server.url());
        let channel = channel(&settings.replace("SERVER", &server.url()), folder.path());
        channel.send(&message(&told, Language::Es), NOW);
        let asked = server.asked();
        assert!(asked[0].body.len() <= 256 << 10, "{}", asked[0].body.len());
        let json = asked[0].json();
        let text = json.pointer(field).and_then(Value::as_str).unwrap();
        assert!(text.len() <= most && text.len() > most / 2, "{settings}: {}", text.len());
        assert!(text.contains(" más.") && text.contains("incidents/7"), "{text}");
    }
}
