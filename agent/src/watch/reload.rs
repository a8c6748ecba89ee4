//! Another configuration while it runs: what changed begins anew, what runs goes on.

use std::time::Duration;

use atalaya_wire::{ObjectId, Topics};
use sd_notify::NotifyState;

use super::daemon::Daemon;
use super::eyes::Eyes;
use super::links::{Wire, farewell};
use super::{chores, probes, stores, supervisor};
use crate::config::Config;
use crate::probe::{Probe, Site};

impl Daemon {
    /// Reads the configuration again; where something is wrong with it, the old one stays.
    pub(super) fn reload(&mut self) {
        supervisor::tell(&[NotifyState::Reloading]);
        let loaded = Config::load(&self.path).and_then(|config| {
            // A disk that was full when it was saved leaves an empty file.
            if config.says_nothing() && !self.config.says_nothing() {
                return Err(format!(
                    "{} names no job and no broker; stop the agent if that is meant",
                    self.path.display()
                ));
            }
            let eyes = probes::resident(&config, &self.path, self.desk.is_none())?;
            Ok((config, eyes))
        });
        match loaded {
            Ok((config, eyes)) => self.take_over(config, eyes),
            Err(why) => tracing::error!(why, "kept the old configuration"),
        }
        supervisor::tell(&[NotifyState::Ready]);
    }

    fn take_over(&mut self, config: Config, eyes: Vec<Box<dyn Probe>>) {
        let running = self.runs.run.as_ref().map(|run| run.job.clone());
        if let Some(job) = running.filter(|job| !config.has_task(job)) {
            tracing::info!(job, "the configuration has no such job any more; it counts once that has stopped");
            self.stop_run(None);
            self.reload_later = true;
            return;
        }
        if (&config.state, &config.socket) != (&self.config.state, &self.config.socket) {
            tracing::warn!("another state folder or socket counts from the next start");
        }
        let old = std::mem::replace(&mut self.config, config);
        (self.config.state, self.config.socket) = (old.state, old.socket);
        super::warn(&self.config, self.desk.is_none());
        self.reconnect(&old.outputs);
        self.board.again(self.wires.len(), self.config.heartbeat);
        self.known.begin_anew();
        self.troubles.remove("objects");
        self.eyes = Eyes::new(eyes, Site::default(), self.read_out.clone());
        self.runs.adopt(&self.config, self.node.as_str(), &self.known);
        let stores: Vec<_> = stores::folders(&self.config).iter().map(|folder| stores::id(folder)).collect();
        self.board.retain_own(|kind, id| match kind {
            "backup" => self.config.jobs.iter().any(|job| job.plan.name == id.as_str()),
            "policy" => {
                self.config.policy.is_some() && self.config.jobs.iter().any(|job| ObjectId::of(&job.plan.name) == *id)
            }
            "upkeep" => self.config.chores.iter().any(|chore| chores::id(chore) == *id),
            _ => stores.contains(id),
        });
        self.frame_due = Duration::ZERO;
        self.meta();
        self.plan_step(crate::schedule::Event::Tick);
        self.see_policies();
        self.greet_again();
        tracing::info!(jobs = self.config.jobs.len(), brokers = self.wires.len(), "took over the configuration");
    }

    /// Connections that are as they were stay; the others are closed and made.
    fn reconnect(&mut self, old: &[crate::config::Output]) {
        let outputs = self.config.outputs.clone();
        if outputs == old {
            return;
        }
        let mut kept: Vec<Option<Wire>> = std::mem::take(&mut self.wires).into_iter().map(Some).collect();
        for output in outputs {
            let same = kept.iter_mut().find(|wire| wire.as_ref().is_some_and(|wire| wire.output == output));
            if let Some(wire) = same.and_then(Option::take) {
                self.wires.push(wire);
                continue;
            }
            let topics = match Topics::new(&output.prefix, self.node.clone()) {
                Ok(topics) => topics,
                Err(why) => {
                    tracing::error!(why, "prefix");
                    continue;
                }
            };
            self.links_made += 1;
            match Wire::start(self.links_made, output, topics, self.spread, self.ear.clone()) {
                Ok(wire) => self.wires.push(wire),
                Err(why) => tracing::error!(why),
            }
        }
        farewell(&mut kept.into_iter().flatten().collect::<Vec<_>>());
    }
}
