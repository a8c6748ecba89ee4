//! Never a lost transition: whatever happens in whatever order, with clocks that jump and restarts in between.
//!
//! The model knows nothing of the engine's inside. It reads the actions, and at the end, when nothing has happened for a
//! while, compares what people were told with what is.

use std::collections::{BTreeMap, BTreeSet};

use atalaya_alert::{
    Action, AlertKey, AlertState, Engine, Event, IncidentId, Kind, Matcher, Mute, NodeId, Object, Quiet, QuietId,
    RuleId, Rules, State, Target, Value, Values, Wall,
};
use proptest::prelude::*;

use crate::parts::Saved;

/// Few rules and short spans, so that a few hundred steps go through everything.
const RULES: &str = r#"
[defaults]
depends = ["away"]
[[rule]]
id = "away"
severity = "high"
title = { en = "a", es = "á" }
view = "node"
key = "state"
when = [{ one_of = ["offline", "silent"] }]
for = "1m"
runbook = { en = "", es = "" }
repeat = "1h"
[[rule]]
id = "down"
severity = "high"
title = { en = "d", es = "é" }
view = "service"
key = "up"
when = [{ is = false }]
for = "30s"
clear_for = "30s"
repeat = "1h"
escalate = [{ after = "10m", to = "second" }, { after = "20m", to = "third" }]
runbook = { en = "", es = "" }
[[rule]]
id = "slow"
severity = "medium"
title = { en = "s", es = "ó" }
view = "service"
key = "latency_seconds"
when = [{ above = 5 }]
clear = [{ below = 3 }]
depends = ["away", "down"]
group = "object"
repeat = "never"
runbook = { en = "", es = "" }
[[rule]]
id = "bad"
severity = "critical"
title = { en = "b", es = "í" }
view = "disk"
key = "health"
when = [{ is = "failing" }]
clear_for = "0s"
depends = []
group = "object"
repeat = "2h"
runbook = { en = "", es = "" }
"#;

#[derive(Clone, Debug)]
enum Do {
    Service { node: u8, object: u8, up: Option<bool>, slow: Option<f64> },
    Disk { node: u8, failing: Option<bool> },
    All { failing: bool },
    Presence { node: u8, how: u8 },
    Silence { id: u8, node: u8, maintenance: bool, span: u16 },
    Unsilence { id: u8 },
    Acknowledge { node: u8, object: u8 },
    AcknowledgeIncident(u8),
    Gone { node: u8, object: Option<u8> },
    Parent { node: u8, parent: Option<u8> },
    Pass(u16),
    Jump(i32),
    RestartFromParts,
}

fn steps() -> impl Strategy<Value = Vec<Do>> {
    let node = || 0..3u8;
    let step = prop_oneof![
        8 => (node(), 0..3u8, any::<Option<bool>>(), proptest::option::of(prop_oneof![Just(1.0), Just(4.0), Just(9.0)]))
            .prop_map(|(node, object, up, slow)| Do::Service { node, object, up, slow }),
        4 => (node(), any::<Option<bool>>()).prop_map(|(node, failing)| Do::Disk { node, failing }),
        1 => any::<bool>().prop_map(|failing| Do::All { failing }),
        3 => (node(), 0..3u8).prop_map(|(node, how)| Do::Presence { node, how }),
        2 => (0..3u8, 0..4u8, any::<bool>(), 0..7_200u16)
            .prop_map(|(id, node, maintenance, span)| Do::Silence { id, node, maintenance, span }),
        1 => (0..3u8).prop_map(|id| Do::Unsilence { id }),
        1 => (node(), 0..3u8).prop_map(|(node, object)| Do::Acknowledge { node, object }),
        1 => (0..20u8).prop_map(Do::AcknowledgeIncident),
        1 => (node(), proptest::option::of(0..3u8)).prop_map(|(node, object)| Do::Gone { node, object }),
        1 => (node(), proptest::option::of(node())).prop_map(|(node, parent)| Do::Parent { node, parent }),
        12 => prop_oneof![0..60u16, 0..600u16, 0..4_000u16].prop_map(Do::Pass),
        1 => (-400_000..400_000i32).prop_map(Do::Jump),
        1 => Just(Do::RestartFromParts),
    ];
    proptest::collection::vec(step, 1..120)
}

