//! What must not be lost, what automations hear, and what does not work here.

use std::collections::VecDeque;

use atalaya_wire::event::Event;
use atalaya_wire::{ObjectId, Sample, Stamp};

use super::clock;
use super::daemon::Daemon;
use crate::outbox::Records;

/// Records that wait in memory while the disk takes none: more than a night of trouble brings.
const UNWRITTEN_MAX: usize = 64;

/// Kind, what it is about, bytes.
type Part = (u16, ObjectId, Vec<u8>);

/// Records that are not on the disk yet; empty while that works.
#[derive(Debug, Default)]
pub(super) struct Unwritten(VecDeque<(Stamp, Vec<Part>)>);

impl Unwritten {
    /// Adds one; `false` if the oldest had to be given up for it.
    fn push(&mut self, stamp: Stamp, parts: Vec<Part>) -> bool {
        self.0.push_back((stamp, parts));
        let fits = self.0.len() <= UNWRITTEN_MAX;
        if !fits {
            self.0.pop_front();
        }
        fits
    }

    /// Writes as many as the disk takes, the oldest first.
    fn write(&mut self, records: &mut Records) -> std::io::Result<()> {
        while let Some((stamp, parts)) = self.0.front() {
            records.append(*stamp, |builder| {
                for (kind, id, body) in parts {
                    let _ = builder.part(*kind, id, body);
                }
            })?;
            self.0.pop_front();
        }
        Ok(())
    }
}

impl Daemon {
    /// Something that must not be lost.
    pub(super) fn record<E: Event>(&mut self, told: &E, id: &ObjectId) {
        self.record_with(told, id, None);
    }

    /// The same, with a sample beside it.
    pub(super) fn record_with<E: Event>(&mut self, told: &E, id: &ObjectId, beside: Option<&Sample>) {
        let mut parts = vec![(E::KIND, id.clone(), postcard::to_allocvec(told).unwrap_or_default())];
        let beside = beside.and_then(|sample| Some((sample.kind(), id.clone(), sample.to_bytes()?)));
        parts.extend(beside);
        if !self.unwritten.push(clock::stamp(self.now, self.boot), parts) {
            self.trouble("lost", "no record could be written for long, and the oldest are given up");
        }
        self.write_records();
    }

    /// Writes down what happened, also what could not be written before.
    pub(super) fn write_records(&mut self) {
        match self.unwritten.write(&mut self.records) {
            Ok(()) => {
                self.no_trouble("records");
                self.troubles.remove("lost");
            }
            Err(err) => self.trouble("records", &format!("cannot write a record, it waits in memory: {err}")),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_disk_does_not_take_waits_in_order_and_is_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let mut records = Records::open(&folder.path().join("records"), [7; 16]).unwrap();
        let gone = folder.path().join("gone");
        std::fs::rename(folder.path().join("records"), &gone).unwrap();
        let mut unwritten = Unwritten::default();
        let part = |number: usize| vec![(60_000, ObjectId::only(), vec![number as u8])];
        for number in 0..UNWRITTEN_MAX {
            assert!(unwritten.push(Stamp::default(), part(number)));
            assert!(unwritten.write(&mut records).is_err());
        }
        assert!(!unwritten.push(Stamp::default(), part(UNWRITTEN_MAX)));
        std::fs::rename(&gone, folder.path().join("records")).unwrap();
        unwritten.write(&mut records).unwrap();
        let mut seen: Vec<u8> = Vec::new();
        let each = |_, bytes: Vec<u8>| {
            seen.extend(bytes.last());
            true
        };
        records.each(0, each).unwrap();
        assert_eq!(seen, (1..=UNWRITTEN_MAX as u8).collect::<Vec<_>>());
    }
}
