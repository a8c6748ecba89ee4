//! What goes out to brokers and what comes in.

use std::time::Duration;

use atalaya_wire::ack::Ack;
use atalaya_wire::command::{Plain, Refusal, Signed};
use atalaya_wire::discovery::{self, Device};
use atalaya_wire::view::Meta;
use atalaya_wire::{ObjectId, Topics, event, text};

use super::daemon::Daemon;
use crate::clock;
use crate::config::Output;
use crate::link::{Ear, Heard, Link, Mqtt, Out, Subscription, Will};
use crate::outbox::{Flight, Pace};
use crate::schedule;

/// Frames and records a second: what waited goes out evenly.
const FRAMES_PER_SECOND: u32 = 10;
const RECORDS_PER_SECOND: u32 = 50;
/// A connection that ends sooner, for the reason of the one before, is told no more.
const FLAPPING: Duration = Duration::from_secs(600);
/// Between two commands of the same kind.
const COMMAND_PAUSE: Duration = Duration::from_secs(10);

/// One broker.
pub(super) struct Wire {
    pub(super) link: Mqtt,
    pub(super) topics: Topics,
    pub(super) output: Output,
    pub(super) up: bool,
    /// Why it is not.
    pub(super) why: String,
    /// Head and discovery still have to be told on this connection.
    greeting: bool,
    /// When the last connection was made.
    since: Duration,
    /// It comes and goes for the same reason again and again: that was told.
    flapping: bool,
    /// The broker showed us what we said of ourselves.
    introduced: bool,
    records: Flight,
    frame_pace: Pace,
    record_pace: Pace,
    /// Something waits for its time only.
    pub(super) held: bool,
}

impl Wire {
    pub(super) fn start(number: usize, output: Output, topics: Topics, spread: f64, ear: Ear) -> Result<Self, String> {
        let subscription = |filter: String, retained: bool| Subscription { filter, retained };
        let mut subscriptions = vec![subscription(topics.commands(), false), subscription(topics.status(), true)];
        subscriptions.push(subscription(topics.view::<Meta>(&ObjectId::only()), true));
        if output.streams {
            subscriptions.push(subscription(topics.ack(), true));
        }
        let will = Will { topic: topics.status(), payload: "offline" };
        let identity = format!("atalaya-{}", topics.node().as_str());
        let link = Mqtt::start(number, output.clone(), identity, will, subscriptions, spread, ear);
        let link = link.map_err(|err| format!("cannot start a thread for {}: {err}", output.url))?;
        Ok(Self {
            link,
            topics,
            output,
            up: false,
            why: "not connected yet".into(),
            greeting: false,
            since: Duration::ZERO,
            flapping: false,
            introduced: false,
            records: Flight::default(),
            frame_pace: Pace::new(FRAMES_PER_SECOND),
            record_pace: Pace::new(RECORDS_PER_SECOND),
            held: false,
        })
    }

    fn connected(&mut self, now: Duration) {
        if !self.flapping {
            tracing::info!(broker = %self.output.url, "connected");
        }
        (self.up, self.greeting, self.since) = (true, true, now);
        self.records.begin(clock::real());
    }

    /// Once for each reason: an outage of a week is one line, not ten thousand.
    fn lost(&mut self, why: String, now: Duration) {
        let (again, was_up) = (why == self.why, self.up);
        if was_up {
            self.flapping = again && now.saturating_sub(self.since) < FLAPPING;
        }
        if !self.flapping && (was_up || !again) {
            tracing::warn!(broker = %self.output.url, why, "not connected");
        }
        (self.up, self.why) = (false, why);
    }

    fn offer(&self, topic: String, payload: Vec<u8>, retain: bool, token: Option<u64>) -> bool {
        self.up && self.link.offer(Out { topic, payload, retain, token }).is_ok()
    }
}

