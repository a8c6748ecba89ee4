//! What must not be lost, what automations hear, and what does not work here.

use atalaya_wire::event::Event;
use atalaya_wire::{ObjectId, Sample};

use super::clock;
use super::daemon::Daemon;

impl Daemon {
    /// Something that must not be lost.
    pub(super) fn record<E: Event>(&mut self, told: &E, id: &ObjectId) {
        self.record_with(told, id, None);
    }

    /// The same, with a sample beside it.
    pub(super) fn record_with<E: Event>(&mut self, told: &E, id: &ObjectId, beside: Option<&Sample>) {
        let stamp = clock::stamp(self.now, self.boot);
        let body = postcard::to_allocvec(told).unwrap_or_default();
        let appended = self.records.append(stamp, |builder| {
            let _ = builder.part(E::KIND, id, &body);
            if let Some(sample) = beside {
                let _ = builder.sample(id, sample);
            }
        });
        match appended {
            Ok(_) => self.no_trouble("records"),
            Err(err) => self.trouble("records", &format!("cannot keep a record: {err}")),
        }
    }

    /// For automations: told to whoever listens now, and to nobody later.
    pub(super) fn tell_event(&self, name: &str, about: &serde_json::Value) {
        let mut about = about.clone();
        about["ts"] = self.now.wall.as_second().into();
        for wire in &self.wires {
            let _ = wire.offer(wire.topics.event(name), about.to_string().into_bytes(), false, None);
        }
    }

    /// Something of ours that does not work: told once until it changes.
    pub(super) fn trouble(&mut self, what: &'static str, why: &str) {
        if self.troubles.insert(what, why.to_owned()).as_deref() != Some(why) {
            tracing::error!(what, why);
        }
    }

    /// It works again.
    pub(super) fn no_trouble(&mut self, what: &'static str) {
        if self.troubles.remove(what).is_some() {
            tracing::info!(what, "works again");
        }
    }
}
