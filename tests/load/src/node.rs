//! One node: what it has to say next, and what it makes of what it hears. Pure.

use std::time::Duration;

use atalaya_wire::ack::Ack;
use atalaya_wire::discovery::{self, Device};
use atalaya_wire::event::{Changed, Event as _, Lost};
use atalaya_wire::message::{Builder, Head, Stream};
use atalaya_wire::view::Meta;
use atalaya_wire::{NodeId, ObjectId, Stamp, Topics, text};

use crate::nas::{self, Object};
use crate::outbox::{Frames, Records};
use crate::rng::Rng;
use crate::shared::Terms;

/// An unchanged view is told again so often.
const HEARTBEAT: Duration = Duration::from_secs(900);

/// What is to be published.
#[derive(Debug)]
pub(crate) struct Out {
    pub(crate) topic: String,
    pub(crate) payload: Vec<u8>,
    pub(crate) retain: bool,
    /// It is a frame, with which number.
    pub(crate) frame: Option<u64>,
}

/// See the module. Times are since the tool began.
pub(crate) struct Node {
    pub(crate) topics: Topics,
    pub(crate) records: Records,
    pub(crate) frames: Frames,
    objects: Vec<Object>,
    /// Of each object: as it was last told and when, and whether it is to be told.
    told: Vec<(Object, Duration, bool)>,
    seq: u64,
    boot: [u8; 16],
    rng: Rng,
    interval: Duration,
    record_every: Duration,
    next_frame: Duration,
    next_record: Duration,
    /// Milliseconds since 1970 when the tool began.
    began_millis: i64,
    greeting: Vec<Out>,
    discovery: bool,
}

/// The id of node `number`.
pub(crate) fn name(number: u32) -> String {
    format!("load{number:012}")
}

impl Node {
    /// Number `number`; what it does is spread over the interval.
    pub(crate) fn new(number: u32, terms: &Terms, now: Duration) -> Result<Self, String> {
        let id: NodeId = name(number).parse()?;
        let mut rng = Rng::new(terms.seed.wrapping_add(u64::from(number)));
        let (records, frames) = (atalaya_wire::StreamId(rng.bytes()), atalaya_wire::StreamId(rng.bytes()));
        let objects = nas::objects(id.as_str(), terms.interval.as_secs(), records, frames, &mut rng);
        let told = objects.iter().map(|object| (object.clone(), now, true)).collect();
        let share = f64::from(number) / f64::from(terms.nodes);
        let next_record = now + terms.record_every.mul_f64(rng.share());
        Ok(Self {
            topics: Topics::new(&terms.prefix, id)?,
            records: Records::new(records),
            frames: Frames::new(frames),
            objects,
            told,
            seq: 0,
            boot: rng.bytes(),
            rng,
            interval: terms.interval,
            record_every: terms.record_every,
            next_frame: now + terms.interval.mul_f64(share),
            next_record,
            began_millis: terms.began_millis,
            greeting: Vec::new(),
            discovery: terms.discovery,
        })
    }

    /// A new connection: that it is here, what there is, and how that is, are told anew.
    pub(crate) fn connected(&mut self, now: Duration) {
        self.records.begin(now);
        let out = |topic, payload| Out { topic, payload, retain: true, frame: None };
        self.greeting = vec![out(self.topics.status(), b"online".to_vec())];
        if self.discovery {
            let objects: Vec<_> = self.objects.iter().map(|(id, sample)| (id, sample)).collect();
            let (message, _) = discovery::message(&self.topics, &device(), &objects, &[]);
            self.greeting.push(out(self.topics.discovery("homeassistant"), message.into_bytes()));
        }
        self.greeting.reverse();
        self.told.iter_mut().for_each(|(.., due)| *due = true);
    }

    /// What is heard on a topic.
    pub(crate) fn heard(&mut self, topic: &str, payload: &[u8], now: Duration) {
        if topic != self.topics.ack() {
            return;
        }
        let Some(ack) = Ack::parse(payload) else { return };
        self.records.heard(ack.record_stream.parse().ok(), ack.record_seq, now);
        if ack.frame_stream == self.frames.stream.to_string() {
            ack.missing.iter().for_each(|(from, to)| self.frames.ask_again(*from, *to));
        }
    }

