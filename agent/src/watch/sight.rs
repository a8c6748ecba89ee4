//! What probes see: onto the board, into the next frame, and into records where something turned.

use std::time::Duration;

use atalaya_wire::limits::SAMPLE_BYTES_MAX;
use atalaya_wire::message::{Builder, Head, Stream};
use atalaya_wire::view::{Meta, Probe as ProbeView};
use atalaya_wire::{ObjectId, Sample, text};

use super::board::OBJECTS_MAX;
use super::clock;
use super::daemon::Daemon;
use super::eyes::Reading;
use super::gone::gone;
use crate::probe::{Fault, Probe, Site, model};

/// What a frame has room for when it goes: any one sample, and what is told of frames that were lost.
const FRAME_ROOM_BYTES_MIN: usize = 2 * SAMPLE_BYTES_MAX;
const FRAME_ROOM_PARTS_MIN: usize = 64;

impl Daemon {
    /// Takes a reading.
    pub(super) fn see(&mut self, reading: Reading) {
        let name = self.eyes.name(reading.number);
        if !self.eyes.back(reading.number, reading.turn, reading.probe) {
            return;
        }
        // Each looks with code of its own, and the next one does not need it; this one will, in a minute at the soonest.
        crate::memory::give_back();
        let state = reading.result.as_ref().map_or_else(Fault::state, |()| "ok");
        let fault = reading.result.as_ref().err().map(ToString::to_string);
        let partly = reading.left_out.is_some();
        let problem: Vec<String> = fault.into_iter().chain(reading.left_out).collect();
        let problem = (!problem.is_empty()).then(|| problem.join("; "));
        self.probe_view(name, problem, state, Some(reading.took));
        let saw_all = |probe: &dyn Probe| probe.saw_all(&reading.result, !reading.samples.is_empty());
        let told = self.eyes.probe(reading.number).is_some_and(saw_all);
        // What was left out may be there as well.
        if told && !partly {
            self.part(reading.number, &reading.samples);
        }
        for (id, sample) in reading.samples {
            if self.is_missed(reading.number, &id, &sample) {
                self.known.meet(&id, &sample);
            } else {
                self.known.forget(sample.name(), &id);
            }
            if let Sample::System(view) = &sample {
                self.runs.feel(view, self.now);
            }
            self.show(id, sample);
        }
        if told {
            self.miss(name);
        }
        if name == "fs" {
            self.see_stores();
        }
        if name == super::certificates::PROBE {
            self.tell_requests();
        }
    }

    fn is_missed(&self, number: usize, id: &ObjectId, what: &Sample) -> bool {
        self.eyes.probe(number).is_none_or(|probe| probe.misses(id, what))
    }

    /// Hardware that was there before and is not any more, now that its probe has told all that there is.
    fn part(&mut self, number: usize, told: &[(ObjectId, Sample)]) {
        let misses = |id: &ObjectId, what: &Sample| self.is_missed(number, id, what);
        let found = gone(&self.known, &self.board, self.eyes.name(number), told, misses, self.now.boot);
        let Some((kind, gone)) = found else { return };
        for (id, sample) in gone.missed {
            self.show(id, sample);
        }
        for id in gone.forgotten {
            self.take_off(kind, &id);
        }
    }

    /// What the configuration does not name any more, now that `probe` has told what it sees.
    fn miss(&mut self, probe: &'static str) {
        let probes = self.eyes.names();
        let board = &self.board;
        for (kind, id) in self.known.settle(probe, &probes, |kind, id| board.is_fresh(kind, id)) {
            self.take_off(kind, &id);
        }
    }

    fn take_off(&mut self, kind: &str, id: &ObjectId) {
        self.known.forget(kind, id);
        self.board.remove(kind, id);
        self.greet_again();
    }

    /// Forgets hardware that is gone; `false` if it is not known.
    pub(super) fn dismiss(&mut self, kind: &str, id: &ObjectId) -> bool {
        if !self.known.forget(kind, id) {
            return false;
        }
        self.take_off(kind, id);
        true
    }