impl Daemon {
    /// Takes what came from link `number`.
    pub(super) fn heard(&mut self, number: usize, heard: Heard) {
        let Some(wire) = self.wires.get_mut(number) else { return };
        match heard {
            Heard::Up => {
                wire.connected(self.now.boot);
                self.board.tell_all(Some(number));
            }
            Heard::Down(why) => wire.lost(why, self.now.boot),
            Heard::Delivered(seq) => {
                let all = wire.records.delivered(seq);
                if let Some(seq) = all.filter(|_| self.config.sidecar.is_none()) {
                    self.acknowledged(self.records.id(), seq);
                }
            }
            Heard::Denied(what) => {
                let why =
                    format!("{} refuses what the agent says: {what}; see docs/examples/mosquitto.acl", wire.output.url);
                self.trouble("rights", &why);
            }
            Heard::Message { topic, payload, retained } => self.message(number, &topic, &payload, retained),
            Heard::Room => {}
        }
    }

    /// Gives links all they can take: who we are, then what is, then what happened, then what was.
    pub(super) fn pump(&mut self) {
        for number in 0..self.wires.len() {
            if !self.wires[number].up || !self.greet(number) {
                continue;
            }
            let wire = &self.wires[number];
            while self.board.tell_next(number, &wire.topics, |topic, payload| wire.offer(topic, payload, true, None)) {}
            if wire.output.streams {
                self.stream(number);
            }
        }
    }

    /// `true` once a new connection has been told who we are.
    fn greet(&mut self, number: usize) -> bool {
        let wire = &self.wires[number];
        if !wire.greeting {
            return true;
        }
        let mut offers = vec![(wire.topics.status(), b"online".to_vec())];
        if let Some(prefix) = &wire.output.discovery {
            let (message, components) =
                discovery::message(&wire.topics, &self.device(), &self.board.objects(), &self.gone());
            offers.push((wire.topics.discovery(prefix), message.into_bytes()));
            self.discovered = components;
        }
        let wire = &mut self.wires[number];
        let told = offers.into_iter().all(|(topic, payload)| wire.offer(topic, payload, true, None));
        wire.greeting = !told;
        told
    }

    /// Components of the last discovery that are no longer there.
    fn gone(&self) -> Vec<discovery::Component> {
        Vec::new()
    }

    fn device(&self) -> Device {
        Device {
            name: self.config.name.clone(),
            version: env!("CARGO_PKG_VERSION").into(),
            interval: self.config.interval.as_secs(),
            ..Device::default()
        }
    }

    fn stream(&mut self, number: usize) {
        let wire = &mut self.wires[number];
        let (acked, last, now) = (self.records.acked(), self.records.last(), clock::real());
        wire.held = false;
        wire.records.acknowledged(acked, now);
        if let Some(after) = wire.records.after(acked, now).filter(|after| *after < last) {
            let topic = wire.topics.record();
            let each = |seq, message| {
                wire.held |= !wire.record_pace.allows(now);
                let room = !wire.records.is_full() && wire.record_pace.allows(now);
                let taken = room && wire.offer(topic.clone(), message, false, Some(seq));
                if taken {
                    wire.records.offered(seq);
                    wire.record_pace.went(now);
                }
                taken
            };
            if let Err(err) = self.records.each(after, each) {
                self.trouble("records", &format!("cannot read records: {err}"));
            }
        }
        let wire = &mut self.wires[number];
        let topic = wire.topics.frame();
        while self.ring.waiting() > 0 {
            wire.held |= !wire.frame_pace.allows(now);
            if wire.held || !self.ring.send_next(|_, bytes| wire.offer(topic.clone(), bytes, false, None)) {
                break;
            }
            wire.frame_pace.went(now);
        }
    }

    fn message(&mut self, number: usize, topic: &str, payload: &[u8], retained: bool) {
        let wire = &self.wires[number];
        if topic == wire.topics.status() {
            // Our own will, of a connection before: we are here.
            if payload == b"offline" {
                let _ = wire.offer(wire.topics.status(), b"online".to_vec(), true, None);
            }
        } else if topic == wire.topics.view::<Meta>(&ObjectId::only()) {
            self.introduced(number, payload);
        } else if topic == wire.topics.ack() {
            if let Some(ack) = Ack::parse(payload) {
                if let Ok(id) = ack.record_stream.parse() {
                    if id == self.records.id() && ack.record_seq <= self.records.acked() {
                        self.wires[number].records.ask_again(clock::real());
                    }
                    self.acknowledged(id, ack.record_seq);
                }
                if ack.frame_stream == self.frame_stream.to_string() {
                    ack.missing.iter().for_each(|(from, to)| self.ring.ask_again(*from, *to));
                }
            }
        } else if let Some(name) = wire.topics.command_of(topic).map(str::to_owned) {
            let outcome = self.command(&name, payload, retained);
            self.told_command(number, &name, outcome);
        }
    }