    /// Time passes; `making` says whether it makes more.
    pub(crate) fn pass(&mut self, making: bool, now: Duration) {
        if !making {
            return;
        }
        while now >= self.next_record {
            let at = self.next_record;
            self.next_record += self.record_every.mul_f64(0.5 + self.rng.share());
            self.make_record(at);
        }
        if now < self.next_frame {
            return;
        }
        while now >= self.next_frame {
            let at = self.next_frame;
            self.next_frame += self.interval;
            let seconds = self.interval.as_secs_f64();
            self.objects.iter_mut().for_each(|(_, sample)| nas::move_on(sample, seconds, &mut self.rng));
            self.make_frame(at);
        }
        for (object, (told, at, due)) in self.objects.iter().zip(&mut self.told) {
            *due |= object.1.differs(&told.1).is_some() || now.saturating_sub(*at) >= HEARTBEAT;
        }
    }

    /// When it has to be looked at again.
    pub(crate) fn wake(&self) -> Duration {
        self.next_frame.min(self.next_record)
    }

    /// Heartbeats of a fleet that is long there do not come at once.
    pub(crate) fn spread_heartbeats(&mut self, now: Duration) {
        for (_, at, _) in &mut self.told {
            *at = now.saturating_sub(HEARTBEAT.mul_f64(self.rng.share()));
        }
    }

    /// The first disk fails, and a frame says so; gives its number.
    pub(crate) fn fail(&mut self, now: Duration) -> u64 {
        nas::fail(&mut self.objects);
        self.make_frame(now);
        self.frames.made
    }

    fn stamp(&self, at: Duration) -> Stamp {
        let passed = u64::try_from(at.as_millis()).unwrap_or_default();
        Stamp {
            wall_millis: self.began_millis.saturating_add_unsigned(passed),
            boot_millis: 1_000_000 + passed,
            boot: self.boot,
            synchronised: true,
        }
    }

    fn make_frame(&mut self, now: Duration) {
        let (id, seq) = (self.frames.stream, self.frames.made + 1);
        let mut builder = Builder::new(&Head { stream: Stream::Frame, id, seq, stamp: self.stamp(now) });
        for (from, to) in self.frames.lost() {
            let body = postcard::to_allocvec(&Lost { from, to }).unwrap_or_default();
            let _ = builder.part(Lost::KIND, &ObjectId::only(), &body);
        }
        for (id, sample) in &self.objects {
            let _ = builder.sample(id, sample);
        }
        self.frames.push(builder.finish());
    }

    /// A record that leaves one line in the list of events.
    pub(crate) fn make_record(&mut self, now: Duration) {
        let (id, seq) = (self.records.stream, self.records.made() + 1);
        let mut builder = Builder::new(&Head { stream: Stream::Record, id, seq, stamp: self.stamp(now) });
        let (from, to) = if seq % 2 == 1 { ("running", "failed") } else { ("failed", "running") };
        let changed = Changed {
            view: text("service"),
            key: text("state"),
            from: text(from),
            to: text(to),
            problem: text(&format!("number {seq}")),
        };
        let body = postcard::to_allocvec(&changed).unwrap_or_default();
        let _ = builder.part(Changed::KIND, &ObjectId::of("immich"), &body);
        self.records.push(builder.finish());
    }

    /// What is published next: that it is here, what is urgent, how it is, what happened, what was.
    pub(crate) fn next(&mut self, now: Duration) -> Option<Out> {
        self.greeting.pop().or_else(|| self.next_view(now)).or_else(|| self.next_message(now))
    }

    fn next_view(&mut self, now: Duration) -> Option<Out> {
        let at = self.told.iter().position(|(.., due)| *due)?;
        let (id, sample) = &self.objects[at];
        self.seq += 1;
        self.told[at] = (self.objects[at].clone(), now, false);
        let ts = self.stamp(now).wall_millis / 1000;
        let topic = self.topics.view_named(sample.name(), id);
        Some(Out { topic, payload: sample.json(ts, self.seq), retain: true, frame: None })
    }

    fn next_message(&mut self, now: Duration) -> Option<Out> {
        if let Some(payload) = self.records.next(now) {
            return Some(Out { topic: self.topics.record(), payload, retain: false, frame: None });
        }
        let (seq, payload) = self.frames.next()?;
        Some(Out { topic: self.topics.frame(), payload, retain: false, frame: Some(seq) })
    }

    /// What it subscribes to, and whether what the broker kept is wanted.
    pub(crate) fn filters(&self) -> [(String, bool); 4] {
        let meta = self.topics.view::<Meta>(&ObjectId::only());
        [(self.topics.commands(), false), (self.topics.status(), false), (meta, true), (self.topics.ack(), false)]
    }
}

fn device() -> Device {
    Device {
        name: "NAS".into(),
        model: "Kobol Helios64".into(),
        manufacturer: "Kobol".into(),
        version: "0.1.0".into(),
        url: String::new(),
        heartbeat: HEARTBEAT.as_secs(),
    }
}