    /// Writes down what is new about this machine; rarely anything is.
    pub(super) fn save_known(&mut self) {
        match self.known.save() {
            Ok(()) => self.no_trouble("known"),
            Err(err) => self.trouble("known", &format!("cannot remember what this machine has: {err}")),
        }
    }

    /// How a probe does, as a view; a line in the log when that turns. With `ok`, a problem is what it left out.
    pub(super) fn probe_view(
        &mut self,
        name: &'static str,
        problem: Option<String>,
        state: &'static str,
        took: Option<Duration>,
    ) {
        let key = ObjectId::of(name);
        let (before, partly) = match self.board.get("probe", &key) {
            Some(Sample::Probe(view)) => (view.state.clone(), view.problem.is_some()),
            _ => (None, false),
        };
        let why = problem.as_deref().unwrap_or_default();
        if before.as_deref() != Some(state) && matches!(state, "denied" | "failed" | "stuck") {
            tracing::warn!(probe = name, state, why, "cannot see");
        } else if state == "ok" && !why.is_empty() && !(before.as_deref() == Some(state) && partly) {
            tracing::warn!(probe = name, why, "does not see all");
        }
        let view = ProbeView {
            state: Some(text(state)),
            problem: problem.as_deref().map(text),
            duration_seconds: took.map(|took| took.as_secs_f32()),
        };
        self.show(key, view.into());
    }

    /// A sample: on the board, into the next frame, and a record if something turned.
    pub(super) fn show(&mut self, id: ObjectId, sample: Sample) {
        let (bytes, parts) = self.frame.room();
        if bytes < FRAME_ROOM_BYTES_MIN || parts < FRAME_ROOM_PARTS_MIN {
            self.send_frame();
        }
        let _ = self.frame.sample(&id, &sample);
        if self.board.is_full_for(&sample, &id) {
            self.trouble(
                "objects",
                &format!("more than {OBJECTS_MAX} things are seen, others are not told: watch fewer"),
            );
        }
        let changed = self.board.see(id.clone(), sample, self.now.boot, self.now.wall.as_second());
        if let Some(changed) = changed {
            self.record(&changed, &id);
            let object = if id.as_str().is_empty() {
                changed.view.as_str().to_owned()
            } else {
                format!("{}/{}", changed.view.as_str(), id.as_str())
            };
            self.tell_event(
                "changed",
                &serde_json::json!({
                    "object": object,
                    "key": changed.key.as_str(),
                    "from": changed.from.as_str(),
                    "to": changed.to.as_str(),
                    "problem": changed.problem.as_str(),
                }),
            );
        }
    }

    /// What was seen since the last frame, as a frame: when its time has come, or it is as good as full.
    pub(super) fn send_frame(&mut self) {
        if self.frame.is_empty() {
            return;
        }
        self.frame_seq += 1;
        let stamp = clock::stamp(self.now, self.boot);
        let head = Head { stream: Stream::Frame, id: self.frame_stream, seq: self.frame_seq, stamp };
        let mut frame = std::mem::replace(&mut self.frame, Builder::new(&head));
        frame.set_head(&head);
        self.ring.push(self.frame_seq, frame.finish());
    }

    /// Who this is.
    pub(super) fn meta(&mut self) {
        let kernel = rustix::system::uname();
        let machine = model::describe(&Site::default());
        let some = |words: &str| (!words.is_empty()).then(|| text(words));
        let meta = Meta {
            name: Some(text(&self.config.name)),
            version: Some(text(env!("CARGO_PKG_VERSION"))),
            wire: Some(u64::from(atalaya_wire::message::VERSION)),
            model: some(&machine.model),
            os: some(&machine.os),
            kernel: Some(text(&kernel.release().to_string_lossy())),
            architecture: Some(text(std::env::consts::ARCH)),
            interval_seconds: Some(self.config.interval.as_secs()),
            heartbeat_seconds: Some(self.config.heartbeat.as_secs()),
            record_stream: Some(text(&self.records.id().to_string())),
            frame_stream: Some(text(&self.frame_stream.to_string())),
        };
        self.show(ObjectId::only(), meta.into());
    }
}