/// What people know.
#[derive(Default)]
struct People {
    /// Of each alert: the episode they were told of and not yet of its end, by channel set.
    open: BTreeMap<(AlertKey, String), u64>,
    ended: BTreeSet<(AlertKey, u64, String)>,
    first: BTreeSet<(AlertKey, u64)>,
    ids: BTreeSet<String>,
    /// Alerts that were silenced, in maintenance or over since they were last told: what is told next is news.
    news: BTreeSet<AlertKey>,
    /// When each was last told, by a clock that never goes slower than the engine's.
    last: BTreeMap<AlertKey, u64>,
    escalated: BTreeSet<(AlertKey, u64, String)>,
    /// Since when an alert fires unmuted, or has ended, without having been told.
    waits: BTreeMap<(AlertKey, bool), u64>,
}

struct Run {
    engine: Engine,
    state: State,
    saved: Saved,
    wall: i64,
    /// Seconds that really passed.
    real: u64,
    jumps: u64,
    people: People,
}

fn node(number: u8) -> NodeId {
    NodeId::from(["a", "b", "c"][usize::from(number)])
}

fn service(number: u8) -> Object {
    Object::new("service", ["x", "y", "z"][usize::from(number)])
}

fn flag(value: Option<bool>) -> Value {
    value.map_or(Value::Unknown, Value::Flag)
}

impl Run {
    fn new() -> Self {
        let engine = Engine::new(Rules::parse(&[RULES]).unwrap());
        let (state, saved) = (State::default(), Saved::default());
        Self { engine, state, saved, wall: 1_795_219_200, real: 0, jumps: 0, people: People::default() }
    }

    fn take(&mut self, event: &Event) {
        let mut twin: State = serde_json::from_str(&serde_json::to_string(&self.state).unwrap()).unwrap();
        let actions = self.engine.step(&mut self.state, event, Wall(self.wall));
        let again = self.engine.step(&mut twin, event, Wall(self.wall));
        assert_eq!(actions, again, "a state that went through text does the same");
        assert_eq!(self.state, twin);
        self.saved.keep(&self.state, &actions);
        self.people.read(&actions, self.real + 300 * self.jumps);
        actions.iter().for_each(|action| self.people.hear(action));
    }

    fn pass(&mut self, seconds: u64) {
        let end = self.real + seconds;
        while self.real < end {
            let step = (end - self.real).min(15);
            self.real += step;
            self.wall += i64::try_from(step).unwrap();
            self.take(&Event::Tick);
            self.people.watch(&self.state, self.real);
        }
    }

    /// So long, and until nobody waits for being told: what hid an alert may end at any moment, and how long people may
    /// wait from then on is watched all the time.
    fn calm_down(&mut self, seconds: u64) {
        self.pass(seconds);
        while !self.people.waits.is_empty() {
            self.pass(15);
        }
    }

