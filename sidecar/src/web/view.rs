//! What a reader may see of what is known now: the one way by which pages and live events look at the board. What is
//! another customer's is not in it, so no page can show it by forgetting to ask.

use std::collections::BTreeMap;

use atalaya_alert::{AlertKey, AlertState, Matcher, Object, Quiet, RuleId, Severity};

use super::App;
use crate::db::Aside;
use crate::people::Customers;
use crate::tower::{Link, NodeState, Seen};
use crate::window::Window;

/// See the module.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    seen: &'a Seen,
    whose: &'a Customers,
}

impl App {
    /// Looks at what somebody with these customers may see. The board waits meanwhile: only copy out.
    pub(super) fn look<T>(&self, whose: &Customers, look: impl FnOnce(&View<'_>) -> T) -> T {
        look(&View::new(&self.shared.board.read(), whose))
    }
}

impl<'a> View<'a> {
    pub(super) const fn new(seen: &'a Seen, whose: &'a Customers) -> Self {
        Self { seen, whose }
    }

    /// The sidecar's own connection, which is everybody's.
    pub(super) const fn link(&self) -> &'a Link {
        &self.seen.link
    }

    /// A damaged database that was set aside: so what there is of everybody's history is not shown.
    pub(super) const fn aside(&self) -> Option<&'a Aside> {
        self.seen.aside.as_ref()
    }

    fn has(&self, node: &NodeState) -> bool {
        self.whose.has(&node.row.customer)
    }

    fn is_all(&self) -> bool {
        *self.whose == Customers::All
    }

    /// Nodes, by id.
    pub(super) fn nodes(&self) -> impl Iterator<Item = &'a NodeState> + use<'a> {
        let view = *self;
        self.seen.nodes.values().filter(move |node| view.has(node))
    }

    /// Names of all of them by their numbers.
    pub(super) fn names(&self) -> BTreeMap<u16, &'a str> {
        self.nodes().map(|node| (node.row.id, node.row.name.as_str())).collect()
    }

    /// One of them by its id as in topics.
    pub(super) fn node(&self, id: &str) -> Option<&'a NodeState> {
        self.seen.nodes.get(id).filter(|node| self.has(node))
    }

    /// Alerts that are open, by node.
    pub(super) fn alerts(&self) -> impl Iterator<Item = &'a AlertState> + use<'a> {
        let view = *self;
        let theirs = move |alert: &&AlertState| view.is_all() || view.node(alert.alert.node.as_str()).is_some();
        self.seen.alerts.values().filter(theirs)
    }

    /// Those of a node.
    pub(super) fn alerts_of<'b>(&self, node: &'b str) -> impl Iterator<Item = &'a AlertState> + use<'a, 'b> {
        let first = AlertKey { node: node.into(), object: Object::default(), rule: RuleId::default() };
        let is_theirs = self.is_all() || self.node(node).is_some();
        let all = self.seen.alerts.range(first..).take_while(move |(key, _)| is_theirs && key.node.as_str() == node);
        all.map(|(_, alert)| alert)
    }

    /// Silences and maintenance that hold: for some customers those that concern a node of theirs and nobody else's.
    pub(super) fn quiets(&self) -> impl Iterator<Item = &'a Quiet> + use<'a> {
        let view = *self;
        self.seen.quiets.iter().filter(move |quiet| view.is_all() || view.concerns_only_theirs(&quiet.matcher))
    }

    /// Maintenance that is announced, in the same way.
    pub(super) fn windows(&self) -> impl Iterator<Item = &'a Window> + use<'a> {
        let view = *self;
        self.seen.windows.iter().filter(move |window| view.is_all() || view.concerns_only_theirs(&window.matcher))
    }

    /// What holds of a window now.
    pub(super) fn runs(&self, window: &Window) -> Option<&'a Quiet> {
        self.seen.quiets.iter().find(|quiet| quiet.id == window.id)
    }

    fn concerns_only_theirs(&self, matcher: &Matcher) -> bool {
        if let Some(node) = matcher.node.as_deref().filter(|node| !node.contains('*')) {
            return self.node(node).is_some();
        }
        let about = Matcher { node: matcher.node.clone(), ..Matcher::default() };
        let matches = |id: &str| {
            let key = AlertKey { node: id.into(), object: Object::default(), rule: RuleId::default() };
            about.matches(&key, Severity::Critical)
        };
        let (mut theirs, mut others) = (false, false);
        for node in self.seen.nodes.values().filter(|node| matches(&node.row.name)) {
            if self.has(node) { theirs = true } else { others = true }
        }
        theirs && !others
    }

    /// Whether a change such as `fleet`, `alerts:nas` or `node:nas` is about something that is seen. What names no node is
    /// everybody's.
    pub(super) fn shows(&self, change: &str) -> bool {
        self.is_all() || change.split_once(':').is_none_or(|(_, node)| self.node(node).is_some())
    }
}
