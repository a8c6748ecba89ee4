//! What goes out to brokers and what comes in.

use std::time::Duration;

use atalaya_wire::ack::Ack;
use atalaya_wire::view::Meta;
use atalaya_wire::{ObjectId, Topics};

use super::daemon::Daemon;
use super::line::Line;
use crate::clock;
use crate::config::Output;
use crate::link::{Ear, Heard, Link, Mqtt, Out, Subscription, Terms, Will};

/// How long a goodbye may take.
const GOODBYE_MAX: Duration = Duration::from_secs(5);

/// One broker.
pub(super) struct Wire {
    /// What it is called by its thread.
    pub(super) number: usize,
    pub(super) link: Mqtt,
    pub(super) topics: Topics,
    pub(super) output: Output,
    pub(super) line: Line,
    /// That we are here still has to be told on this connection.
    greeting: bool,
    /// What is gone still has to be removed there.
    pub(super) sweeping: bool,
    /// Which objects Home Assistant was told of: the board's generation; `None` on a new connection.
    pub(super) discovered: Option<u64>,
}

impl Wire {
    pub(super) fn start(number: usize, output: Output, topics: Topics, spread: f64, ear: Ear) -> Result<Self, String> {
        let subscription = |filter: String, retained: bool| Subscription { filter, retained };
        let mut subscriptions = vec![subscription(topics.commands(), false), subscription(topics.status(), false)];
        subscriptions.push(subscription(topics.view::<Meta>(&ObjectId::only()), true));
        if output.streams {
            // What the sidecar has it says when we say that we are here.
            subscriptions.push(subscription(topics.ack(), false));
        }
        let will = Will { topic: topics.status(), payload: "offline" };
        let identity = format!("atalaya-{}", topics.node().as_str());
        let link = Mqtt::start(Terms { number, output: output.clone(), identity, will, subscriptions, spread, ear });
        let link = link.map_err(|err| format!("cannot start a thread for {}: {err}", output.url))?;
        Ok(Self { number, link, topics, output, line: Line::new(), greeting: false, sweeping: false, discovered: None })
    }

    /// What it is called in what is remembered.
    pub(super) fn key(&self) -> String {
        format!("{} {}", self.output.url, self.output.prefix)
    }

    pub(super) fn offer(&self, topic: String, payload: Vec<u8>, retain: bool, token: Option<u64>) -> bool {
        self.line.up && self.link.offer(Out { topic, payload, retain, token }).is_ok()
    }
}

impl Daemon {
    /// Takes what came from link `number`.
    pub(super) fn heard(&mut self, number: usize, heard: Heard) {
        let Some(index) = self.wires.iter().position(|wire| wire.number == number) else { return };
        let wire = &mut self.wires[index];
        match heard {
            Heard::Up => {
                if wire.line.made(self.now.boot) {
                    tracing::info!(broker = %wire.output.url, "connected");
                    // If it still is so, this connection shows it.
                    self.troubles.remove("rights");
                }
                (wire.greeting, wire.sweeping, wire.discovered) = (true, true, None);
                self.board.tell_all(Some(index));
            }
            Heard::Down(why) => {
                if wire.line.ended(why, self.now.boot) {
                    tracing::warn!(broker = %wire.output.url, why = wire.line.why, "not connected");
                }
            }
            Heard::Delivered(seq) => {
                let all = wire.line.records.delivered(seq);
                if let Some(seq) = all.filter(|_| self.config.sidecar.is_none()) {
                    self.acknowledged(self.records.id(), seq);
                }
            }
            Heard::Denied(what) => {
                let url = &wire.output.url;
                let why = format!("{url} refuses what the agent says: {what}; see docs/examples/mosquitto.acl");
                // The first stands for all: who lacks one right lacks many.
                if !self.troubles.contains_key("rights") {
                    self.trouble("rights", &why);
                }
            }
            Heard::Message { topic, payload, retained } => self.message(index, &topic, &payload, retained),
            Heard::Room => {}
        }
    }

    /// Gives links all they can take: that we are here, what there is, what is gone, how that is, then what happened, then
    /// what was. Home Assistant hears of an entity that is gone before its view is: it complains of views that are empty.
    pub(super) fn pump(&mut self) {
        let settled = self.is_settled();
        for index in 0..self.wires.len() {
            let ready = self.wires[index].line.up && self.greet(index);
            if ready && (!settled || self.introduce(index) && self.sweep(index)) {
                self.tell(index);
                if self.wires[index].output.streams {
                    self.stream(index);
                }
            }
        }
        if self.wires.iter().all(|wire| wire.line.is_alone(self.now.boot)) {
            self.no_trouble("identity");
        }
        self.save_known();
    }

    /// What is gone, and what there is, has to be told anew.
    pub(super) fn greet_again(&mut self) {
        for wire in &mut self.wires {
            (wire.sweeping, wire.discovered) = (true, None);
        }
    }

