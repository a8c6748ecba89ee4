use std::sync::Arc;

use askama::Template;
use atalaya_alert::rule::{DEFAULT, Words};
use atalaya_alert::{Ack, AlertKey, AlertState, IncidentId, Mute, Phase, Presence, Rules, Severity, Wall};
use atalaya_wire::view::KINDS;
use atalaya_wire::{ObjectId, Sample};
use jiff::tz::TimeZone;

use super::fleet::{self, Filter};
use super::frame::Frame;
use super::needs::Verdict;
use super::part::Mark;
use super::{alerts, node, rules};
use crate::clock::Now;
use crate::db::Node;
use crate::db::read::runs::Happened;
use crate::tower::{Latest, Link, NodeState, Refusals, Seen};
use crate::web::words::{Catalogues, Language};

const NOW: i64 = 1_800_000_000;
/// What somebody could write into a name to have a page do something.
const HOSTILE: &str = "\"'><script>x</script><img src=x onerror=x>{{7*7}}";

fn frame(language: Language) -> Frame {
    Frame {
        words: Arc::new(Catalogues::shipped().unwrap()),
        language,
        zone: TimeZone::UTC,
        now: Now { wall_millis: NOW * 1000, ..Now::default() },
        can_operate: true,
        who: String::new(),
        peer: String::new(),
        csrf: String::new(),
        path: "/".into(),
        open: 0,
        done: None,
    }
}

fn a_node(name: &str, title: &str) -> NodeState {
    let row = Node {
        id: 1,
        name: name.into(),
        title: title.into(),
        customer: title.into(),
        site: title.into(),
        parent: None,
        state: "member",
        joined: NOW - 100,
    };
    NodeState {
        row,
        presence: Presence::Online,
        since: NOW - 3600,
        seen: NOW - 5,
        interval: 60,
        version: title.into(),
        skew: None,
        refused: Refusals::default(),
        objects: [].into(),
    }
}

/// With a view of each kind, made from what each sort of key has.
fn with_views(mut state: NodeState, text: &str, number: &str, flag: &str) -> NodeState {
    for kind in KINDS {
        let value = |shape: &str| match shape {
            "text" => serde_json::to_string(text).unwrap(),
            "true or false" => flag.to_owned(),
            _ => number.to_owned(),
        };
        let keys: Vec<String> =
            kind.fields.iter().map(|field| format!("{:?}:{}", field.key, value(field.shape))).collect();
        let json = format!("{{\"ts\":1,\"seq\":1,{}}}", keys.join(","));
        let sample = Sample::from_json(kind.name, json.as_bytes()).unwrap().unwrap().sample;
        let id = if matches!(kind.name, "system" | "meta" | "updates" | "auth") {
            ObjectId::only()
        } else {
            ObjectId::of("one")
        };
        state.objects.insert((kind.name, id), Latest::new(&sample, NOW - 5, false).unwrap());
    }
    state
}

fn an_alert(node: &str, rule: &str, object: &str, severity: Severity) -> AlertState {
    AlertState {
        alert: AlertKey { node: node.into(), object: object.into(), rule: rule.into() },
        phase: Phase::Firing,
        severity,
        episode: 1,
        since: Wall(NOW - 7200),
        shown: Words { en: HOSTILE.into(), es: HOSTILE.into() },
        ack: None,
        mute: None,
        incident: IncidentId(7),
    }
}

fn seen(nodes: Vec<NodeState>, alerts: Vec<AlertState>) -> Seen {
    Seen {
        nodes: nodes.into_iter().map(|node| (node.row.name.clone(), node)).collect(),
        alerts: alerts.into_iter().map(|alert| (alert.alert.clone(), alert)).collect(),
        link: Link::Up,
        ..Seen::default()
    }
}

fn shipped() -> Rules {
    Rules::parse(&[DEFAULT]).unwrap()
}

fn all_pages(seen: &Seen, node: &str, language: Language) -> Vec<String> {
    let (frame, rules) = (|| frame(language), shipped());
    let event = Happened {
        at: NOW,
        kind: "changed".into(),
        object: HOSTILE.into(),
        body: serde_json::json!({ "key": HOSTILE, "to": HOSTILE }).to_string(),
    };
    let run = crate::db::Run { job: HOSTILE.into(), problem: Some(HOSTILE.into()), ..crate::db::Run::default() };
    vec![
        fleet::build(frame(), seen, &rules, Filter::default(), None, None).render().unwrap(),
        node::build(frame(), seen, &rules, node, &[run], &[event]).unwrap().render().unwrap(),
        alerts::build(frame(), seen, &rules, &[]).render().unwrap(),
    ]
}

