//! The table of rules in `docs/alerts.md` is what is shipped. `UPDATE=1` makes it anew.

use std::fmt::Write;
use std::path::Path;

use atalaya_alert::rule::DEFAULT;
use toml::{Table, Value};

fn terms(rule: &Table, name: &str, between: &str) -> String {
    let key = rule["key"].as_str().unwrap();
    let list = rule.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let texts = list.iter().map(|term| {
        let term = term.as_table().unwrap();
        let key = term.get("key").and_then(Value::as_str).unwrap_or(key);
        let part = |(name, value): (&String, &Value)| format!("{} {}", name.replace('_', " "), plain(value));
        let rest: Vec<String> = term.iter().filter(|(name, _)| *name != "key").map(part).collect();
        format!("`{key}` {}", rest.join(", "))
    });
    texts.collect::<Vec<_>>().join(between)
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Float(number) => number.to_string(),
        Value::Array(list) => list.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Integer(number) => number.to_string(),
        Value::Boolean(flag) => flag.to_string(),
        other => panic!("{other:?}"),
    }
}

fn table() -> String {
    let file: Table = toml::from_str(DEFAULT).unwrap();
    let mut out =
        String::from("| rule | severity | view | when | for | recovers | source |\n|---|---|---|---|---|---|---|\n");
    for rule in file["rule"].as_array().unwrap() {
        let rule = rule.as_table().unwrap();
        let text = |name: &str| rule.get(name).and_then(Value::as_str).unwrap_or_default();
        let when = match rule.get("absent") {
            Some(span) => format!("nothing heard for {}", plain(span)),
            None => terms(rule, "when", " and "),
        };
        let opt = if rule.contains_key("opt_in") { " (opt-in)" } else { "" };
        let clear = format!("{} {}", terms(rule, "clear", " or "), text("clear_for"));
        let (id, severity, view) = (text("id"), text("severity"), text("view"));
        writeln!(
            out,
            "| `{id}`{opt} | {severity} | {view} | {when} | {} | {} | {} |",
            text("for"),
            clear.trim(),
            text("source")
        )
        .unwrap();
    }
    out
}

#[test]
fn the_table_of_rules_is_what_is_shipped() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/alerts.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (begin, end) = ("<!-- made from default.toml: begin -->\n", "<!-- made from default.toml: end -->");
    let (before, rest) = text.split_once(begin).unwrap();
    let (stands, after) = rest.split_once(end).unwrap();
    let table = table();
    if stands != table && std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, format!("{before}{begin}{table}{end}{after}")).unwrap();
    }
    assert_eq!(stands, table);
}

/// As a forge makes the anchor of a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.trim_start_matches('#').trim().to_lowercase();
    kept.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).collect::<String>().replace(' ', "-")
}

fn has_heading(text: &str, wanted: &str) -> bool {
    text.lines().any(|line| line.starts_with('#') && anchor(line) == wanted)
}

#[test]
fn runbooks_lead_to_documents_and_services_that_there_are() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let (mut documents, mut services) = (0, 0);
    let word = |rest: &str| rest.split([' ', '"', '`', ';', ',', ')']).next().unwrap().trim_end_matches('.').to_owned();
    for place in DEFAULT.split("docs/").skip(1).map(word) {
        let (file, heading) = place.split_once('#').map_or((place.as_str(), None), |(file, at)| (file, Some(at)));
        let text = std::fs::read_to_string(project.join("docs").join(file));
        let text = text.unwrap_or_else(|err| panic!("docs/{file}: {err}"));
        assert!(heading.is_none_or(|heading| has_heading(&text, heading)), "docs/{place}: there is no such heading");
        documents += 1;
    }
    for named in ["systemctl restart ", "systemctl status ", "journalctl -u "] {
        for service in DEFAULT.split(named).skip(1).map(word) {
            assert!(project.join(format!("systemd/{service}.service")).exists(), "{named}{service}");
            services += 1;
        }
    }
    assert!(documents > 1 && services > 1, "{documents} documents and {services} services are named");
    assert!(has_heading("x\n### What decayed, on *one* disk\n", "what-decayed-on-one-disk"));
}
