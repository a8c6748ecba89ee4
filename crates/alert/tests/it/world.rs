//! An engine on a virtual clock, and nodes that say the same every minute until they are told otherwise.

use std::collections::BTreeMap;

use atalaya_alert::{Action, Engine, Event, NodeId, Notification, Object, Rules, State, Value, Values, Wall, rule};

pub(crate) use crate::days::BEGIN;

/// Seconds between two ticks.
const TICK: u64 = 5;

pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) state: State,
    /// Seconds since the world began.
    pub(crate) elapsed: u64,
    /// By how much the sidecar's clock is wrong.
    pub(crate) offset: i64,
    /// What came out, with when.
    pub(crate) actions: Vec<(u64, Action)>,
    /// What nodes say every minute; a node that is not here says nothing.
    pub(crate) says: BTreeMap<NodeId, BTreeMap<Object, Values>>,
    pub(crate) quiet: Vec<NodeId>,
}

impl World {
    pub(crate) fn new(extra: &[&str]) -> Self {
        let files: Vec<&str> = [rule::DEFAULT].into_iter().chain(extra.iter().copied()).collect();
        Self::with(&files)
    }

    pub(crate) fn with(files: &[&str]) -> Self {
        Self {
            engine: Engine::new(Rules::parse(files).unwrap()),
            state: State::default(),
            elapsed: 0,
            offset: 0,
            actions: Vec::new(),
            says: BTreeMap::new(),
            quiet: Vec::new(),
        }
    }

    pub(crate) fn now(&self) -> Wall {
        Wall(BEGIN + i64::try_from(self.elapsed).unwrap() + self.offset)
    }

    pub(crate) fn take(&mut self, event: &Event) {
        let now = self.now();
        let actions = self.engine.step(&mut self.state, event, now);
        self.actions.extend(actions.into_iter().map(|action| (self.elapsed, action)));
    }

    /// A node says this now, and again every minute, together with what it said of this object before.
    pub(crate) fn say(&mut self, node: &str, object: &str, keys: &[(&'static str, Value)]) {
        let (node, object) = (NodeId::from(node), Object::from(object));
        let values = self.says.entry(node.clone()).or_default().entry(object.clone()).or_default();
        keys.iter().for_each(|(key, value)| values.set(*key, value.clone()));
        let values = values.clone();
        self.sample(&node, &object, values);
    }

    fn sample(&mut self, node: &NodeId, object: &Object, values: Values) {
        // A node's own clock is right here, whatever the sidecar's says.
        let at = Wall(self.now().0 - self.offset);
        self.take(&Event::Sample { node: node.clone(), object: object.clone(), values, at });
    }

    /// Lets time pass, with ticks and what nodes say.
    pub(crate) fn pass(&mut self, until: u64) {
        while self.elapsed < until {
            let next = (self.elapsed / TICK + 1) * TICK;
            self.elapsed = next.min(until);
            if self.elapsed.is_multiple_of(60) {
                self.minute();
            }
            if self.elapsed.is_multiple_of(TICK) {
                self.take(&Event::Tick);
            }
        }
    }

    fn minute(&mut self) {
        for (node, objects) in self.says.clone() {
            if !self.quiet.contains(&node) {
                objects.into_iter().for_each(|(object, values)| self.sample(&node, &object, values));
            }
        }
    }

    /// As after a restart of the sidecar.
    pub(crate) fn restart(&mut self) {
        let text = serde_json::to_string(&self.state).unwrap();
        let state: State = serde_json::from_str(&text).unwrap();
        assert_eq!(state, self.state);
        self.state = state;
    }

    pub(crate) fn notifications(&self) -> impl Iterator<Item = (u64, &Notification)> {
        self.actions.iter().filter_map(|(at, action)| match action {
            Action::Notify(notification) => Some((*at, notification)),
            _ => None,
        })
    }
}

/// A span such as `1h30m`.
pub(crate) fn span(text: &str) -> u64 {
    let ends = text.char_indices().filter(|(_, c)| c.is_alphabetic()).map(|(at, _)| at + 1);
    let starts = [0].into_iter().chain(ends.clone());
    starts.zip(ends).map(|(start, end)| rule::seconds(&text[start..end]).unwrap()).sum()
}

/// The same back.
pub(crate) fn shown(mut seconds: u64) -> String {
    let mut out = String::new();
    for (size, unit) in [(86_400, 'd'), (3_600, 'h'), (60, 'm'), (1, 's')] {
        if seconds >= size {
            out.push_str(&format!("{}{unit}", seconds / size));
            seconds %= size;
        }
    }
    if out.is_empty() { "0s".into() } else { out }
}
