//! What records say: runs of jobs, changes, commands.

use atalaya_wire::event::{Began, Changed, Commanded, Event as _, Requested, RunBegan, RunEnded};
use atalaya_wire::{NodeId, ObjectId, Sample};
use serde::de::DeserializeOwned;
use serde_json::json;

use super::take::Taken;
use super::{Tower, time};
use crate::clock::Now;
use crate::db::{Row, Run};

impl Tower {
    /// Takes down what a record says. One part that cannot be read costs no other: the record itself is kept as it came.
    pub(super) fn told(&mut self, node: &NodeId, id: u16, at: i64, taken: &Taken<'_>, now: Now) {
        for (kind, object, body) in &taken.events {
            let row = match *kind {
                RunBegan::KIND => read(body).map(|began| run_began(id, at, &began)),
                RunEnded::KIND => read(body).map(|ended| self.run_ended(node, id, at, &ended, taken, now)),
                Changed::KIND => read(body).map(|changed| change(id, at, object, &changed)),
                Began::KIND => read(body).map(|began: Began| {
                    event(id, at, "began", object, &json!({ "version": began.version, "clean": began.clean }))
                }),
                Commanded::KIND => read(body).map(|told: Commanded| {
                    let body = json!({ "command": told.name, "outcome": told.outcome, "reason": told.reason });
                    event(id, at, "command", object, &body)
                }),
                Requested::KIND => read(body).and_then(|told| self.requested(node, id, at, object, told, now)),
                _ => None,
            };
            if let Some(row) = row {
                self.row(row, now);
            }
        }
        self.board.tell(|| format!("node:{}", node.as_str()));
    }

    fn run_ended(&mut self, node: &NodeId, id: u16, at: i64, ended: &RunEnded, taken: &Taken<'_>, now: Now) -> Row {
        let view = taken.samples.iter().find(|(_, sample)| matches!(sample, Sample::Backup(_) | Sample::Upkeep(_)));
        let began = self.lines.get_mut(node).map(|line| time::of_record(&mut line.clock, &ended.began, now));
        Row::Run(Run {
            node: id,
            run: ended.run,
            job: ended.job.as_str().to_owned(),
            cause: None,
            began: began.map(|began| began.min(at)),
            ended: Some(at),
            result: Some(ended.result.as_str().to_owned()),
            exit: ended.exit,
            problem: (!ended.problem.is_empty()).then(|| ended.problem.as_str().to_owned()),
            view: view.and_then(|(_, sample)| String::from_utf8(sample.json(at, 0)).ok()),
        })
    }

    /// What became of a command, for whoever gave it.
    pub(super) fn result(&mut self, node: &NodeId, name: &str, bytes: &[u8], now: Now) {
        let Some(id) = self.lines.get(node).map(|line| line.id) else { return };
        let told: serde_json::Value = match serde_json::from_slice(bytes) {
            Ok(told) if bytes.len() <= 4096 => told,
            _ => return,
        };
        let body = json!({ "command": name, "result": told });
        self.row(event(id, now.seconds(), "result", &ObjectId::only(), &body), now);
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    postcard::from_bytes(body).ok()
}

fn run_began(node: u16, at: i64, began: &RunBegan) -> Row {
    let (job, cause) = (began.job.as_str().to_owned(), Some(began.cause.as_str().to_owned()));
    Row::Run(Run { node, run: began.run, job, cause, began: Some(at), ..Run::default() })
}

fn change(node: u16, at: i64, object: &ObjectId, changed: &Changed) -> Row {
    let body = json!({ "key": changed.key, "from": changed.from, "to": changed.to, "problem": changed.problem });
    let object = atalaya_alert::Object::new(&changed.view, object.as_str());
    Row::Event { node, at, kind: "changed", object: object.as_str().to_owned(), body: body.to_string() }
}

fn event(node: u16, at: i64, kind: &'static str, object: &ObjectId, body: &serde_json::Value) -> Row {
    Row::Event { node, at, kind, object: object.as_str().to_owned(), body: body.to_string() }
}
