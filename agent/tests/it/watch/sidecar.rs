//! A stand-in for the sidecar: takes both streams, keeps them, and acknowledges what it kept.

use std::collections::BTreeMap;

use atalaya_wire::ack::Ack;
use atalaya_wire::event::{Event, Lost};
use atalaya_wire::message::Message;
use atalaya_wire::{Stamp, StreamId};

use super::ear::{Ear, Said, Way};
use super::nas::NODE;

/// What it has; survives that it goes away.
pub(super) struct Sidecar {
    way: Way,
    ear: Option<Ear>,
    /// Messages of this ear that were looked at.
    seen: usize,
    /// Records that took effect, in the order in which they did.
    pub(super) records: Vec<(StreamId, u64, Vec<u16>)>,
    /// The last one of each stream.
    last: BTreeMap<StreamId, u64>,
    /// Records that came once more.
    pub(super) again: usize,
    pub(super) frames: Vec<(StreamId, u64, Stamp)>,
    pub(super) frames_lost: Vec<(StreamId, u64, u64)>,
    /// When frames and records came.
    pub(super) times: Vec<f64>,
}

impl Sidecar {
    pub(super) fn new(way: &Way) -> Self {
        Self {
            way: way.clone(),
            ear: None,
            seen: 0,
            records: Vec::new(),
            last: BTreeMap::new(),
            again: 0,
            frames: Vec::new(),
            frames_lost: Vec::new(),
            times: Vec::new(),
        }
    }

    /// Comes, or comes back: says what it has, so that the agent goes on behind it.
    pub(super) fn come(&mut self) {
        self.ear = Some(Ear::new(&self.way, &["atalaya/+/frame", "atalaya/+/record"]));
        self.seen = 0;
        self.acknowledge(self.last.keys().next_back().copied().unwrap_or_default(), Vec::new());
    }

    pub(super) fn go(&mut self) {
        self.ear = None;
    }

    /// Takes what came meanwhile.
    pub(super) fn work(&mut self) {
        let Some(ear) = &self.ear else { return };
        let news = ear.since(self.seen);
        self.seen += news.len();
        for said in news.iter().filter(|said| said.topic.ends_with("/frame")) {
            self.frame(said);
        }
        let mut touched = None;
        for said in news.iter().filter(|said| said.topic.ends_with("/record")) {
            touched = Some(self.record(said));
        }
        if let Some(stream) = touched {
            self.acknowledge(stream, Vec::new());
        }
    }

    fn frame(&mut self, said: &Said) {
        let message = Message::parse(&said.payload).unwrap();
        self.times.push(said.at);
        self.frames.push((message.head.id, message.head.seq, message.head.stamp));
        self.frames_lost.extend(lost(&message).map(|lost| (message.head.id, lost.from, lost.to)));
    }

    fn record(&mut self, said: &Said) -> StreamId {
        let message = Message::parse(&said.payload).unwrap();
        self.times.push(said.at);
        let (stream, seq) = (message.head.id, message.head.seq);
        let last = self.last.entry(stream).or_default();
        if let Some(lost) = lost(&message).find(|lost| lost.from <= *last + 1 && lost.to + 1 == seq) {
            *last = lost.to;
        }
        if seq <= *last {
            self.again += 1;
        } else if seq == *last + 1 {
            *last = seq;
            self.records.push((stream, seq, message.parts().map(|part| part.kind).collect()));
        }
        stream
    }

    /// Says what it has, and which frames it misses.
    pub(super) fn acknowledge(&self, stream: StreamId, missing: Vec<(u64, u64)>) {
        let frame_stream = self.frames.last().map(|(id, _, _)| id.to_string()).unwrap_or_default();
        let ack = Ack { record_stream: stream.to_string(), record_seq: self.last(stream), frame_stream, missing };
        self.way.say(&format!("atalaya/{NODE}/ack"), &serde_json::to_vec(&ack).unwrap(), true);
    }

    pub(super) fn last(&self, stream: StreamId) -> u64 {
        self.last.get(&stream).copied().unwrap_or_default()
    }

    /// The numbers of one stream of frames, as they came.
    pub(super) fn frames_of(&self, stream: StreamId) -> Vec<u64> {
        self.frames.iter().filter(|(id, _, _)| *id == stream).map(|(_, seq, _)| *seq).collect()
    }

    /// The most that came within a second.
    pub(super) fn rush(&self) -> usize {
        let within = |from: &f64| self.times.iter().filter(|at| (*from..*from + 1.0).contains(*at)).count();
        self.times.iter().map(within).max().unwrap_or_default()
    }
}

fn lost<'a>(message: &Message<'a>) -> impl Iterator<Item = Lost> + use<'a> {
    message.parts().filter(|part| part.kind == Lost::KIND).map(|part| postcard::from_bytes(part.body).unwrap())
}