#[test]
fn the_first_sentence_says_whether_everything_is_all_right() {
    let alert = |severity| an_alert("nas", "disk-failing", "disk/one", severity);
    let quiet = |mute| AlertState { mute: Some(mute), ..alert(Severity::Critical) };
    let cared = AlertState {
        ack: Some(Ack { who: "ana".into(), at: Wall(NOW), note: String::new() }),
        ..alert(Severity::High)
    };
    let away = NodeState { presence: Presence::Silent, ..a_node("nas", "NAS") };
    let here = || vec![a_node("nas", "NAS")];
    let down = Seen { link: Link::Down("refused".into()), ..seen(here(), vec![]) };
    let cases = [
        (seen(here(), vec![]), None, Mark::Ok, "Everything is all right", false),
        (seen(here(), vec![alert(Severity::Critical)]), None, Mark::Critical, "Needs somebody: 1 critical", true),
        (seen(here(), vec![alert(Severity::Low)]), None, Mark::Low, "Needs somebody: 1 low", true),
        (seen(here(), vec![quiet(Mute::Unrouted)]), None, Mark::Ok, "Everything is all right", false),
        (seen(here(), vec![cared]), None, Mark::Low, "Nothing waits", false),
        (seen(vec![away], vec![]), None, Mark::Unknown, "1 node does not report", true),
        (seen(vec![], vec![]), None, Mark::Unknown, "No node yet", false),
        (Seen::default(), None, Mark::Unknown, "The tower is starting", false),
        (down, None, Mark::Unknown, "hears nobody: refused", false),
        (seen(here(), vec![]), Some("disk full"), Mark::Critical, "disk full", false),
    ];
    for (seen, problem, mark, title, since) in cases {
        let verdict = Verdict::new(&frame(Language::En), &seen, problem);
        assert_eq!((verdict.mark, verdict.since.is_some()), (mark, since), "{title}");
        assert!(verdict.title.contains(title), "{:?} is not {title:?}", verdict.title);
    }
}

#[test]
fn nothing_that_a_nas_wrote_is_markup() {
    let node = with_views(a_node("nas", HOSTILE), HOSTILE, "1", "true");
    let alert = |rule: &str, object: &str| an_alert("nas", rule, object, Severity::High);
    let seen = seen(vec![node], vec![alert("disk-failing", "disk/one"), alert("later", HOSTILE)]);
    for language in [Language::En, Language::Es] {
        for page in all_pages(&seen, "nas", language) {
            assert!(page.contains("&#60;script&#62;x"), "the name is shown");
            for bad in ["<script>x", "<img src=x", "'><", "49"] {
                assert!(!page.contains(bad) || bad == "49" && !page.contains(">49<"), "{bad}");
            }
        }
    }
}

#[test]
fn what_nobody_knows_looks_so() {
    let mut node = with_views(a_node("nas", "NAS"), "", "null", "null");
    let empty: Vec<_> = KINDS
        .iter()
        .map(|kind| Sample::from_json(kind.name, br#"{"ts":1,"seq":1}"#).unwrap().unwrap().sample)
        .collect();
    for sample in empty.iter().filter(|sample| sample.name() != "log") {
        let id = ObjectId::of("nothing");
        node.objects.insert((sample.name(), id), Latest::new(sample, NOW, false).unwrap());
    }
    node.objects
        .retain(|(kind, id), _| *kind != "log" && (id.as_str() == "nothing" || matches!(*kind, "system" | "meta")));
    let seen = seen(vec![node], vec![]);
    let page = node::build(frame(Language::En), &seen, &shipped(), "nas", &[], &[]).unwrap().render().unwrap();
    let body = page.split("id=\"rest\"").nth(1).unwrap();
    assert!(!body.contains("state ok") && !body.contains("NaN"));
    assert!(body.contains("state unknown") && body.contains("class=\"unknown\""));
    let alone = Seen { link: Link::Down("gone".into()), ..seen };
    let page = fleet::build(frame(Language::En), &alone, &shipped(), Filter::default(), None, None).render().unwrap();
    assert!(page.contains("<tr class=\"unknown\">") && !page.contains("<tr class=\"ok\">"));
}

#[test]
fn a_large_fleet_has_a_small_first_view() {
    let nodes = (0..1000)
        .map(|n| with_views(a_node(&format!("nas-{n}"), "A name of usual length"), "of usual length", "1", "true"));
    let seen = seen(nodes.collect(), vec![]);
    let page = fleet::build(frame(Language::Es), &seen, &shipped(), Filter::default(), None, None).render().unwrap();
    let assets: usize = ["style.css", "atalaya.js", "htmx.min.js", "htmx-sse.min.js", "icon.svg"]
        .iter()
        .map(|name| crate::web::assets::size(name))
        .sum();
    assert!(page.len() + assets < 200_000, "{} and {assets}", page.len());
    assert!(page.contains("page=1"), "the others are on further pages");
}

#[test]
fn every_rule_that_is_shipped_is_said_in_words() {
    for language in [Language::En, Language::Es] {
        let frame = frame(language);
        for rule in shipped().iter() {
            for term in rule.clear.iter().chain(&rule.only) {
                assert_ne!(frame.key(&term.key), term.key.replace('_', " "), "{}", rule.id);
            }
            for line in rules::threshold(&frame, rule) {
                assert!(!line.contains('_') || rule.key == "kind", "{}: {line}", rule.id);
            }
        }
    }
}
