//! What goes out to brokers and what comes in.

use std::time::Duration;

use atalaya_wire::Topics;
use atalaya_wire::ack::Ack;

use super::daemon::Daemon;
use crate::config::Output;
use crate::link::{Ear, Heard, Link, Mqtt, Out, Subscription, Will};

/// Frames that may go out in one turn of the loop: a back-fill is no storm.
const FRAMES_PER_TURN: usize = 4;
/// Records under way at once.
const RECORDS_UNDER_WAY_MAX: u64 = 8;

/// How long a goodbye may take.
const GOODBYE_MAX: Duration = Duration::from_secs(3);

/// One broker.
pub(super) struct Wire {
    /// What it is called by its thread.
    pub(super) number: usize,
    pub(super) link: Mqtt,
    pub(super) topics: Topics,
    pub(super) output: Output,
    pub(super) up: bool,
    /// Why it is not.
    pub(super) why: String,
    /// That we are here still has to be told on this connection.
    greeting: bool,
    /// What is gone still has to be removed there.
    pub(super) sweeping: bool,
    /// Which objects Home Assistant was told of: the board's generation; `None` on a new connection.
    pub(super) discovered: Option<u64>,
    /// The last record that was offered on this connection.
    offered: u64,
}

impl Wire {
    pub(super) fn start(number: usize, output: Output, topics: Topics, spread: f64, ear: Ear) -> Result<Self, String> {
        let subscription = |filter: String, retained: bool| Subscription { filter, retained };
        let mut subscriptions = vec![subscription(topics.commands(), false), subscription(topics.status(), true)];
        if output.streams {
            subscriptions.push(subscription(topics.ack(), true));
        }
        let will = Will { topic: topics.status(), payload: "offline" };
        let identity = format!("atalaya-{}", topics.node().as_str());
        let link = Mqtt::start(number, output.clone(), identity, will, subscriptions, spread, ear);
        let link = link.map_err(|err| format!("cannot start a thread for {}: {err}", output.url))?;
        Ok(Self {
            number,
            link,
            topics,
            output,
            up: false,
            why: "not connected yet".into(),
            greeting: false,
            sweeping: false,
            discovered: None,
            offered: 0,
        })
    }

    /// What it is called in what is remembered.
    pub(super) fn key(&self) -> String {
        format!("{} {}", self.output.url, self.output.prefix)
    }

    /// Says that we go, and goes.
    pub(super) fn say_goodbye(&mut self) {
        let _ = self.offer(self.topics.status(), b"offline".to_vec(), true, None);
        self.link.stop(GOODBYE_MAX);
    }

    pub(super) fn offer(&self, topic: String, payload: Vec<u8>, retain: bool, token: Option<u64>) -> bool {
        self.up && self.link.offer(Out { topic, payload, retain, token }).is_ok()
    }
}

impl Daemon {
    /// Takes what came from link `number`.
    pub(super) fn heard(&mut self, number: usize, heard: Heard) {
        let Some(index) = self.wires.iter().position(|wire| wire.number == number) else { return };
        let wire = &mut self.wires[index];
        match heard {
            Heard::Up => {
                tracing::info!(broker = %wire.output.url, "connected");
                (wire.up, wire.greeting, wire.sweeping) = (true, true, true);
                (wire.discovered, wire.offered) = (None, self.records.acked());
                self.board.tell_all(Some(index));
            }
            Heard::Down(why) => {
                // Once for each reason: an outage of a week is one line, not ten thousand.
                if wire.up || wire.why != why {
                    tracing::warn!(broker = %wire.output.url, why, "not connected");
                }
                (wire.up, wire.why) = (false, why);
            }
            Heard::Delivered(seq) => {
                if self.config.sidecar.is_none() && wire.output.streams {
                    self.acknowledged(self.records.id(), seq);
                }
            }
            Heard::Message { topic, payload, retained } => self.message(index, &topic, &payload, retained),
            Heard::Room => {}
        }
    }

    /// Gives links all they can take: that we are here, what is gone, what is, then what happened, then what was.
    pub(super) fn pump(&mut self) {
        for index in 0..self.wires.len() {
            if self.wires[index].up && self.greet(index) && self.sweep(index) && self.introduce(index) {
                self.tell(index);
                if self.wires[index].output.streams {
                    self.stream(index);
                }
            }
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
        let (acked, last) = (self.records.acked(), self.records.last());
        let mut offered = wire.offered.max(acked);
        if offered < last && offered < acked + RECORDS_UNDER_WAY_MAX {
            let topic = wire.topics.record();
            let after = offered;
            let each = |seq, message| {
                let room = seq <= acked + RECORDS_UNDER_WAY_MAX;
                let taken = room && wire.offer(topic.clone(), message, false, Some(seq));
                if taken {
                    offered = seq;
                }
                taken
            };
            if let Err(err) = self.records.each(after, each) {
                self.trouble("records", &format!("cannot read records: {err}"));
            }
            self.wires[index].offered = offered;
        }
        let wire = &self.wires[index];
        let topic = wire.topics.frame();
        for _ in 0..FRAMES_PER_TURN {
            if !self.ring.send_next(|_, bytes| wire.offer(topic.clone(), bytes.to_vec(), false, None)) {
                break;
            }
        }
    }

    fn message(&mut self, index: usize, topic: &str, payload: &[u8], retained: bool) {
        let wire = &self.wires[index];
        if topic == wire.topics.status() {
            // Our own will, of a connection before: we are here.
            if payload == b"offline" {
                let _ = wire.offer(wire.topics.status(), b"online".to_vec(), true, None);
            }
        } else if topic == wire.topics.ack() {
            if let Some(ack) = Ack::parse(payload) {
                if let Ok(id) = ack.record_stream.parse() {
                    self.acknowledged(id, ack.record_seq);
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

    fn acknowledged(&mut self, id: atalaya_wire::StreamId, seq: u64) {
        if let Err(err) = self.records.acknowledge(id, seq) {
            self.trouble("records", &format!("cannot note what was acknowledged: {err}"));
        }
    }

    /// Says goodbye everywhere.
    pub(super) fn farewell(&mut self) {
        self.wires.iter_mut().for_each(Wire::say_goodbye);
    }
}