    /// What the broker has as our head. Once it was ours, another one is that of somebody else who lives now.
    fn introduced(&mut self, number: usize, payload: &[u8]) {
        let head: serde_json::Value = serde_json::from_slice(payload).unwrap_or_default();
        let Some(stream) = head["frame_stream"].as_str() else { return };
        let wire = &mut self.wires[number];
        if stream == self.frame_stream.to_string() {
            wire.introduced = true;
        } else if wire.introduced {
            wire.link.has_rival();
            let why = format!(
                "two agents have the id {}, the other is called {}; empty the state folder of the one that is a copy",
                self.node.as_str(),
                head["name"].as_str().map_or_else(|| "nothing".into(), |name| format!("{name:?}")),
            );
            self.trouble("identity", &why);
        }
    }

    fn acknowledged(&mut self, id: atalaya_wire::StreamId, seq: u64) {
        if let Err(err) = self.records.acknowledge(id, seq) {
            self.trouble("records", &format!("cannot note what was acknowledged: {err}"));
        }
    }

    fn command(&mut self, name: &str, payload: &[u8], retained: bool) -> Result<(), Refusal> {
        if retained {
            return Err(Refusal::Retained);
        }
        let now = self.now;
        match Plain::parse(name, payload) {
            Some(plain) => {
                let plain = plain.map_err(Refusal::Malformed)?;
                let last = self.commanded.get(name).copied();
                if last.is_some_and(|last| now.boot.saturating_sub(last) < COMMAND_PAUSE) {
                    return Err(Refusal::TooSoon);
                }
                self.commanded.insert(name.to_owned(), now.boot);
                match plain {
                    Plain::Refresh => {
                        self.eyes.refresh();
                        self.board.tell_all(None);
                        self.wires.iter_mut().for_each(|wire| wire.greeting = true);
                    }
                    Plain::Backup(job) => self.back_up(job.as_deref())?,
                }
                Ok(())
            }
            None => {
                let key = self.config.sidecar.ok_or(Refusal::NoKey)?;
                let node = self.node.clone();
                Signed::open(payload, &key, &node, name, now.wall.as_second(), self.last_command)?;
                // No signed command is known to this version.
                Err(Refusal::Unknown)
            }
        }
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
            self.plan_step(schedule::Event::Asked(job));
        }
        Ok(())
    }

    fn told_command(&mut self, number: usize, name: &str, outcome: Result<(), Refusal>) {
        let (word, reason) = match outcome {
            Ok(()) => ("done", ""),
            Err(refusal) => ("refused", refusal.why()),
        };
        let safe: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || "_-".contains(*c)).take(32).collect();
        let payload = serde_json::json!({ "ts": self.now.wall.as_second(), "outcome": word, "reason": reason });
        let wire = &self.wires[number];
        let _ = wire.offer(wire.topics.result(&safe), payload.to_string().into_bytes(), false, None);
        // A flood of refusals fills no disk: one record for each kind and pause.
        let key = format!("{word} {safe}");
        let recent = self.commanded.get(&key).is_some_and(|last| self.now.boot.saturating_sub(*last) < COMMAND_PAUSE);
        if !recent && self.commanded.len() < 64 {
            self.commanded.insert(key, self.now.boot);
            let told = event::Commanded { name: text(name), outcome: text(word), reason: text(reason) };
            self.record(&told, &ObjectId::only());
        }
    }

    /// Says goodbye; the brokers tell the will.
    pub(super) fn farewell(&mut self) {
        for wire in &mut self.wires {
            wire.link.stop(Duration::from_secs(3));
        }
    }
}