    fn sample(&mut self, who: u8, object: Object, keys: &[(&'static str, Value)]) {
        let mut values = Values::default();
        keys.iter().for_each(|(key, value)| values.set(*key, value.clone()));
        self.take(&Event::Sample { node: node(who), object, values, at: Wall(self.wall) });
    }

    fn disk(&mut self, who: u8, failing: Option<bool>) {
        let health = failing.map_or(Value::Unknown, |yes| Value::Text(if yes { "failing" } else { "ok" }.into()));
        self.sample(who, Object::from("disk/d"), &[("health", health)]);
    }

    fn act(&mut self, step: &Do) {
        match step {
            Do::Service { node, object, up, slow } => {
                let slow = slow.map_or(Value::Unknown, Value::Number);
                self.sample(*node, service(*object), &[("up", flag(*up)), ("latency_seconds", slow)]);
            }
            Do::Disk { node, failing } => self.disk(*node, *failing),
            Do::All { failing } => (0..3).for_each(|who| self.disk(who, Some(*failing))),
            Do::Presence { node: who, how } => {
                let make = [Event::Online, Event::Offline, Event::Silent][usize::from(*how)];
                self.take(&make(node(*who)));
            }
            Do::Silence { id, node: who, maintenance, span } => self.silence(*id, *who, *maintenance, *span),
            Do::Unsilence { id } => self.take(&Event::EndQuiet(QuietId::from(["p", "q", "r"][usize::from(*id)]))),
            Do::Acknowledge { node: who, object } => {
                let key = AlertKey { node: node(*who), object: service(*object), rule: RuleId::from("down") };
                self.acknowledge(Target::Alert(key));
            }
            Do::AcknowledgeIncident(number) => self.acknowledge(Target::Incident(IncidentId(u64::from(*number)))),
            Do::Gone { node: who, object } => self.take(&Event::Gone { node: node(*who), object: object.map(service) }),
            Do::Parent { node: who, parent } => {
                self.take(&Event::Parent { node: node(*who), parent: parent.map(node) })
            }
            Do::Pass(seconds) => self.pass(u64::from(*seconds)),
            Do::Jump(by) => {
                self.wall += i64::from(*by);
                self.jumps += 1;
            }
            Do::RestartFromParts => self.state = self.saved.state(),
        }
    }

    fn acknowledge(&mut self, what: Target) {
        self.take(&Event::Acknowledge { what, who: "p".into(), note: String::new() });
    }

    fn silence(&mut self, id: u8, who: u8, maintenance: bool, span: u16) {
        let id = QuietId::from(["p", "q", "r"][usize::from(id)]);
        let matcher = Matcher { node: (who < 3).then(|| node(who).to_string()), ..Matcher::default() };
        let until = Wall(self.wall + i64::from(span));
        let quiet =
            Quiet { id, maintenance, matcher, until, who: "p".into(), why: String::new(), ends: Default::default() };
        self.take(&Event::Quiet(quiet));
    }
}

impl People {
    /// Nothing is told again without a reason: time, or something new.
    fn read(&mut self, actions: &[Action], now: u64) {
        for action in actions {
            let Action::Publish(alert) = action else { continue };
            let hushed = matches!(alert.mute, Some(Mute::Silence(_) | Mute::Maintenance(_)));
            if hushed || !alert.phase.fires() {
                self.news.insert(alert.alert.clone());
            }
            if !alert.phase.fires() {
                self.escalated.retain(|(key, _, _)| *key != alert.alert);
            }
        }
        let told = actions.iter().filter_map(|action| match action {
            Action::Notify(told) => Some(told),
            _ => None,
        });
        let mut heard = BTreeSet::new();
        for (told, one) in told.flat_map(|told| told.alerts.iter().map(move |one| (told, one))) {
            let key = &one.alert;
            let late = self.last.get(key).is_none_or(|last| now - last >= 3_600);
            match told.kind {
                Kind::SilenceEnded => assert!(self.news.contains(key), "no silence ended: {told:?}"),
                Kind::StillFiring => assert!(late || self.news.contains(key), "again too soon: {told:?}"),
                Kind::Escalated => {
                    let step = (key.clone(), one.episode, told.to.clone());
                    assert!(self.escalated.insert(step), "escalated twice: {told:?}");
                }
                _ => {}
            }
            heard.insert(key.clone());
        }
        for key in heard {
            self.news.remove(&key);
            self.last.insert(key, now);
        }
    }

    fn hear(&mut self, action: &Action) {
        let Action::Notify(told) = action else { return };
        assert!(self.ids.insert(told.id.clone()), "told twice: {told:?}");
        for one in &told.alerts {
            let here = (one.alert.clone(), told.to.clone());
            match told.kind {
                Kind::Fired => {
                    assert!(self.first.insert((one.alert.clone(), one.episode)), "fired twice: {told:?}");
                    assert!(self.open.insert(here, one.episode).is_none(), "fired before its end was told: {told:?}");
                }
                Kind::Resolved => {
                    let open = self.open.remove(&here);
                    // What began and ended between two notifications is told once, as this.
                    assert!(
                        open == Some(one.episode)
                            || open.is_none() && self.first.insert((one.alert.clone(), one.episode))
                    );
                    assert!(
                        self.ended.insert((one.alert.clone(), one.episode, told.to.clone())),
                        "ended twice: {told:?}"
                    );
                }
                Kind::Escalated | Kind::StillFiring | Kind::SilenceEnded => {
                    self.first.insert((one.alert.clone(), one.episode));
                    let before = self.open.insert(here, one.episode);
                    assert!(before.is_none_or(|before| before == one.episode), "{told:?}");
                }
                Kind::Full => panic!("{told:?}"),
            }
        }
    }

    /// What fires unmuted, and what has ended and is not kept back, is told within the time for which notifications wait.
    fn watch(&mut self, state: &State, real: u64) {
        let mut waits = BTreeMap::new();
        for alert in state.alerts() {
            let kept = matches!(alert.mute, Some(Mute::Silence(_) | Mute::Maintenance(_)));
            let fires = alert.phase.fires();
            let known = self.first.contains(&(alert.alert.clone(), alert.episode));
            if (fires && (alert.mute.is_some() || known)) || (!fires && kept) {
                continue;
            }
            let key = (alert.alert.clone(), fires);
            let since = self.waits.get(&key).copied().unwrap_or(real);
            assert!(real - since <= 30 + 300 + 30, "{alert:?} waits since {since}, now {real}");
            waits.insert(key, since);
        }
        self.waits = waits;
    }

    /// When nothing happens any more, people know what is. What has only just ended, they are about to be told: how long
    /// that may take is watched all the time.
    fn settle(&self, state: &State) {
        let now: BTreeMap<AlertKey, AlertState> = state.alerts().map(|alert| (alert.alert.clone(), alert)).collect();
        for alert in now.values().filter(|alert| alert.phase.fires() && alert.mute.is_none()) {
            assert!(self.open.values().any(|episode| *episode == alert.episode), "nobody knows of {alert:?}");
        }
        for ((key, to), episode) in &self.open {
            let owed = now.get(key).is_some_and(|alert| alert.episode == *episode);
            assert!(owed, "{to} was never told that {key} ended");
        }
    }
}

fn run(steps: &[Do]) {
    let mut run = Run::new();
    steps.iter().for_each(|step| run.act(step));
    // Whatever was silenced ends, nodes that are there go on.
    ["p", "q", "r"].iter().for_each(|id| run.take(&Event::EndQuiet(QuietId::from(*id))));
    run.calm_down(1_200);
    run.people.settle(&run.state);
    // All is well again: everything is told to be over.
    for who in 0..3 {
        for object in 0..3 {
            run.act(&Do::Service { node: who, object, up: Some(true), slow: Some(1.0) });
        }
        run.disk(who, Some(false));
    }
    run.calm_down(6_000);
    run.people.settle(&run.state);
    assert!(run.people.open.is_empty(), "{:?}", run.people.open);
    assert_eq!(run.state.alerts().count(), 0);
    assert!(run.state.incidents().all(|incident| !incident.is_firing()));
}

/// A node that came back for the third time recovers for 1,350 seconds, and hides until then what else is wrong with it.
#[test]
fn what_was_hidden_until_the_last_moment_is_told() {
    let away = |how| Do::Presence { node: 1, how };
    let mut steps = vec![away(0)];
    for span in [2_000, 2_000, 160] {
        steps.extend([away(1), Do::Pass(900), away(0), Do::Pass(span)]);
    }
    steps.push(Do::Service { node: 1, object: 2, up: Some(false), slow: None });
    run(&steps);
}

fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(96)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn never_a_lost_transition(steps in steps()) {
        run(&steps);
    }
}
