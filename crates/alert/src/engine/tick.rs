//! Time passes: delays end, what was not heard of is missed, what is no more goes.

use super::life::{self, Change};
use super::sample::SELF;
use super::{Work, id};
use crate::action::{Action, Kind, Notification, Part};
use crate::ids::{AlertKey, NodeId, Object};
use crate::limits::{ALERTS_MAX, FLAP_SECONDS, FULL_SECONDS, STALE_SECONDS, VERIFY_SECONDS};
use crate::rule::{Severity, Truth, When};
use crate::state::{Phase, Presence, Stage, Thing, Track, What};
use crate::words;

/// What to do about an alert.
enum Todo {
    Saw(Truth),
    Change(Change),
    Drop,
}

impl Work<'_> {
    pub(super) fn tick(&mut self) {
        self.end_quiets();
        self.state.head.waiting = 0;
        for (key, todo) in self.todo() {
            self.do_it(&key, &todo);
        }
        self.tell();
        self.say_full();
        self.verify();
        self.sweep();
    }

    /// Every alert that time does something to.
    fn todo(&mut self) -> Vec<(AlertKey, Todo)> {
        let (rules, now) = (self.rules, self.now.moment);
        let mut out = Vec::new();
        for (node, one) in &mut self.state.nodes {
            let away = one.presence != Presence::Online;
            for (object, thing) in one.things.iter_mut() {
                let myself = object.as_str() == SELF;
                let missed = !thing.gone && (myself || !away) && rules.awaits(object.view());
                if missed {
                    absent(rules, node, object, thing, now, &mut out);
                }
                let stale = !myself && now.since(thing.seen) >= STALE_SECONDS;
                for (id, track) in thing.tracks.iter_mut() {
                    let rule = rules.get(id, node, object).filter(|_| !thing.gone);
                    let todo = match rule {
                        None => Some(Todo::Drop),
                        Some(rule) => {
                            if stale && matches!(rule.when, When::All(_)) {
                                life::lost(track, now);
                            }
                            passed(track, now).or_else(|| life::due(track, rule, now).map(Todo::Change))
                        }
                    };
                    let key = || AlertKey { node: node.clone(), object: object.clone(), rule: id.clone() };
                    out.extend(todo.map(|todo| (key(), todo)));
                }
            }
        }
        out
    }

    fn do_it(&mut self, key: &AlertKey, todo: &Todo) {
        let rules = self.rules;
        let rule = rules.get(&key.rule, &key.node, &key.object);
        match (todo, rule) {
            (Todo::Change(change), Some(rule)) => self.follow(key, rule, *change),
            (Todo::Saw(truth), Some(rule)) => {
                let now = self.now.moment;
                let thing = self.state.nodes.get_mut(&key.node).and_then(|node| node.things.get_mut(&key.object));
                let Some(thing) = thing else { return };
                let track = thing.tracks.begun(&key.rule);
                if let Some(change) = life::saw(track, rule, *truth, truth.not(), now) {
                    self.follow(key, rule, change);
                }
            }
            _ => self.drop_track(key),
        }
    }

    fn drop_track(&mut self, key: &AlertKey) {
        if self.state.track(key).is_some_and(|track| track.phase.fires()) {
            self.end(key);
        }
        let thing = self.state.nodes.get_mut(&key.node).and_then(|node| node.things.get_mut(&key.object));
        let Some(thing) = thing else { return };
        match thing.tracks.get_mut(&key.rule) {
            // It is over, and goes when that was told.
            Some(track) if track.open.is_some() => {
                (track.phase, track.flips, track.history) = (Phase::Idle, None, Vec::new());
            }
            _ => {
                thing.tracks.remove(&key.rule);
                self.touch(&key.node);
            }
        }
    }

    /// More alerts than fit: they wait, and somebody should know.
    fn say_full(&mut self) {
        let (now, waiting) = (self.now.moment, self.state.head.waiting);
        let lately = self.state.head.full.is_some_and(|last| now.since(last) < FULL_SECONDS);
        if waiting == 0 || lately {
            return;
        }
        self.state.head.full = Some(now);
        self.dirty.insert(Part::Head);
        self.out.push(Action::Notify(Notification {
            id: id::full(now.0),
            kind: Kind::Full,
            to: "default".to_owned(),
            severity: Severity::Critical,
            incidents: Vec::new(),
            alerts: Vec::new(),
            subject: words::full(waiting, ALERTS_MAX),
            body: words::full(waiting, ALERTS_MAX),
        }));
    }

    fn verify(&mut self) {
        let now = self.now.moment;
        let calm =
            self.state.incidents.values().filter(|one| {
                one.stage == Stage::Solved && one.solved.is_some_and(|at| now.since(at) >= VERIFY_SECONDS)
            });
        let ids: Vec<_> = calm.map(|one| one.id).collect();
        for id in ids {
            if let Some(one) = self.state.incidents.get_mut(&id) {
                one.stage = Stage::Verified;
            }
            self.write(id, What::Stage(Stage::Verified), "", "");
        }
    }

    /// Forgets what says nothing any more.
    fn sweep(&mut self) {
        let now = self.now.moment;
        let mut gone = Vec::new();
        for (id, node) in &mut self.state.nodes {
            for thing in node.things.values_mut() {
                thing.tracks.retain(|_, track| track.matters(now));
            }
            let before = node.things.len();
            node.things.retain(|_, thing| !thing.gone || !thing.tracks.is_empty());
            if node.things.len() < before {
                self.dirty.insert(Part::Node(id.clone()));
            }
            if node.gone && node.things.is_empty() {
                gone.push(id.clone());
            }
        }
        for id in gone {
            self.state.nodes.remove(&id);
            self.touch(&id);
        }
    }
}

impl Track {
    fn matters(&self, now: crate::Moment) -> bool {
        let lately = self.ended.is_some_and(|ended| now.since(ended) <= FLAP_SECONDS);
        self.phase != Phase::Idle || self.open.is_some() || lately || self.flips.is_some() || !self.history.is_empty()
    }
}

/// A time that is too old now.
fn passed(track: &mut Track, now: crate::Moment) -> Option<Todo> {
    track.flips.filter(|at| track.phase == Phase::Idle && *at <= now)?;
    track.flips = None;
    Some(Todo::Saw(Truth::Yes))
}

fn absent(
    rules: &crate::rule::Rules,
    node: &NodeId,
    object: &Object,
    thing: &Thing,
    now: crate::Moment,
    out: &mut Vec<(AlertKey, Todo)>,
) {
    for id in rules.about(object.view()) {
        let Some(When::Absent(span)) = rules.get(id, node, object).map(|rule| &rule.when) else { continue };
        let late = now.since(thing.seen) >= *span;
        let phase = thing.tracks.get(id).map_or(Phase::Idle, |track| track.phase);
        if late != matches!(phase, Phase::Pending | Phase::Firing) {
            let key = AlertKey { node: node.clone(), object: object.clone(), rule: id.clone() };
            out.push((key, Todo::Saw(late.into())));
        }
    }
}
