mod old;
mod refused;
mod said;
mod told;

use std::sync::Arc;

use askama::Template;
use atalaya_alert::rule::{DEFAULT, Words};
use atalaya_alert::{
    Ack, AlertKey, AlertState, IncidentId, Matcher, Mute, Phase, Presence, Quiet, Rules, Severity, Wall,
};
use atalaya_history::{Forecast, Unclear};
use atalaya_notify::turn::State;
use atalaya_wire::view::{Field, KINDS};
use atalaya_wire::{ObjectId, Sample};
use jiff::tz::TimeZone;

use super::fleet::{self, Filter};
use super::frame::Frame;
use super::health::banners;
use super::needs::Verdict;
use super::node::Told;
use super::part::Mark;
use super::{alerts, node, rules};
use crate::clock::Now;
use crate::db::read::runs::Happened;
use crate::db::{Again, Aside, Health, Node};
use crate::life::{Life, TOWER, WRITER};
use crate::people::Customers;
use crate::tower::{Latest, Link, NodeState, Refusals, Seen};
use crate::web::view::View;
use crate::web::words::{Catalogues, Language};

mod upkeep;

const NOW: i64 = 1_800_000_000;
/// What somebody could write into a name to have a page do something.
const HOSTILE: &str = "\"'><script>x</script><img src=x onerror=x>{{7*7}}";

fn frame(language: Language) -> Frame {
    Frame {
        words: Arc::new(Catalogues::shipped().unwrap()),
        language,
        zone: TimeZone::UTC,
        now: Now { wall_millis: NOW * 1000, ..Now::default() },
        whose: Customers::All,
        can_operate: true,
        can_manage: true,
        who: String::new(),
        is_local: true,
        peer: String::new(),
        csrf: String::new(),
        path: "/".into(),
        open: 0,
        done: None,
        banners: Vec::new(),
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
        requests: [].into(),
    }
}

/// With a view of each kind, made from what each sort of key has.
fn with_views(state: NodeState, text: &str, number: &str, flag: &str) -> NodeState {
    with_words(state, |_| text, number, flag)
}

