//! Jobs in which something sudden happened: nothing of them is forgotten before a person has looked.

use std::collections::HashMap;

use atalaya_repo::{Info, hex};
use atalaya_retain::{Facts, sudden};

/// By who wrote its snapshots and its name: each job is looked through once.
pub(super) struct Frozen<'a>(HashMap<(u32, &'a str), Job>);

#[derive(Default)]
struct Job {
    before: Vec<Facts>,
    why: Option<String>,
}

impl<'a> Frozen<'a> {
    /// `all` are oldest first.
    pub(super) fn of(all: impl Iterator<Item = &'a Info>) -> Self {
        let mut jobs: HashMap<(u32, &str), Job> = HashMap::new();
        for info in all.filter(|info| !info.fenced) {
            let job = jobs.entry(key(info)).or_default();
            if job.why.is_none() {
                job.add(info);
            }
        }
        Self(jobs)
    }

    /// What happened in the job of `info`, in any snapshot that is still there.
    pub(super) fn why(&self, info: &Info) -> Option<String> {
        self.0.get(&key(info)).and_then(|job| job.why.clone())
    }
}

fn key(info: &Info) -> (u32, &str) {
    (info.writer, &info.catalogue.job)
}

impl Job {
    fn add(&mut self, info: &Info) {
        let catalogue = &info.catalogue;
        let facts = Facts {
            entries: catalogue.entries,
            bytes: catalogue.bytes,
            added_bytes: catalogue.added_bytes,
            full: catalogue.full,
        };
        self.why = sudden(&self.before, &facts).map(|what| format!("{what} in {}", hex(&info.id[..4])));
        self.before.push(facts);
    }
}
