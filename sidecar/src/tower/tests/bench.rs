//! A tower, its database, and nodes that say what a script says.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use atalaya_alert::rule::DEFAULT;
use atalaya_alert::{Rules, Severity};
use atalaya_wire::ack::Ack;
use atalaya_wire::event::Event;
use atalaya_wire::message::{Builder, Head, Stream};
use atalaya_wire::view::{Disk, Meta, System};
use atalaya_wire::{ObjectId, Sample, Stamp, StreamId, text};

use crate::clock::{Clock, Simulated};
use crate::db::{self, Database, Effect};
use crate::error::Result;
use crate::link::{Heard, Held};
use crate::tower::{Ask, Board, SetTerms, Terms, Tower, Who, Wish, Word};

pub(super) const START: i64 = 1_800_000_000;

pub(super) struct Bench {
    pub(super) tower: Tower,
    pub(super) database: Database,
    pub(super) clock: Simulated,
    pub(super) board: Board,
    under_way: Arc<AtomicUsize>,
    /// What was let out after commits.
    pub(super) out: Vec<Effect>,
    folder: tempfile::TempDir,
    terms: Terms,
}

pub(super) fn terms() -> Terms {
    Terms {
        prefix: "atalaya".into(),
        id: "_sidecar".into(),
        accept: true,
        senders: true,
        rules: Arc::new(Rules::parse(&[DEFAULT]).unwrap()),
        sets: [("default".to_owned(), SetTerms { channels: vec!["mail".to_owned()], severity: Severity::Low })].into(),
        flush: Duration::from_secs(60),
    }
}

impl Bench {
    pub(super) fn new() -> Self {
        Self::with(terms())
    }

