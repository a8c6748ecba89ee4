//! Why nobody is told of an alert.

use std::collections::BTreeSet;

use super::Work;
use super::sample::SELF;
use crate::ids::{AlertKey, NodeId, Object, RuleId};
use crate::rule::Rule;
use crate::state::{Mute, Phase};

/// An alert that may explain others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cause {
    rule: RuleId,
    object: Object,
    /// It is at the node in front.
    front: bool,
}

pub(super) type Active = BTreeSet<Cause>;

impl Cause {
    fn explains(&self, key: &AlertKey, rule: &Rule) -> bool {
        // Of the same view only the same object explains anything: a full disk says nothing of another one.
        let near = self.object.view() != key.object.view() || self.object == key.object;
        // What befell the node in front befalls those behind it.
        let same = self.front && self.rule == key.rule && key.object.as_str() == SELF;
        (near && rule.depends.contains(&self.rule)) || same
    }
}

impl Work<'_> {
    /// The alerts here or at what stands in front that others depend on. One that is pending counts: it explains what comes
    /// with it.
    pub(super) fn active(&self, id: &NodeId) -> Active {
        let node = self.state.nodes.get(id);
        let front = node.and_then(|node| node.parent.as_ref()).and_then(|id| self.state.nodes.get(id));
        let mut active = Active::new();
        for (front, node) in node.map(|node| (false, node)).into_iter().chain(front.map(|node| (true, node))) {
            for (object, thing) in &node.things {
                let tracks = thing.tracks.iter().filter(|(_, track)| track.phase != Phase::Idle);
                let causes = tracks.filter(|(id, _)| self.rules.is_parent(id));
                active.extend(causes.map(|(id, _)| Cause { rule: id.clone(), object: object.clone(), front }));
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
        if let Some(cause) = active.iter().find(|cause| cause.explains(key, rule)) {
            return Some(Mute::Depends(cause.rule.clone()));
        }
        rule.to.is_none().then_some(Mute::Unrouted)
    }
}
