//! What people ask over the control socket.

use atalaya_wire::Sample;
use serde_json::{Value, json};

use super::control::{Asked, Request};
use super::daemon::Daemon;
use crate::schedule::Event as Due;

impl Daemon {
    /// Answers whoever asked.
    pub(super) fn answer(&mut self, asked: Asked) {
        let reply = match &asked.request {
            Request::Status => Ok(self.status()),
            Request::Backup(job) => {
                let begun = self.back_up(job.as_deref());
                begun.map(|()| json!({ "begun": true })).map_err(|why| why.why().to_owned())
            }
            Request::Upkeep(name) => self.look_after(name).map(|begun| json!({ "begun": begun })),
            Request::Policy => Ok(self.policies()),
            Request::Dismiss(object) => self.dismiss_named(object),
        };
        asked.reply(&reply);
    }

    /// Begins the tasks of an upkeep, or one of them; gives their names.
    fn look_after(&mut self, name: &str) -> Result<Vec<String>, String> {
        let wanted = self.config.chores.iter().filter(|chore| chore.is_called(name));
        let wanted: Vec<String> = wanted.map(|chore| chore.plan.name.clone()).collect();
        if wanted.is_empty() {
            let known: Vec<&str> = self.config.chores.iter().map(|chore| chore.plan.name.as_str()).collect();
            return Err(format!("there is no upkeep {name:?} in the configuration; there are {}", known.join(", ")));
        }
        for task in &wanted {
            if let Some(at) = self.runs.position(task) {
                self.plan_step(Due::Asked(at));
            }
        }
        Ok(wanted)
    }

    fn dismiss_named(&mut self, object: &str) -> Result<Value, String> {
        let parts = object.split_once('/').and_then(|(kind, id)| Some((kind, atalaya_wire::ObjectId::parse(id)?)));
        let (kind, id) =
            parts.ok_or_else(|| format!("{object:?} is no object; write disk/ID or fs/ID, as in the topics"))?;
        if self.dismiss(kind, &id) {
            return Ok(json!({ "dismissed": object }));
        }
        Err(format!("there is no {object:?} that is remembered"))
    }

    fn status(&self) -> Value {
        let brokers = self.wires.iter().map(|wire| {
            json!({
                "broker": wire.output.url.to_string(),
                "connected": wire.line.up,
                "problem": (!wire.line.up).then_some(wire.line.why.as_str()),
            })
        });
        let json_of = |sample: Sample| -> Value {
            serde_json::from_slice(&sample.json(self.now.wall.as_second(), 0)).unwrap_or_default()
        };
        let jobs = self.runs.views.iter().map(|view| json_of(view.clone().into()));
        let upkeep = self.runs.chores.iter().map(|view| json_of(view.clone().into()));
        let probes = self.board.of("probe").into_iter().filter_map(|(id, sample)| {
            let view = json_of(sample.clone());
            let state = view["state"].as_str().unwrap_or_default().to_owned();
            let well = state == "absent" || state == "ok" && view["problem"].is_null();
            (!well).then(|| json!({ "probe": id.as_str(), "state": state, "problem": view["problem"] }))
        });
        json!({
            "node": self.node.as_str(),
            "name": self.config.name,
            "version": env!("CARGO_PKG_VERSION"),
            "up_seconds": self.now.boot.saturating_sub(self.began).as_secs(),
            "brokers": brokers.collect::<Vec<_>>(),
            "jobs": jobs.collect::<Vec<_>>(),
            "upkeep": upkeep.collect::<Vec<_>>(),
            "probes": probes.collect::<Vec<_>>(),
            "records_waiting": self.records.last() - self.records.acked(),
            "frames_waiting": self.ring.waiting(),
            "memory_bytes": crate::memory::now(),
            "troubles": self.troubles.values().collect::<Vec<_>>(),
        })
    }
}
