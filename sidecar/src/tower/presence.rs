//! Whether nodes are there.

use std::time::Duration;

use atalaya_alert::{Event, Presence};
use atalaya_wire::NodeId;

use super::Tower;
use super::fleet::Link;
use crate::clock::Now;
use crate::limits::{SILENT_AFTER, SILENT_GRACE};

/// The tower as a node: every other one is behind its connection, so that the loss of that is told once.
pub(crate) const OWN: &str = "_sidecar";

impl Tower {
    /// `online` or `offline`.
    pub(super) fn status(&mut self, node: &NodeId, bytes: &[u8], retained: bool, now: Now) {
        match bytes {
            b"online" if retained => self.present(node, Presence::Online, now),
            b"online" => {
                self.heard_now(node, now);
                // It asks the broker for no acknowledgement that is kept: it hears this one.
                if let Some(line) = self.lines.get_mut(node) {
                    line.owed = true;
                }
            }
            b"offline" => self.present(node, Presence::Offline, now),
            _ => {}
        }
    }

    /// Takes down what is known, and lets the rules look at it.
    pub(super) fn present(&mut self, node: &NodeId, presence: Presence, now: Now) {
        let changed = {
            let mut seen = self.board.write();
            let Some(state) = seen.nodes.get_mut(node.as_str()) else { return };
            let changed = state.presence != presence;
            if changed {
                (state.presence, state.since) = (presence, now.seconds());
                seen.version += 1;
            }
            changed
        };
        let told = self.state.presence(&node.as_str().into());
        if changed || told != Some(presence) {
            self.engine_of(node, &event(node, presence), now);
            self.board.tell(|| format!("fleet:{}", node.as_str()));
        }
    }

    pub(super) fn link_up(&mut self, now: Now) {
        self.up = Some(now.since_start);
        self.board.link();
        self.board.write().link = Link::Up;
        self.engine(&Event::Online(OWN.into()), now);
        // Nodes wait for these: a broker that was replaced has none.
        for line in self.lines.values_mut() {
            line.owed = true;
        }
        self.board.tell(|| "fleet".into());
    }

    pub(super) fn link_down(&mut self, why: String, now: Now) {
        self.up = None;
        self.board.write().link = Link::Down(why);
        self.engine(&Event::Offline(OWN.into()), now);
        self.board.tell(|| "fleet".into());
    }

    /// Who says nothing for long is silent, also across our own restarts. While we are not connected ourselves, nobody is
    /// judged, and then each has time to come back.
    pub(super) fn silence(&mut self, now: Now) {
        let Some(up) = self.up else { return };
        let mut silent = Vec::new();
        {
            let seen = self.board.read();
            for node in self.lines.keys() {
                let Some(state) = seen.nodes.get(node.as_str()) else { continue };
                let interval = Duration::from_secs(state.interval);
                let (patience, grace) = (SILENT_AFTER.max(3 * interval), SILENT_GRACE.max(2 * interval));
                let (quiet, before) = self.quiet_for(node, now.since_start);
                let listening = quiet.min(now.since_start.saturating_sub(up));
                if state.presence == Presence::Online && listening >= grace && listening + before >= patience {
                    silent.push(node.clone());
                }
            }
        }
        for node in silent {
            self.present(&node, Presence::Silent, now);
        }
    }
}

fn event(node: &NodeId, presence: Presence) -> Event {
    let node = node.as_str().into();
    match presence {
        Presence::Online => Event::Online(node),
        Presence::Offline => Event::Offline(node),
        Presence::Silent => Event::Silent(node),
    }
}