    pub(super) fn with(terms: Terms) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Simulated::at(START);
        let database = db::open(folder.path(), START).unwrap();
        let (board, under_way) = (Board::default(), Arc::new(AtomicUsize::new(0)));
        let loaded = db::load(&database.connection).unwrap();
        let tower = Tower::new(terms.clone(), board.clone(), loaded, Arc::clone(&under_way), clock.now());
        let mut bench = Self { tower, database, clock, board, under_way, out: Vec::new(), folder, terms };
        bench.say(Word::Up);
        bench
    }

    /// The program is killed and starts again: what was not committed is gone.
    pub(super) fn kill(self) -> Self {
        let Self { tower, database, clock, out, folder, terms, .. } = self;
        drop((tower, database));
        let database = db::open(folder.path(), clock.now().seconds()).unwrap();
        let (board, under_way) = (Board::default(), Arc::new(AtomicUsize::new(0)));
        let loaded = db::load(&database.connection).unwrap();
        let tower = Tower::new(terms.clone(), board.clone(), loaded, Arc::clone(&under_way), clock.now());
        let mut bench = Self { tower, database, clock, board, under_way, out, folder, terms };
        bench.say(Word::Up);
        bench
    }

    pub(super) fn say(&mut self, word: Word) {
        let now = self.clock.now();
        self.tower.step(word, now);
    }

    pub(super) fn hear(&mut self, topic: &str, payload: Vec<u8>) {
        self.hear_as(topic, payload, false, None);
    }

    pub(super) fn hear_as(&mut self, topic: &str, payload: Vec<u8>, retained: bool, sender: Option<&str>) {
        let heard = Heard { topic: topic.into(), payload, retained, sender: sender.map(str::to_owned) };
        self.say(Word::Heard(heard, Held::none()));
    }

    /// Time passes, a second at a time, and what is due is committed.
    pub(super) fn pass(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.clock.pass(Duration::from_secs(1));
            self.commit();
        }
    }

    /// What is due is committed, and its effects happen.
    pub(super) fn commit(&mut self) {
        while let Some(batch) = self.tower.pass(self.clock.now()) {
            batch.commit(&mut self.database.connection).unwrap();
            for effect in batch.effects {
                match effect {
                    Effect::Written => drop(self.under_way.fetch_sub(1, Ordering::AcqRel)),
                    Effect::Answer(answer, value) => drop(answer.send(Ok(value))),
                    other => self.out.push(other),
                }
            }
        }
    }

    /// The last acknowledgement of a node that went out.
    pub(super) fn ack(&self, node: &str) -> Option<Ack> {
        let acks = self.out.iter().rev();
        let mut acks = acks.filter_map(|effect| match effect {
            Effect::Ack { node: of, payload } if of.as_str() == node => Ack::parse(payload),
            _ => None,
        });
        acks.next()
    }

    /// How many acknowledgements a node was sent.
    pub(super) fn acks(&self, node: &str) -> usize {
        let is_one = |effect: &&Effect| matches!(effect, Effect::Ack { node: of, .. } if of.as_str() == node);
        self.out.iter().filter(is_one).count()
    }

    pub(super) fn number(&self, sql: &str) -> i64 {
        self.database.connection.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    pub(super) fn text(&self, sql: &str) -> String {
        self.database.connection.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// Somebody wants something, and waits for the commit.
    pub(super) fn ask(&mut self, wish: Wish) -> Result<serde_json::Value> {
        let (answer, mut told) = tokio::sync::oneshot::channel();
        let who = Who { name: "ana".into(), how: "page", peer: "127.0.0.1".into() };
        self.say(Word::Ask(Ask { wish, who, answer }));
        self.pass(1);
        told.try_recv().unwrap()
    }
}

/// A node with its streams.
pub(super) struct Node {
    pub(super) name: &'static str,
    pub(super) boot: [u8; 16],
    pub(super) frames: u64,
    pub(super) records: u64,
    pub(super) stream: u8,
    /// What its wall clock says more than ours.
    pub(super) skew: i64,
    pub(super) synchronised: bool,
}

impl Node {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, boot: [7; 16], frames: 0, records: 0, stream: 1, skew: 0, synchronised: true }
    }

    pub(super) fn topic(&self, rest: &str) -> String {
        format!("atalaya/{}/{rest}", self.name)
    }

    pub(super) fn stamp(&self, bench: &Bench) -> Stamp {
        let now = bench.clock.now();
        Stamp {
            wall_millis: now.wall_millis + self.skew * 1000,
            boot_millis: now.since_start.as_millis() as u64 + 5_000_000,
            boot: self.boot,
            synchronised: self.synchronised,
        }
    }

    /// The next frame with these readings, not sent.
    pub(super) fn frame(&mut self, bench: &Bench, samples: &[(&str, Sample)]) -> Vec<u8> {
        self.frames += 1;
        let id = StreamId([self.stream; 16]);
        let head = Head { stream: Stream::Frame, id, seq: self.frames, stamp: self.stamp(bench) };
        let mut builder = Builder::new(&head);
        for (id, sample) in samples {
            let id = if id.is_empty() { ObjectId::only() } else { ObjectId::of(id) };
            assert!(builder.sample(&id, sample));
        }
        builder.finish()
    }

    /// The next record with this in it, not sent.
    pub(super) fn record<E: Event>(&mut self, bench: &Bench, event: &E) -> Vec<u8> {
        self.record_about(bench, "", event)
    }

    /// The same, about the thing of this name.
    pub(super) fn record_about<E: Event>(&mut self, bench: &Bench, name: &str, event: &E) -> Vec<u8> {
        self.records += 1;
        let id = StreamId([self.stream + 100; 16]);
        let head = Head { stream: Stream::Record, id, seq: self.records, stamp: self.stamp(bench) };
        let mut builder = Builder::new(&head);
        assert!(builder.part(E::KIND, &ObjectId::parse(name).unwrap(), &postcard::to_allocvec(event).unwrap()));
        builder.finish()
    }

    /// Says hello and a frame, as after a connection.
    pub(super) fn connect(&mut self, bench: &mut Bench) {
        bench.hear(&self.topic("status"), b"online".to_vec());
        bench.hear(&self.topic("meta"), meta(60).json(bench.clock.now().seconds(), 1));
        let frame = self.frame(bench, &[("", system(40.0))]);
        bench.hear(&self.topic("frame"), frame);
    }

    /// A minute after minute, with these readings.
    pub(super) fn run(&mut self, bench: &mut Bench, minutes: u64, samples: &[(&str, Sample)]) {
        for _ in 0..minutes {
            let frame = self.frame(bench, samples);
            bench.hear(&self.topic("frame"), frame);
            bench.pass(60);
        }
    }
}

pub(super) fn meta(interval: u64) -> Sample {
    Meta {
        name: Some(text("Attic")),
        interval_seconds: Some(interval),
        version: Some(text("0.1.0")),
        ..Meta::default()
    }
    .into()
}

pub(super) fn system(celsius: f32) -> Sample {
    System { temperature_celsius: Some(celsius), ..System::default() }.into()
}

pub(super) fn disk(celsius: f32) -> Sample {
    Disk { temperature_celsius: Some(celsius), model: Some(text("WD Red")), ..Disk::default() }.into()
}
