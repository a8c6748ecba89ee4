//! A view of an object: the rules about it are asked.

use super::open::face;
use super::{Work, life};
use crate::action::Refused;
use crate::ids::{AlertKey, NodeId, Object, RuleId};
use crate::limits::{HISTORY_MAX, NODES_MAX, OBJECTS_PER_NODE_MAX};
use crate::own;
use crate::rule::{Context, Point, Rule, Term, Truth, When};
use crate::state::{Node, Phase, Presence, Thing, cut};
use crate::time::{Moment, Wall};
use crate::value::{Value, Values};

/// The node as an object of itself.
pub(super) const SELF: &str = "node";

impl Work<'_> {
    pub(super) fn sample(&mut self, node: &NodeId, object: &Object, values: &Values, at: Wall) {
        let Some(presence) = self.node(node).map(|node| node.presence) else { return };
        // What the tower says of itself holds whether or not its connection stands, and says nothing of that.
        let is_own = own::view(object.view()).is_some();
        if presence != Presence::Online && !is_own {
            self.presence(node, Presence::Online);
        }
        if object.view() == SELF {
            return;
        }
        if object.view() == "meta" {
            self.rename(node, values);
        }
        if (is_own || self.thing(node, &Object::from(SELF)).is_some()) && self.thing(node, object).is_some() {
            self.look(node, object, values, at);
        }
    }

    /// The node, made if there is room for it; one that was retired and speaks is there again.
    pub(super) fn node(&mut self, id: &NodeId) -> Option<&mut Node> {
        if !self.state.nodes.contains_key(id) {
            if self.state.nodes.len() >= NODES_MAX {
                self.refuse(Refused::Nodes);
                return None;
            }
            self.state.nodes.insert(id.clone(), Node { unheard: true, ..Node::default() });
            self.touch(id);
        }
        let node = self.state.nodes.get_mut(id)?;
        node.gone = false;
        Some(node)
    }

    /// The object, made if there is room for it. It was heard of now.
    pub(super) fn thing(&mut self, id: &NodeId, object: &Object) -> Option<&mut Thing> {
        let node = self.state.nodes.get_mut(id)?;
        if node.things.get(object).is_none() {
            // The node itself is not among those that count, so that it always has its place.
            if node.things.len() > OBJECTS_PER_NODE_MAX {
                self.refuse(Refused::Objects);
                return None;
            }
            node.things.begun(object);
            self.touch(id);
        }
        let thing = self.state.nodes.get_mut(id)?.things.get_mut(object)?;
        (thing.seen, thing.gone) = (self.now.moment, false);
        Some(thing)
    }

    fn rename(&mut self, id: &NodeId, values: &Values) {
        let Value::Text(name) = values.get("name") else { return };
        let Some(node) = self.state.nodes.get_mut(id) else { return };
        if node.name.as_deref() != Some(name) {
            node.name = Some(cut(name));
            self.touch(id);
        }
    }

    /// Asks each rule about the object's view.
    pub(super) fn look(&mut self, node: &NodeId, object: &Object, values: &Values, at: Wall) {
        let rules = self.rules;
        for id in rules.about(object.view()) {
            if let Some(rule) = rules.get(id, node, object) {
                self.ask(rule, node, object, values, at);
            }
        }
    }

    fn ask(&mut self, rule: &Rule, node: &NodeId, object: &Object, values: &Values, at: Wall) {
        let now = self.now.moment;
        let things = self.state.nodes.get_mut(node).and_then(|node| node.things.get_mut(object));
        let Some(thing) = things else { return };
        let track = thing.tracks.get_mut(&rule.id);
        let (mut kept, mut history) = (false, Vec::new());
        if let Some(term) = rule.remembers() {
            history = track.as_ref().map(|track| track.history.clone()).unwrap_or_default();
            kept = remember(&mut history, term, values.get(&term.key), now);
        }
        let context = Context { values, at, now, history: &history };
        let (when, clear) = rule.asked(&context);
        let flips = if when == Truth::No { rule.flips(&context) } else { None };
        // Most rules hold for most objects: then there is nothing to remember.
        if track.is_none() && when != Truth::Yes && history.is_empty() && flips.is_none() {
            return;
        }
        let track = thing.tracks.begun(&rule.id);
        (track.history, track.flips) = (history, flips);
        let change = life::saw(track, rule, when, clear, now);
        // What people are shown when it fires is what was last seen.
        if track.phase == Phase::Pending || track.flips.is_some() {
            track.face = Some(face(object, rule, values));
        }
        if kept {
            self.touch(node);
        }
        if let Some(change) = change {
            let key = AlertKey { node: node.clone(), object: object.clone(), rule: RuleId::clone(&rule.id) };
            self.follow(&key, rule, change);
        }
    }
}

/// Adds a point, one for each twelfth of the window and the newest; true if that is worth saving.
fn remember(history: &mut Vec<Point>, term: &Term, value: &Value, now: Moment) -> bool {
    let (Some(number), Some(window)) = (value.number(), term.window()) else { return false };
    if term.counts() && history.last().is_some_and(|last| last.value() > number) {
        history.clear();
    }
    history.retain(|point| now.since(point.at) <= window);
    let newest = history.len().checked_sub(2).and_then(|at| history.get(at));
    let apart = newest.is_none_or(|before| history.last().is_some_and(|last| last.at.since(before.at) >= window / 12));
    if !apart {
        history.pop();
    }
    if history.len() >= HISTORY_MAX {
        history.remove(1);
    }
    history.push(Point::new(now, number));
    apart && window >= 3_600
}

impl Rule {
    fn terms(&self) -> &[Term] {
        match &self.when {
            When::All(terms) => terms,
            When::Absent(_) => &[],
        }
    }

    /// The term that looks at what was.
    fn remembers(&self) -> Option<&Term> {
        self.terms().iter().chain(&self.clear).find(|term| term.window().is_some())
    }

    /// Whether it fires, and whether it recovers.
    fn asked(&self, context: &Context<'_>) -> (Truth, Truth) {
        let guard = Truth::all(self.only.iter().map(|term| term.holds(context)));
        let when = match &self.when {
            When::All(terms) => Truth::all(terms.iter().map(|term| term.holds(context)).chain([guard])),
            When::Absent(_) => Truth::No,
        };
        if self.clear.is_empty() || when == Truth::Yes {
            return (when, when.not());
        }
        (when, Truth::any(self.clear.iter().map(|term| term.holds(context)).chain([guard.not()])))
    }

    /// When time alone will make it fire: all but ages hold already.
    fn flips(&self, context: &Context<'_>) -> Option<Moment> {
        let mut most = None;
        for term in self.terms().iter().chain(&self.only) {
            match (term.holds(context), term.left(context)) {
                (Truth::Yes, _) => {}
                (Truth::No, Some(left)) => most = most.max(u64::try_from(left).ok()),
                _ => return None,
            }
        }
        most.map(|left| context.now.after(left))
    }
}
