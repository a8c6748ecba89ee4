//! Scenarios as data: what happens, and who is told what and when. `UPDATE=1` writes down what came out.
//!
//! A line is a time since the beginning and an event; lines that begin with `=` are what is expected, with `|` rules of the
//! scenario's own. Nodes repeat every minute what they said last; ticks come every five seconds.

use std::fs;
use std::path::Path;

use atalaya_alert::{
    Action, AlertKey, Event, IncidentId, Matcher, NodeId, Notification, Object, Quiet, QuietId, RuleId, Severity,
    Stage, Target, Value, Wall, What,
};

use crate::world::{World, shown, span};

#[test]
fn scenarios() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/scenarios");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 12, "{} scenarios", files.len());
    let mut wrong = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let came = run(&text);
        let expected: Vec<&str> = text.lines().filter(|line| line.starts_with('=')).collect();
        if came == expected {
            continue;
        }
        if std::env::var_os("UPDATE").is_some() {
            let kept: Vec<&str> = text.lines().filter(|line| !line.starts_with('=')).collect();
            fs::write(&file, format!("{}\n\n{}\n", kept.join("\n").trim_end(), came.join("\n"))).unwrap();
        }
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        wrong.push(format!("{name} expects\n{}\nand got\n{}", expected.join("\n"), came.join("\n")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

fn run(text: &str) -> Vec<String> {
    let own: String = text.lines().filter_map(|line| line.strip_prefix('|')).map(|line| format!("{line}\n")).collect();
    let mut world = World::new(&[&own]);
    let mut timeline = false;
    for line in text.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit())) {
        let mut words = line.split_whitespace();
        world.pass(span(words.next().unwrap()));
        let words: Vec<&str> = words.collect();
        match words.as_slice() {
            ["timeline"] => timeline = true,
            words => event(&mut world, words),
        }
    }
    let lines = world.actions.iter().filter_map(|(at, action)| told(action, timeline).map(|told| (at, told)));
    lines.map(|(at, told)| format!("= {} {told}", shown(*at))).collect()
}

fn told(action: &Action, timeline: bool) -> Option<String> {
    match action {
        Action::Notify(notification) => Some(line(notification)),
        Action::Refused(why) => Some(format!("refused: {why:?}")),
        Action::Timeline { incident, entry } if timeline => {
            let what = match &entry.what {
                What::Fired(key) => format!("fired {key}"),
                What::Resolved(key) => format!("resolved {key}"),
                What::Acknowledged(key) => format!("acknowledged {key} by {}", entry.who),
                What::Told { kind, to, .. } => format!("told {kind:?} to {to}"),
                What::Note => format!("{}: {}", entry.who, entry.text),
                What::Stage(stage) => format!("{stage:?} {}", entry.text),
            };
            Some(format!("incident {incident} line {}: {what}", entry.number).trim_end().to_owned())
        }
        _ => None,
    }
}

fn line(notification: &Notification) -> String {
    let Notification { kind, severity, to, alerts, .. } = notification;
    if alerts.len() > 12 {
        return format!("{kind:?} {severity:?} to {to}: {} alerts", alerts.len());
    }
    let alerts: Vec<String> = alerts.iter().map(|told| told.alert.to_string()).collect();
    format!("{kind:?} {severity:?} to {to}: {}", alerts.join(", "))
}

fn event(world: &mut World, words: &[&str]) {
    let node = |at: usize| NodeId::from(words[at]);
    match words[0] {
        "end" => {}
        "online" => world.take(&Event::Online(node(1))),
        "offline" => world.take(&Event::Offline(node(1))),
        "silent" => world.take(&Event::Silent(node(1))),
        "says" => says(world, words[1], words[2], &words[3..]),
        "hushes" => world.quiet.push(node(1)),
        "speaks" => world.quiet.retain(|one| *one != node(1)),
        "gone" => world.take(&Event::Gone { node: node(1), object: words.get(2).map(|object| Object::from(*object)) }),
        "parent" => world.take(&Event::Parent { node: node(1), parent: Some(node(2)) }),
        "acknowledge" => {
            let what = match words[1].parse() {
                Ok(number) => Target::Incident(IncidentId(number)),
                Err(_) => Target::Alert(AlertKey {
                    node: node(1),
                    object: Object::from(words[2]),
                    rule: RuleId::from(words[3]),
                }),
            };
            world.take(&Event::Acknowledge { what, who: "ana".into(), note: String::new() });
        }
        "silence" | "maintenance" => quiet(world, words),
        "unsilence" => world.take(&Event::EndQuiet(QuietId::from(words[1]))),
        "note" => {
            let stage = words[2..].iter().find_map(|word| serde_json::from_str::<Stage>(&format!("\"{word}\"")).ok());
            let incident = IncidentId(words[1].parse().unwrap());
            world.take(&Event::Note { incident, who: "ana".into(), text: words[2..].join(" "), stage });
        }
        "clock" => {
            world.offset +=
                i64::try_from(span(&words[1][1..])).unwrap() * if words[1].starts_with('-') { -1 } else { 1 }
        }
        "restart" => world.restart(),
        "storm" => {
            for number in 0..words[1].parse().unwrap() {
                says(world, &format!("nas{number:04}"), words[2], &words[3..]);
            }
        }
        other => panic!("no such event: {other}"),
    }
}

fn says(world: &mut World, node: &str, object: &str, keys: &[&str]) {
    let keys: Vec<(&'static str, Value)> = keys.iter().map(|text| key(text)).collect();
    world.say(node, object, &keys);
}

/// Keys live as long as the test does.
fn key(text: &str) -> (&'static str, Value) {
    let (key, value) = text.split_once('=').unwrap();
    let value = match value {
        "null" => Value::Unknown,
        "true" | "false" => Value::Flag(value == "true"),
        value => value.parse().map_or_else(|_| Value::Text(value.to_owned()), Value::Number),
    };
    (Box::leak(key.to_owned().into_boxed_str()), value)
}

fn quiet(world: &mut World, words: &[&str]) {
    let part = |name: &str| words.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('=')).map(str::to_owned);
    let severity = part("severity").map(|text| serde_json::from_str::<Severity>(&format!("\"{text}\"")).unwrap());
    let until = Wall(world.now().0 + i64::try_from(span(&part("for").unwrap())).unwrap());
    world.take(&Event::Quiet(Quiet {
        id: QuietId::from(words[1]),
        maintenance: words[0] == "maintenance",
        matcher: Matcher { node: part("node"), object: part("object"), rule: part("rule"), severity },
        until,
        who: "ana".into(),
        why: "test".into(),
        ends: Default::default(),
    }));
}
