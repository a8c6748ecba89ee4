//! What Home Assistant and brokers are told of what there is, and of what is no longer there.

use std::collections::BTreeMap;
use std::time::Duration;

use atalaya_wire::discovery::{self, Device};

use super::daemon::Daemon;
use crate::probe::{Site, model};

/// By then every probe has told what it sees, or is stuck.
const SETTLE_MAX: Duration = Duration::from_secs(20);

impl Daemon {
    /// Removes from a broker what is gone; `true` once nothing is left to remove.
    pub(super) fn sweep(&mut self, index: usize) -> bool {
        let wire = &mut self.wires[index];
        if !wire.sweeping {
            return true;
        }
        let key = wire.key();
        let board = &self.board;
        for (kind, id) in self.known.stale(&key, |kind, id| board.has(kind, id)) {
            if !wire.offer(wire.topics.view_named(&kind, &id), Vec::new(), true, None) {
                return false;
            }
            self.known.removed(&key, &kind, &id);
        }
        wire.sweeping = false;
        true
    }

    /// Whether every probe has looked, or had time to: what there is can be told at once, and what is not there is gone.
    pub(super) fn is_settled(&self) -> bool {
        self.eyes.all_read() || self.now.boot.saturating_sub(self.began) > SETTLE_MAX
    }

    /// Tells Home Assistant what there is; `true` once nothing new is left to tell.
    pub(super) fn introduce(&mut self, index: usize) -> bool {
        let generation = self.board.generation();
        let wire = &self.wires[index];
        let Some(prefix) = wire.output.discovery.as_ref().filter(|_| wire.discovered != Some(generation)) else {
            return true;
        };
        let key = wire.key();
        let awaited = self.known.awaited_entities();
        let before = self.known.entities(&key);
        let is_awaited = |name: &str| awaited.iter().any(|prefix| name.starts_with(prefix));
        let gone: Vec<discovery::Component> = before
            .iter()
            .filter(|(name, _)| !is_awaited(name))
            .map(|(name, platform)| (name.clone(), discovery::platform_named(platform)))
            .collect();
        let (message, made) = discovery::message(&wire.topics, &self.device(), &self.board.objects(), &gone);
        if !wire.offer(wire.topics.discovery(prefix), message.into_bytes(), true, None) {
            return false;
        }
        // What may still be seen is still there for Home Assistant.
        let kept = before.into_iter().filter(|(name, _)| is_awaited(name));
        let made = made.into_iter().map(|(name, platform)| (name, platform.to_owned()));
        let entities: BTreeMap<String, String> = kept.chain(made).collect();
        self.known.discovered(&key, entities);
        self.wires[index].discovered = Some(generation);
        true
    }

    fn device(&self) -> Device {
        let machine = model::describe(&Site::default());
        Device {
            name: self.config.name.clone(),
            model: machine.model,
            manufacturer: machine.maker,
            version: env!("CARGO_PKG_VERSION").into(),
            heartbeat: self.config.heartbeat.as_secs(),
            ..Device::default()
        }
    }
}
