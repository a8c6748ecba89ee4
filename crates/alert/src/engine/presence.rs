//! Nodes that come, go, and are retired.

use super::sample::SELF;
use super::{Work, life};
use crate::ids::{NodeId, Object};
use crate::own;
use crate::state::Presence;
use crate::value::{Value, Values};

impl Work<'_> {
    pub(super) fn presence(&mut self, id: &NodeId, presence: Presence) {
        let Some(node) = self.node(id) else { return };
        let was = std::mem::replace(&mut node.presence, presence);
        let is_first = std::mem::take(&mut node.unheard);
        let myself = Object::from(SELF);
        if presence == Presence::Online {
            self.thing(id, &myself);
        } else {
            self.unseen(id, &myself);
        }
        if was != presence || is_first {
            self.touch(id);
        }
        let mut values = Values::default();
        values.set("state", Value::Text(presence.text().to_owned()));
        let now = self.now.wall;
        self.look(id, &myself, &values, now);
    }

    /// What the node last said of its objects says nothing of how they are now; the tower still knows how it is itself.
    fn unseen(&mut self, id: &NodeId, myself: &Object) {
        let now = self.now.moment;
        let Some(node) = self.state.nodes.get_mut(id) else { return };
        // It is an object of itself even if it was never heard.
        if node.things.get(myself).is_none() {
            node.things.begun(myself).seen = now;
        }
        let known = |object: &Object| object == myself || own::view(object.view()).is_some();
        for (_, thing) in node.things.iter_mut().filter(|(object, _)| !known(object)) {
            thing.tracks.values_mut().for_each(|track| life::lost(track, now));
        }
    }

    pub(super) fn parent(&mut self, id: &NodeId, parent: Option<&NodeId>) {
        let parent = parent.filter(|parent| *parent != id).cloned();
        if let Some(node) = self.node(id) {
            node.parent = parent;
            self.touch(id);
        }
    }

    /// Alerts of what is not watched any more end at the next tick.
    pub(super) fn gone(&mut self, id: &NodeId, object: Option<&Object>) {
        let Some(node) = self.state.nodes.get_mut(id) else { return };
        match object {
            None => {
                (node.gone, node.unheard) = (true, true);
                node.things.values_mut().for_each(|thing| thing.gone = true);
            }
            Some(object) => {
                if let Some(thing) = node.things.get_mut(object) {
                    thing.gone = true;
                }
            }
        }
        self.touch(id);
    }
}