    /// `true` once a new connection has been told that we are here.
    fn greet(&mut self, index: usize) -> bool {
        let wire = &mut self.wires[index];
        if wire.greeting {
            wire.greeting = !wire.offer(wire.topics.status(), b"online".to_vec(), true, None);
        }
        !wire.greeting
    }

    /// Views, as many as the connection takes.
    fn tell(&mut self, index: usize) {
        let wire = &self.wires[index];
        let key = wire.key();
        let offer = |topic, payload| wire.offer(topic, payload, true, None);
        while let Some((kind, id)) = self.board.tell_next(index, &wire.topics, offer) {
            self.known.told(&key, kind, &id);
        }
    }

    fn stream(&mut self, index: usize) {
        let wire = &mut self.wires[index];
        let (acked, last, now) = (self.records.acked(), self.records.last(), clock::real());
        wire.line.held = false;
        wire.line.records.acknowledged(acked, now);
        if let Some(after) = wire.line.records.after(acked, now).filter(|after| *after < last) {
            let topic = wire.topics.record();
            let each = |seq, message| {
                let in_time = wire.line.record_pace.allows(now);
                wire.line.held |= !in_time;
                let room = in_time && !wire.line.records.is_full();
                let taken = room && wire.offer(topic.clone(), message, false, Some(seq));
                if taken {
                    wire.line.records.offered(seq);
                    wire.line.record_pace.went(now);
                }
                taken
            };
            if let Err(err) = self.records.each(after, each) {
                self.trouble("records", &format!("cannot read records: {err}"));
            }
        }
        let wire = &mut self.wires[index];
        let topic = wire.topics.frame();
        while self.ring.waiting() > 0 {
            let in_time = wire.line.frame_pace.allows(now);
            wire.line.held |= !in_time;
            if !in_time || !self.ring.send_next(|_, bytes| wire.offer(topic.clone(), bytes, false, None)) {
                break;
            }
            wire.line.frame_pace.went(now);
        }
    }

    fn message(&mut self, index: usize, topic: &str, payload: &[u8], retained: bool) {
        let wire = &self.wires[index];
        if topic == wire.topics.status() {
            // Our own will, of a connection before: we are here.
            if payload == b"offline" {
                let _ = wire.offer(wire.topics.status(), b"online".to_vec(), true, None);
            }
        } else if topic == wire.topics.view::<Meta>(&ObjectId::only()) {
            self.introduced(index, payload);
        } else if topic == wire.topics.ack() {
            if let Some(ack) = Ack::parse(payload) {
                let id = ack.record_stream.parse().ok().filter(|id| *id == self.records.id());
                match id.filter(|_| ack.record_seq > self.records.acked()) {
                    Some(id) => self.acknowledged(id, ack.record_seq),
                    // Whoever has no more than it said before, or nothing of ours, did not get what is under way.
                    None => self.wires[index].line.records.ask_again(clock::real()),
                }
                if ack.frame_stream == self.frame_stream.to_string() {
                    ack.missing.iter().for_each(|(from, to)| self.ring.ask_again(*from, *to));
                }
            }
        } else if let Some(name) = wire.topics.command_of(topic).map(str::to_owned) {
            let number = wire.number;
            self.command(number, &name, payload, retained);
        }
    }

    /// What the broker has as our head. Once it was ours, another one is that of somebody else who lives now.
    fn introduced(&mut self, index: usize, payload: &[u8]) {
        let head: serde_json::Value = serde_json::from_slice(payload).unwrap_or_default();
        let Some(stream) = head["frame_stream"].as_str() else { return };
        let wire = &mut self.wires[index];
        if stream == self.frame_stream.to_string() {
            wire.line.introduced = true;
        } else if wire.line.introduced {
            wire.link.has_rival();
            wire.line.met_rival(self.now.boot);
            let why = format!(
                "two agents have the id {}, the other is called {:?}; empty the state folder of the one that is a copy",
                self.node.as_str(),
                head["name"].as_str().unwrap_or_default(),
            );
            self.trouble("identity", &why);
        }
    }

    fn acknowledged(&mut self, id: atalaya_wire::StreamId, seq: u64) {
        if let Err(err) = self.records.acknowledge(id, seq) {
            self.trouble("records", &format!("cannot note what was acknowledged: {err}"));
        }
    }

    /// Says goodbye everywhere.
    pub(super) fn farewell(&mut self) {
        farewell(&mut self.wires);
    }
}

/// Closes connections, all at once: one broker that is slow costs the others nothing.
pub(super) fn farewell(wires: &mut [Wire]) {
    wires.iter().for_each(|wire| wire.link.close());
    let until = std::time::Instant::now() + GOODBYE_MAX;
    for wire in wires {
        wire.link.stop(until.saturating_duration_since(std::time::Instant::now()));
    }
}
