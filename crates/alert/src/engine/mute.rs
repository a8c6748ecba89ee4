//! Why nobody is told of an alert.

use std::collections::{BTreeMap, BTreeSet};

use super::Work;
use super::sample::SELF;
use crate::ids::{AlertKey, NodeId, Object, RuleId};
use crate::rule::Rule;
use crate::state::{Mute, Phase};

/// Alerts that may explain others.
#[derive(Clone, Debug, Default)]
pub(super) struct Active {
    /// The objects that each rule has one for.
    objects: BTreeMap<RuleId, BTreeSet<Object>>,
    /// What befell the node in front befalls those behind it.
    front: BTreeSet<RuleId>,
}

impl Active {
    fn add(&mut self, rule: &RuleId, object: &Object, front: bool) {
        if front && object.as_str() == SELF {
            self.front.insert(rule.clone());
        }
        self.objects.entry(rule.clone()).or_default().insert(object.clone());
    }

    /// Of the same view only the same object explains anything: a full disk says nothing of another one.
    fn explains(&self, parent: &RuleId, key: &AlertKey) -> bool {
        let Some(objects) = self.objects.get(parent) else { return false };
        // A rule is about one view, so any of its objects tells which.
        let other = objects.first().is_some_and(|object| object.view() != key.object.view());
        other || objects.contains(&key.object)
    }

    fn cause(&self, key: &AlertKey, rule: &Rule) -> Option<RuleId> {
        let same = key.object.as_str() == SELF && self.front.contains(&key.rule);
        let parent = rule.depends.iter().find(|parent| self.explains(parent, key));
        parent.or(same.then_some(&key.rule)).cloned()
    }
}

impl Work<'_> {
    /// The alerts here or at what stands in front that others depend on. One that is pending counts: it explains what comes
    /// with it.
    pub(super) fn active(&self, id: &NodeId) -> Active {
        let node = self.state.nodes.get(id);
        let front = node.and_then(|node| node.parent.as_ref()).and_then(|id| self.state.nodes.get(id));
        let mut active = Active::default();
        for (front, node) in node.map(|node| (false, node)).into_iter().chain(front.map(|node| (true, node))) {
            for (object, thing) in node.things.iter() {
                let tracks = thing.tracks.iter().filter(|(_, track)| track.phase != Phase::Idle);
                let causes = tracks.filter(|(id, _)| self.rules.is_parent(id));
                causes.for_each(|(id, _)| active.add(id, object, front));
            }
        }
        active
    }

    /// The first reason that holds; `None` if people are to be told.
    pub(super) fn mute(&self, key: &AlertKey, rule: &Rule, active: &Active) -> Option<Mute> {
        let mut quiets = self.state.head.quiets.values().filter(|quiet| quiet.matcher.matches(key, rule.severity));
        let quiet = quiets.clone().find(|quiet| quiet.maintenance).or_else(|| quiets.next());
        if let Some(quiet) = quiet {
            let id = quiet.id.clone();
            return Some(if quiet.maintenance { Mute::Maintenance(id) } else { Mute::Silence(id) });
        }
        if let Some(cause) = active.cause(key, rule) {
            return Some(Mute::Depends(cause));
        }
        rule.to.is_none().then_some(Mute::Unrouted)
    }
}
