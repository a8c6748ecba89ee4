//! One step: an event goes in, the state changes, actions come out.
//!
//! `sample` and `presence` hear nodes, `people` hears people, `tick` lets time pass and ends with `tell`, which is the only
//! place where people are told. `life` moves one alert, `open` does what follows when it fires or ends, `mute` says why
//! nobody is told.

mod id;
mod life;
mod mute;
mod open;
mod people;
mod presence;
mod sample;
mod tell;
mod tick;

use std::collections::BTreeSet;

use crate::action::{Action, Part, Refused};
use crate::event::Event;
use crate::ids::{IncidentId, NodeId};
use crate::rule::Rules;
use crate::state::{Entry, State};
use crate::time::{Now, Wall};

/// Rules, ready to be asked. It remembers nothing: that is [`State`]'s.
#[derive(Clone, Debug, Default)]
pub struct Engine {
    rules: Rules,
}

impl Engine {
    /// With these rules. Others may come with the same state: alerts of rules that are no more end at the next tick.
    #[must_use]
    pub const fn new(rules: Rules) -> Self {
        Self { rules }
    }

    /// Its rules.
    #[must_use]
    pub const fn rules(&self) -> &Rules {
        &self.rules
    }

    /// What follows from an event at a time by the wall clock. [`Event::Tick`] should come every five seconds and must come
    /// every minute: only then anybody is told.
    ///
    /// Call it with everything in the order in which it came; what it gives back for one state and event is always the same.
    pub fn step(&self, state: &mut State, event: &Event, now: Wall) -> Vec<Action> {
        state.head.clock.advance(now);
        let now = state.head.clock.now();
        let mut work = Work { rules: &self.rules, state, now, out: Vec::new(), dirty: BTreeSet::new() };
        work.take(event);
        work.finish()
    }
}

/// A step that is under way.
struct Work<'a> {
    rules: &'a Rules,
    state: &'a mut State,
    now: Now,
    out: Vec<Action>,
    dirty: BTreeSet<Part>,
}

impl Work<'_> {
    fn take(&mut self, event: &Event) {
        match event {
            Event::Sample { node, object, values, at } => self.sample(node, object, values, *at),
            Event::Online(node) => self.presence(node, crate::Presence::Online),
            Event::Offline(node) => self.presence(node, crate::Presence::Offline),
            Event::Silent(node) => self.presence(node, crate::Presence::Silent),
            Event::Gone { node, object } => self.gone(node, object.as_ref()),
            Event::Parent { node, parent } => self.parent(node, parent.as_ref()),
            Event::Tick => self.tick(),
            Event::Acknowledge { what, who, note } => self.acknowledge(what, who, note),
            Event::Quiet(quiet) => self.quiet(quiet),
            Event::EndQuiet(id) => self.end_quiet(id),
            Event::Note { incident, who, text, stage } => self.note(*incident, who, text, *stage),
        }
    }

    /// What is to be saved stands first.
    fn finish(mut self) -> Vec<Action> {
        if !self.dirty.is_empty() {
            self.dirty.insert(Part::Head);
        }
        let mut actions: Vec<Action> = self.dirty.into_iter().map(Action::Save).collect();
        actions.append(&mut self.out);
        actions
    }

    fn refuse(&mut self, why: Refused) {
        self.out.push(Action::Refused(why));
    }

    fn touch(&mut self, node: &NodeId) {
        if !self.dirty.contains(&Part::Node(node.clone())) {
            self.dirty.insert(Part::Node(node.clone()));
        }
    }

    fn wrote(&mut self, incident: IncidentId, entry: Entry) {
        self.dirty.insert(Part::Incident(incident));
        self.out.push(Action::Timeline { incident, entry });
    }
}