/// The same, with a text for each key.
fn with_words<'a>(mut state: NodeState, text: impl Fn(&Field) -> &'a str, number: &str, flag: &str) -> NodeState {
    for kind in KINDS {
        let value = |field: &Field| match field.shape {
            "text" => serde_json::to_string(text(field)).unwrap(),
            "true or false" => flag.to_owned(),
            _ => number.to_owned(),
        };
        let keys: Vec<String> = kind.fields.iter().map(|field| format!("{:?}:{}", field.key, value(field))).collect();
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

/// All of it.
fn all(seen: &Seen) -> View<'_> {
    View::new(seen, &Customers::All)
}

fn shipped() -> Rules {
    Rules::parse(&[DEFAULT]).unwrap()
}

fn all_pages(seen: &Seen, node: &str, language: Language) -> Vec<String> {
    let (frame, rules) = (|| frame(language), shipped());
    let event = Happened {
        id: 1,
        at: NOW,
        kind: "changed".into(),
        object: HOSTILE.into(),
        body: serde_json::json!({ "key": HOSTILE, "to": HOSTILE }).to_string(),
    };
    let run = crate::db::Run { job: HOSTILE.into(), problem: Some(HOSTILE.into()), ..crate::db::Run::default() };
    vec![
        fleet::build(frame(), &all(seen), &rules, Filter::default(), None).render().unwrap(),
        node::build(
            frame(),
            &all(seen),
            &rules,
            node,
            &Told { runs: vec![run], events: vec![event], refused: refused::by_broker(), ..Told::default() },
        )
        .unwrap()
        .render()
        .unwrap(),
        alerts::build(frame(), &all(seen), &rules, &[]).render().unwrap(),
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
        let verdict = Verdict::new(&frame(Language::En), &all(&seen), problem);
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
fn no_word_of_a_view_is_left_in_english() {
    let word = atalaya_alert::words::word;
    let of = |field: &Field| {
        let said = field.about.split('`').skip(1).step_by(2).filter(|said| word(said).is_some());
        // What is wrong is free text, which only speaks of such words.
        said.filter(|_| field.key != "problem").collect::<Vec<_>>()
    };
    let fields = || KINDS.iter().flat_map(|kind| kind.fields);
    let mut seen_words = std::collections::BTreeSet::new();
    for turn in 0..fields().map(|field| of(field).len()).max().unwrap() {
        let text = |field: &Field| *of(field).iter().cycle().nth(turn).unwrap_or(&"x");
        let seen = seen(vec![with_words(a_node("nas", "NAS"), text, "1", "true")], vec![]);
        let pages = all_pages(&seen, "nas", Language::Es).concat();
        for field in fields().filter(|field| field.shape == "text") {
            let said = text(field);
            let Some(words) = word(said) else { continue };
            assert!(words.es == said || !pages.contains(&format!(">{said}<")), "{}: {said}", field.key);
            seen_words.extend(pages.contains(&format!(">{}<", words.es)).then_some(said));
        }
    }
    assert!(seen_words.len() > 30, "{seen_words:?}");
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
    let page =
        node::build(frame(Language::En), &all(&seen), &shipped(), "nas", &Told::default()).unwrap().render().unwrap();
    let body = page.split("id=\"rest\"").nth(1).unwrap();
    assert!(!body.contains("state ok") && !body.contains("NaN"));
    assert!(body.contains("state unknown") && body.contains("class=\"unknown\""));
    let alone = Seen { link: Link::Down("gone".into()), ..seen };
    let page = fleet::build(frame(Language::En), &all(&alone), &shipped(), Filter::default(), None).render().unwrap();
    assert!(page.contains("<tr class=\"unknown\">") && !page.contains("<tr class=\"ok\">"));
}

#[test]
fn a_clock_that_differs_is_shown_wherever_its_node_is() {
    let node = NodeState { skew: Some(-1_800_000_000), ..with_views(a_node("nas", "NAS"), "x", "1", "true") };
    let seen = seen(vec![node, NodeState { skew: Some(7200), ..a_node("two", "Two") }], vec![]);
    let [fleet, page, _] = &all_pages(&seen, "nas", Language::Es)[..] else { panic!("three pages") };
    assert!(fleet.contains("reloj atrasado 20833") || fleet.contains("reloj atrasado 20\u{202f}833"), "{fleet}");
    assert!(fleet.contains("reloj adelantado 2\u{a0}h"));
    assert!(page.contains("Su reloj atrasa 20833") && page.contains("class=\"banner medium\""));
}

#[test]
fn a_large_fleet_has_a_small_first_view() {
    let nodes = (0..1000)
        .map(|n| with_views(a_node(&format!("nas-{n}"), "A name of usual length"), "of usual length", "1", "true"));
    let seen = seen(nodes.collect(), vec![]);
    let page = fleet::build(frame(Language::Es), &all(&seen), &shipped(), Filter::default(), None).render().unwrap();
    let assets: usize = ["style.css", "atalaya.js", "htmx.min.js", "htmx-sse.min.js", "icon.svg"]
        .iter()
        .map(|name| crate::web::assets::size(name))
        .sum();
    assert!(page.len() + assets < 200_000, "{} and {assets}", page.len());
    assert!(page.contains("page=1"), "the others are on further pages");
}

#[test]
fn the_day_a_file_system_is_full_is_said_as_an_estimate() {
    let seen = seen(vec![with_views(a_node("nas", "NAS"), "x", "1", "true")], vec![]);
    for (forecast, en, es) in [
        (Forecast::At(NOW + 100 * 86_400), "about 25 Apr 2027", "hacia el 25 abr 2027"),
        (Forecast::Full, "full now", "lleno ya"),
        (Forecast::NotForeseeable(Unclear::TooFew), "too little history", "poca historia"),
        (Forecast::NotForeseeable(Unclear::NotGrowing), "not growing", "no crece"),
        (Forecast::NotForeseeable(Unclear::TooFar), "a long time", "mucho tiempo"),
        (Forecast::NotForeseeable(Unclear::Noisy), "no clear trend", "sin tendencia clara"),
    ] {
        let told = Told { full: [("fs/one".to_owned(), forecast)].into(), ..Told::default() };
        for (language, text) in [(Language::En, en), (Language::Es, es)] {
            let page = node::build(frame(language), &all(&seen), &shipped(), "nas", &told).unwrap();
            assert!(page.render().unwrap().contains(text), "{text}");
        }
    }
}

/// Two customers, a node each: an alert of its own, a silence of its own, and a silence of both.
fn of_two_customers() -> Seen {
    let node = |name: &str, customer: &str| {
        let state = with_views(a_node(name, &format!("{customer}-title")), "x", "1", "true");
        NodeState { row: Node { customer: customer.into(), site: String::new(), ..state.row }, ..state }
    };
    let quiet = |id: &str, node: Option<&str>| Quiet {
        id: id.into(),
        matcher: Matcher { node: node.map(str::to_owned), ..Matcher::default() },
        maintenance: false,
        until: Wall(NOW + 60),
        who: String::new(),
        why: format!("why-{id}"),
        ends: Default::default(),
    };
    let alert = |node: &str| AlertState {
        shown: Words { en: format!("{node}-says"), es: String::new() },
        ..an_alert(node, "disk-failing", "disk/one", Severity::Critical)
    };
    let mut seen =
        seen(vec![node("olmos-nas", "olmos"), node("ruiz-nas", "ruiz")], vec![alert("olmos-nas"), alert("ruiz-nas")]);
    seen.quiets = vec![quiet("olmos", Some("olmos-*")), quiet("ruiz", Some("ruiz-nas")), quiet("both", Some("*-nas"))];
    seen
}

#[test]
fn what_is_another_customer_s_does_not_exist() {
    let (seen, rules) = (of_two_customers(), shipped());
    let frame = || frame(Language::En);
    for (own, other) in [("olmos", "ruiz"), ("ruiz", "olmos")] {
        let whose = Customers::of(&[own.to_owned()]).unwrap();
        let view = View::new(&seen, &whose);
        let (theirs, others) = (format!("{own}-nas"), format!("{other}-nas"));
        assert!(node::build(frame(), &view, &rules, &others, &Told::default()).is_none());
        let pages = [
            fleet::build(frame(), &view, &rules, Filter::default(), None).render().unwrap(),
            alerts::build(frame(), &view, &rules, &[]).render().unwrap(),
            node::build(frame(), &view, &rules, &theirs, &Told::default()).unwrap().render().unwrap(),
        ];
        for page in &pages {
            assert!(page.contains(&format!("{own}-title")) && page.contains(&format!("{own}-nas-says")), "{own}");
            assert!(!page.contains(other) && !page.contains("why-both"), "{own} sees {other}");
        }
        assert!(pages[0].contains("1 of 1 nodes report") && pages[0].contains("Needs somebody: 1 critical"));
        assert!(pages[1].contains(&format!("why-{own}")));
        let shows = |what: &str| view.shows(what);
        assert!(shows("fleet") && shows(&format!("node:{theirs}")) && shows(&format!("alerts:{theirs}")));
        assert!(!shows(&format!("node:{others}")) && !shows(&format!("alerts:{others}")) && !shows("node:none"));
    }
    let nobody = Customers::Some([].into());
    let view = View::new(&seen, &nobody);
    assert_eq!((view.nodes().count(), view.alerts().count(), view.quiets().count()), (0, 0, 0));
    let view = all(&seen);
    assert_eq!((view.nodes().count(), view.alerts().count(), view.quiets().count()), (2, 2, 3));
}

#[test]
fn pages_look_at_the_board_only_through_what_their_reader_may_see() {
    let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web/pages")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with("tests.rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                assert!(!text.contains("board.read()") && !text.contains("View::new"), "{}", path.display());
            }
        }
    }
}

