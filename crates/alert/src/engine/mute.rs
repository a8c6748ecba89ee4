//! Why nobody is told of an alert.

use std::collections::BTreeSet;

use super::Work;
use crate::ids::{AlertKey, NodeId, Object, RuleId};
use crate::rule::Rule;
use crate::state::{Mute, Phase};

/// A rule with the object for which it has an alert.
pub(super) type Active = BTreeSet<(RuleId, Object)>;

impl Work<'_> {
    /// The alerts here or at what stands in front that others depend on. One that is pending counts: it explains what comes
    /// with it.
    pub(super) fn active(&self, id: &NodeId) -> Active {
        let node = self.state.nodes.get(id);
        let front = node.and_then(|node| node.parent.as_ref()).and_then(|id| self.state.nodes.get(id));
        let things = node.into_iter().chain(front).flat_map(|node| node.things.iter());
        let mut active = Active::new();
        for (object, thing) in things {
            for (id, track) in &thing.tracks {
                if track.phase != Phase::Idle && self.rules.is_parent(id) {
                    active.insert((id.clone(), object.clone()));
                }
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
        // Of the same view only the same object explains anything: a full disk says nothing of another one.
        let explains = |object: &Object| object.view() != key.object.view() || *object == key.object;
        if let Some((parent, _)) = active.iter().find(|(id, object)| rule.depends.contains(id) && explains(object)) {
            return Some(Mute::Depends(parent.clone()));
        }
        rule.to.is_none().then_some(Mute::Unrouted)
    }
}
