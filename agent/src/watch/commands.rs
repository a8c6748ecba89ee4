//! Commands: plain ones that anybody may repeat, signed ones that only the configured sidecar can give.

use std::time::Duration;

use atalaya_wire::command::{Order, Plain, Refusal, Signed};
use atalaya_wire::{ObjectId, event, text};

use super::daemon::Daemon;
use crate::durable;
use crate::schedule::Event as Due;

/// Between two commands of the same kind.
const COMMAND_PAUSE: Duration = Duration::from_secs(10);
/// Kinds of command that are remembered for that.
const KINDS_MAX: usize = 64;

impl Daemon {
    /// A message on a command's topic.
    pub(super) fn command(&mut self, number: usize, name: &str, payload: &[u8], retained: bool) {
        let outcome = self.obey(name, payload, retained);
        self.told_command(number, name, outcome);
    }

    fn obey(&mut self, name: &str, payload: &[u8], retained: bool) -> Result<(), Refusal> {
        if retained {
            return Err(Refusal::Retained);
        }
        match Plain::parse(name, payload) {
            Some(plain) => {
                let plain = plain.map_err(Refusal::Malformed)?;
                let kind = match &plain {
                    Plain::Refresh => name.to_owned(),
                    Plain::Backup(Some(job)) if !self.config.jobs.iter().any(|known| known.plan.name == *job) => {
                        return Err(Refusal::Malformed("there is no such job"));
                    }
                    Plain::Backup(job) => format!("{name} {}", job.as_deref().unwrap_or_default()),
                };
                if !self.is_first(&kind, true) {
                    return Err(Refusal::TooSoon);
                }
                match plain {
                    Plain::Refresh => {
                        self.refresh();
                        Ok(())
                    }
                    Plain::Backup(job) => self.back_up(job.as_deref()),
                }
            }
            None => {
                let key = self.config.sidecar.ok_or(Refusal::NoKey)?;
                let now = self.now.wall.as_second();
                let signed = Signed::open(payload, &key, &self.node, name, now, self.last_command)?;
                let order = Order::of(&signed)?;
                // Before it is done: after a crash it is not done a second time.
                self.note_command(signed.seq)?;
                self.do_order(order)
            }
        }
    }

    fn note_command(&mut self, seq: u64) -> Result<(), Refusal> {
        let written = durable::replace(&self.config.state.join("commanded"), format!("{seq}\n").as_bytes());
        if let Err(err) = written {
            self.trouble("commands", &format!("cannot remember a command: {err}"));
            return Err(Refusal::Forgetful);
        }
        self.no_trouble("commands");
        self.last_command = seq;
        Ok(())
    }

    fn do_order(&mut self, order: Order) -> Result<(), Refusal> {
        let done = match &order {
            Order::Stop(job) => self.stop_run(job.as_deref()),
            Order::Dismiss(kind, id) => self.dismiss(kind, id),
            Order::Certificate(name, chain) => self.take_chain(name, chain).map_err(|err| {
                self.trouble("certificates", &format!("cannot keep a certificate that came: {err}"));
                Refusal::Forgetful
            })?,
        };
        if done { Ok(()) } else { Err(Refusal::Malformed("there is no such thing here now")) }
    }

    /// Reads everything again, and tells everything again.
    fn refresh(&mut self) {
        self.eyes.refresh();
        self.board.tell_all(None);
        self.greet_again();
    }

    /// Begins jobs by name, or all.
    pub(super) fn back_up(&mut self, name: Option<&str>) -> Result<(), Refusal> {
        let all = self.config.jobs.iter().enumerate();
        let wanted: Vec<usize> =
            all.filter(|(_, job)| name.is_none_or(|name| job.plan.name == name)).map(|(at, _)| at).collect();
        if wanted.is_empty() {
            return Err(Refusal::Malformed("there is no such job"));
        }
        for job in wanted {
            self.plan_step(Due::Asked(job));
        }
        Ok(())
    }

    /// Whether there was none like it for a while. There is `always` room for kinds that we know, which are few; so whoever
    /// makes up others keeps nobody from what is useful.
    fn is_first(&mut self, kind: &str, always: bool) -> bool {
        let now = self.now.boot;
        self.commanded.retain(|_, last| now.saturating_sub(*last) < COMMAND_PAUSE);
        if self.commanded.contains_key(kind) || (!always && self.commanded.len() >= KINDS_MAX) {
            return false;
        }
        self.commanded.insert(kind.to_owned(), now);
        true
    }

    fn told_command(&mut self, number: usize, name: &str, outcome: Result<(), Refusal>) {
        let done = outcome.is_ok();
        let (word, reason) = match outcome {
            Ok(()) => ("done", ""),
            Err(refusal) => ("refused", refusal.why()),
        };
        let safe: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || "_-".contains(*c)).take(32).collect();
        let payload = serde_json::json!({ "ts": self.now.wall.as_second(), "outcome": word, "reason": reason });
        if let Some(wire) = self.wires.iter().find(|wire| wire.number == number) {
            let _ = wire.offer(wire.topics.result(&safe), payload.to_string().into_bytes(), false, None);
        }
        // A flood of refusals fills no disk: one record for each kind and pause.
        if self.is_first(&format!("{word} {safe}"), done) {
            tracing::info!(command = safe, outcome = word, reason, "command");
            let told = event::Commanded { name: text(&safe), outcome: text(word), reason: text(reason) };
            self.record(&told, &ObjectId::only());
        }
    }
}
