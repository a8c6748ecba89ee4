//! A node as its agent speaks for it: numbered frames of which the last hundred are kept, and records until they are
//! acknowledged.

use std::collections::BTreeMap;

use atalaya_sidecar::clock::Now;
use atalaya_wire::ack::Ack;
use atalaya_wire::event::{Event, Lost};
use atalaya_wire::message::{Builder, Head, Stream};
use atalaya_wire::view::Meta;
use atalaya_wire::{ObjectId, Sample, Stamp, StreamId, text};

use super::whole::Whole;

/// Frames that it keeps.
const RING: usize = 100;

pub(crate) struct Nas {
    pub(crate) name: &'static str,
    /// Starts of the machine and of the agent so far: each has a stream of frames of its own.
    starts: u8,
    /// Numbers of the last ones.
    frames: u64,
    pub(crate) records: u64,
    /// How many frames it ever made, and how many of them nobody heard before they had to make room.
    pub(crate) frames_made: u64,
    pub(crate) frames_lost: u64,
    /// Those, until somebody is told of them.
    lost: Option<(u64, u64)>,
    /// The last frames, and whether each was sent.
    ring: BTreeMap<u64, (Vec<u8>, bool)>,
    waiting: BTreeMap<u64, Vec<u8>>,
}

fn hex(id: StreamId) -> String {
    id.0.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Nas {
    pub(crate) fn new(name: &'static str) -> Self {
        let (ring, waiting) = (BTreeMap::new(), BTreeMap::new());
        Self { name, starts: 1, frames: 0, records: 0, frames_made: 0, frames_lost: 0, lost: None, ring, waiting }
    }

    /// Frames of before are lost with its memory, records are not.
    pub(crate) fn restart(&mut self) {
        self.starts += 1;
        self.frames = 0;
        self.ring.clear();
    }

    pub(crate) fn topic(&self, rest: &str) -> String {
        format!("atalaya/{}/{rest}", self.name)
    }

    fn head(&self, stream: Stream, seq: u64, now: Now) -> Head {
        let stamp = Stamp {
            wall_millis: now.wall_millis,
            boot_millis: u64::try_from(now.since_start.as_millis()).unwrap() + 5_000_000,
            boot: [self.starts; 16],
            synchronised: true,
        };
        let id = if stream == Stream::Frame { self.frame_stream() } else { self.record_stream() };
        Head { stream, id, seq, stamp }
    }

    fn frame_stream(&self) -> StreamId {
        StreamId([self.starts; 16])
    }

    pub(crate) fn record_stream(&self) -> StreamId {
        StreamId([200; 16])
    }

    /// The next frame, kept; whether it is sent is somebody else's business, and is remembered.
    pub(crate) fn frame(&mut self, samples: &[(ObjectId, Sample)], is_heard: bool, now: Now) -> Vec<u8> {
        self.frames += 1;
        self.frames_made += 1;
        let mut builder = Builder::new(&self.head(Stream::Frame, self.frames, now));
        if let Some((from, to)) = self.lost.take_if(|_| is_heard) {
            let lost = postcard::to_allocvec(&Lost { from, to }).unwrap();
            assert!(builder.part(Lost::KIND, &ObjectId::only(), &lost));
        }
        samples.iter().for_each(|(id, sample)| assert!(builder.sample(id, sample), "a frame has room"));
        let bytes = builder.finish();
        self.ring.insert(self.frames, (bytes.clone(), is_heard));
        if self.ring.len() > RING
            && let Some((number, (_, false))) = self.ring.pop_first()
        {
            self.frames_lost += 1;
            self.lost = Some((self.lost.map_or(number, |(from, _)| from), number));
        }
        bytes
    }

    /// The next record, kept until it is acknowledged, and not sent.
    pub(crate) fn record<E: Event>(&mut self, event: &E, now: Now) -> Vec<u8> {
        self.records += 1;
        let mut builder = Builder::new(&self.head(Stream::Record, self.records, now));
        assert!(builder.part(E::KIND, &ObjectId::only(), &postcard::to_allocvec(event).unwrap()));
        let bytes = builder.finish();
        self.waiting.insert(self.records, bytes.clone());
        bytes
    }

    /// Says who it is and what waits, as after each connection.
    pub(crate) fn connect(&self, whole: &mut Whole, now: Now) {
        whole.hear(self.topic("status"), b"online".to_vec());
        let meta = Meta { interval_seconds: Some(60), version: Some(text("0.1.0")), ..Meta::default() };
        whole.hear(self.topic("meta"), Sample::from(meta).json(now.seconds(), 1));
        self.waiting.values().for_each(|record| whole.hear(self.topic("record"), record.clone()));
    }

    /// Records that are there need not be kept; frames that are missing are sent, if they are still here.
    pub(crate) fn acked(&mut self, payload: &[u8], whole: &mut Whole) {
        let ack = Ack::parse(payload).unwrap();
        if ack.record_stream == hex(self.record_stream()) {
            self.waiting.retain(|number, _| *number > ack.record_seq);
        }
        if ack.frame_stream == hex(self.frame_stream()) {
            let is_asked = |number: &u64| ack.missing.iter().any(|(from, to)| (from..=to).contains(&number));
            for (_, (frame, is_sent)) in self.ring.iter_mut().filter(|(number, _)| is_asked(number)) {
                *is_sent = true;
                whole.hear(format!("atalaya/{}/frame", self.name), frame.clone());
            }
        }
    }

    /// Records that nobody acknowledged.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }
}