#[test]
fn what_is_wrong_with_the_tower_is_said_with_what_to_do() {
    let health = Health {
        problem: Some("p-why".into()),
        history: Some("h-why".into()),
        damaged: Some("d-why".into()),
        ..Health::default()
    };
    let aside = Aside { kept: "/x/old.db".into(), why: "a-why".into(), from: Again::Copy };
    let channels =
        [("mail".to_owned(), State::WrongSetUp("m-why".into())), ("phone".to_owned(), State::Failing("f-why".into()))];
    let channels = channels.into();
    for language in [Language::En, Language::Es] {
        let all = frame(language);
        let some = Frame { whose: Customers::of(&["Ana".into()]).unwrap(), ..all.clone() };
        let said = |frame: &Frame| banners(frame, &Life::Well, &health, Some(&aside), &channels);
        let (whys, texts) = (["p-why", "d-why", "a-why", "h-why", "m-why", "f-why"], said(&all));
        assert_eq!(texts.len(), whys.len());
        for (why, banner) in whys.iter().zip(&texts) {
            assert!(banner.text.contains(why) && !banner.text.contains('{'), "{banner:?}");
        }
        assert_eq!(said(&some), texts[..4], "channels are everybody's matter");
        let alone = |life| banners(&all, &life, &Health::default(), None, &[].into());
        assert_eq!(alone(Life::Well), []);
        for part in [TOWER, WRITER] {
            let hangs = alone(Life::Hangs(part));
            assert!(hangs.len() == 1 && hangs[0].text.contains("30") && !hangs[0].text.contains('{'), "{hangs:?}");
        }
        let anew = Aside { from: Again::Nothing, ..aside.clone() };
        let anew = banners(&all, &Life::Well, &Health::default(), Some(&anew), &[].into());
        assert!(anew[0].text.contains("atalaya-sidecar user add"), "{anew:?}");
        let page = Frame { banners: texts, ..all };
        let seen = seen(vec![a_node("nas", "NAS")], vec![]);
        let page = node::build(page, &View::new(&seen, &Customers::All), &shipped(), "nas", &Told::default()).unwrap();
        assert!(whys.iter().all(|why| page.render().unwrap().contains(why)));
    }
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
