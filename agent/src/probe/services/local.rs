//! Processes, by name or command line.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Verdict;
use crate::probe::processes::{command, processes, started};
use crate::probe::said::at_boot;
use crate::probe::{Moment, Site};

/// The kernel keeps this much of a process' name.
const COMM_BYTES: usize = 15;

/// What was seen of processes before.
#[derive(Debug, Default)]
pub(super) struct Watched {
    /// When the oldest process of a name had started, and how often that changed.
    known: BTreeMap<String, (Duration, u64)>,
}

impl Watched {
    pub(super) fn look(
        &mut self,
        site: &Site,
        at: Moment,
        name: &str,
        comm: Option<&str>,
        part: Option<&str>,
    ) -> Verdict {
        if comm.is_none() && part.is_none() {
            return Verdict::unknown("needs comm or command in the configuration");
        }
        let comm = comm.map(|comm| comm.get(..COMM_BYTES).unwrap_or(comm));
        let own = std::process::id();
        let (mut count, mut all, mut oldest) = (0_u64, 0_u64, None::<Duration>);
        processes(site, |process| {
            all += 1;
            let is = comm.is_none_or(|comm| process.comm == comm)
                && part.is_none_or(|part| process.id != own && command(site, process.id).contains(part));
            if is {
                count += 1;
                oldest = oldest.into_iter().chain(started(site, process.id)).min();
            }
        });
        match (all, count) {
            (0, _) => Verdict::unknown("there is no /proc with processes"),
            (_, 0) => Verdict::down("no such process runs"),
            _ => Verdict {
                up: Some(true),
                state: Some(format!("{count} running")),
                restarts: Some(oldest.map_or(0, |oldest| self.restarts(name, oldest))),
                since: oldest.and_then(|oldest| at_boot(at, oldest)),
                ..Verdict::default()
            },
        }
    }

    /// Times that the oldest process of a name was replaced by a younger one, as far as was seen.
    fn restarts(&mut self, name: &str, oldest: Duration) -> u64 {
        let (before, restarts) = self.known.entry(name.to_owned()).or_insert((oldest, 0));
        if oldest > *before {
            (*before, *restarts) = (oldest, *restarts + 1);
        }
        *restarts
    }
}
