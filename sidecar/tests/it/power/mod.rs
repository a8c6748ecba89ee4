//! A power cut at any moment: whatever of the database's files was not synced may be there, missing or torn, and still
//! nothing is missing that somebody was told. One life of a sidecar is recorded, from its first start on; then it is cut
//! off at many places, and what would have been left is opened by the program's own code.

mod disk;
mod tape;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use atalaya_alert::{Matcher, Quiet, Wall};
use atalaya_sidecar::clock::{Clock, Simulated};
use atalaya_sidecar::db::{self, AccountRow, Audit, Batch, Effect, Opened, Readers, Row};
use atalaya_sidecar::history::{Chores, Handle, Step, Terms};
use atalaya_sidecar::tower::{Ask, Who, Wish, Word};
use atalaya_wire::ack::Ack;
use atalaya_wire::event::Changed;
use atalaya_wire::view::Disk;
use atalaya_wire::{ObjectId, Sample, text};
use rusqlite::Connection;
use tokio::runtime::Runtime;

use self::disk::{Dice, Image, Op, RESTS};
use self::tape::{Tape, note, record};
use super::nas::Nas;
use super::whole::Whole;

const BEGIN: i64 = 1_800_000_000;

/// What every part of the recorded life has.
struct Life {
    clock: Arc<Simulated>,
    tape: Tape,
    runtime: Runtime,
    nodes: Vec<Nas>,
    changes: u32,
}

impl Life {
    fn promise(&self, what: String) {
        note(&self.tape, Op::Promise(what));
    }

    /// The sidecar from a start to a stop.
    fn run(&mut self, folder: &Path, minutes: u64) {
        let tape = Arc::clone(&self.tape);
        let readers = Readers::new(folder);
        let after = move |effect: &Effect| match effect {
            Effect::Ack { node, payload } => {
                let ack = Ack::parse(payload).unwrap();
                note(&tape, Op::Promise(format!("ack {} {}", node.as_str(), ack.record_seq)));
            }
            // From now on they may be sent.
            Effect::Notify => notifications(&readers).into_iter().for_each(|id| {
                note(&tape, Op::Promise(format!("notification {id}")));
            }),
            _ => {}
        };
        let mut whole = Whole::open(folder, &self.clock, Vec::new(), after);
        self.nodes.iter().for_each(|node| node.connect(&mut whole, self.clock.now()));
        for minute in 0..minutes {
            self.minute(&mut whole, minute);
        }
        whole.stop();
    }

    fn minute(&mut self, whole: &mut Whole, minute: u64) {
        let now = self.clock.now();
        for (number, node) in self.nodes.iter_mut().enumerate() {
            // Each has a disk that fails for ten minutes of each half hour, not at once.
            let is_failing = (minute + 7 * number as u64) % 30 < 10;
            let health = text(if is_failing { "failing" } else { "ok" });
            let sample = Disk { health: Some(health), temperature_celsius: Some(minute as f32), ..Disk::default() };
            let samples: Vec<_> =
                (0..8).map(|n| (ObjectId::of(&format!("WD-{n}")), Sample::from(sample.clone()))).collect();
            let frame = node.frame(&samples, true, now);
            whole.hear(node.topic("frame"), frame);
            let empty = || text("");
            let change =
                Changed { view: text("disk"), key: text("power"), from: empty(), to: empty(), problem: empty() };
            let record = node.record(&change, now);
            whole.hear(node.topic("record"), record);
        }
        for _ in 0..6 {
            self.clock.pass(Duration::from_secs(10));
            self.commit(whole);
        }
        match minute % 4 {
            0 => self.add_account(whole),
            2 => self.silence(whole),
            _ => {}
        }
    }

    fn commit(&mut self, whole: &mut Whole) {
        for effect in whole.commit() {
            let Effect::Ack { node, payload } = effect else { continue };
            let of = self.nodes.iter_mut().find(|one| one.name == node.as_str()).unwrap();
            of.acked(&payload, whole);
        }
    }

    fn add_account(&mut self, whole: &Whole) {
        self.changes += 1;
        let (name, now) = (format!("person{}", self.changes), self.clock.now().seconds());
        let account = AccountRow {
            name: name.clone(),
            hash: String::new(),
            role: "viewer".into(),
            customers: None,
            language: "en".into(),
            zone: "UTC".into(),
            made: now,
        };
        let line = Audit { at: now, who: "ana".into(), target: name.clone(), ..Audit::default() };
        let rows = vec![Row::Account(account), Row::Audit(line)];
        self.runtime.block_on(whole.desk().write(rows)).unwrap();
        self.promise(format!("account {name}"));
        self.promise(format!("audit {name}"));
    }

    fn silence(&mut self, whole: &mut Whole) {
        self.changes += 1;
        let id = format!("q{}", self.changes);
        let quiet = Quiet {
            id: id.as_str().into(),
            maintenance: false,
            matcher: Matcher { node: Some("nobody".into()), ..Matcher::default() },
            until: Wall(self.clock.now().seconds() + 100 * 86_400),
            who: "ana".into(),
            why: "none".into(),
            ends: Default::default(),
        };
        let (answer, mut told) = tokio::sync::oneshot::channel();
        whole.say(Word::Ask(Ask { wish: Wish::Quiet(quiet), who: Who::default(), answer }));
        self.clock.pass(Duration::from_secs(1));
        self.commit(whole);
        told.try_recv().unwrap().unwrap();
        self.promise(format!("quiet {id}"));
    }

    /// What happens to history at night, all at once.
    fn chores(&self, folder: &Path) {
        let mut database = db::open(folder, self.clock.now().seconds()).unwrap();
        let config = atalaya_sidecar::config::Config::empty().unwrap();
        let mut chores = Chores::new(Terms::from(&config.history), Handle::default()).unwrap();
        let mut steps = 0;
        // What is seen first waits a little for what belongs to it.
        for _ in 0..3 {
            while chores.work(&mut database.connection, self.clock.now().seconds()).unwrap() != Step::Idle {
                steps += 1;
            }
            self.clock.pass(Duration::from_secs(1_800));
        }
        assert!(steps >= 3, "{steps} steps of history");
    }
}

fn notifications(readers: &Readers) -> Vec<String> {
    let all = |connection: &Connection| {
        let mut statement = connection.prepare("SELECT id FROM notification")?;
        Ok(statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
    };
    readers.now(all).unwrap()
}

/// A first start, a stop, history's work, and another life.
fn recorded() -> Vec<Op> {
    let folder = tempfile::tempdir().unwrap();
    let tape = record(folder.path());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let nodes = ["casa", "oficina", "taller"].map(Nas::new).into();
    let clock = Arc::new(Simulated::at(BEGIN));
    let mut life = Life { clock, tape, runtime, nodes, changes: 0 };
    life.run(folder.path(), 100);
    life.clock.pass(Duration::from_secs(20 * 3_600));
    life.chores(folder.path());
    life.run(folder.path(), 30);
    life.tape.lock().unwrap().clone()
}

/// Whether a promise is kept by what is there.
fn is_kept(connection: &Connection, loaded: &db::Loaded, promise: &str) -> bool {
    let count = |sql: &str, what: &[&str]| {
        connection.query_row(sql, rusqlite::params_from_iter(what), |row| row.get::<_, u32>(0)).unwrap()
    };
    match promise.split(' ').collect::<Vec<_>>()[..] {
        ["ack", node, seq] => {
            let sql = "SELECT count(*) FROM record JOIN node ON node.id = record.node WHERE name = ? AND seq <= CAST(? AS INTEGER)";
            count(sql, &[node, seq]) == seq.parse::<u32>().unwrap()
        }
        ["notification", id] => {
            let sql = "SELECT count(*) FROM notification JOIN delivery ON notification = id WHERE id = ?";
            count(sql, &[id]) == 1
        }
        ["account", name] => count("SELECT count(*) FROM account WHERE name = ?", &[name]) == 1,
        ["audit", target] => count("SELECT count(*) FROM audit WHERE target = ?", &[target]) == 1,
        ["quiet", id] => loaded.alerts.quiets().any(|quiet| quiet.id.to_string() == id),
        _ => panic!("{promise}"),
    }
}

/// Opens what a cut left, as the program does, and looks for everything that was promised.
fn look(image: &Image, promises: &[&str], place: &str) {
    let folder = tempfile::tempdir().unwrap();
    image.lay_out(folder.path());
    let mut database = db::open(folder.path(), BEGIN + 400_000).unwrap_or_else(|err| panic!("{place}: {err}"));
    assert!(!matches!(database.opened, Opened::SetAside { .. }), "{place}: {:?}", database.opened);
    let connection = &database.connection;
    let text = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
    assert_eq!(text("PRAGMA integrity_check"), "ok", "{place}");
    let loaded = db::load(connection).unwrap_or_else(|err| panic!("{place}: {err}"));
    for promise in promises {
        assert!(is_kept(connection, &loaded, promise), "{place}: {promise} is missing");
    }
    // What is one transaction is there as a whole or not at all.
    for stream in loaded.streams.iter().filter(|stream| stream.kind == 2) {
        let sql = format!("SELECT coalesce(max(seq), 0) || ' ' || count(*) FROM record WHERE node = {}", stream.node);
        assert_eq!(text(&sql), format!("{0} {0}", stream.seq), "{place}: records and how far they are");
        let sql = format!("SELECT count(*) || '' FROM event WHERE kind = 'changed' AND node = {}", stream.node);
        assert_eq!(text(&sql), stream.seq.to_string(), "{place}: records and what follows from them");
    }
    let mut batch = Batch::default();
    batch.push(Row::Meta { key: "works", value: "1".into() });
    batch.commit(&mut database.connection).unwrap_or_else(|err| panic!("{place}: {err}"));
}

#[test]
fn a_power_cut_takes_nothing_that_somebody_was_told() {
    let full = std::env::var("ATALAYA_TESTS_FULL").is_ok_and(|full| !full.is_empty());
    let cuts = if full { 2_000 } else { 200 };
    let ops = recorded();
    let syncs: Vec<usize> = (0..ops.len()).filter(|at| matches!(ops[*at], Op::Sync { .. })).collect();
    let (mut dice, mut promised) = (Dice(1), 0);
    for cut in 0..cuts {
        // Just before a sync, just after one, and anywhere.
        let sync = syncs[cut * syncs.len() / cuts];
        let at = [sync, sync + 1, dice.below(ops.len() + 1)][cut % 3];
        let rest = RESTS[cut / 3 % RESTS.len()];
        let promises: Vec<&str> = ops[..at]
            .iter()
            .filter_map(|op| match op {
                Op::Promise(what) => Some(what.as_str()),
                _ => None,
            })
            .collect();
        promised += promises.len();
        let image = Image::after(&ops, at, rest, &mut dice);
        look(&image, &promises, &format!("cut {cut} after {at} of {}, {rest:?}", ops.len()));
    }
    println!("{cuts} cuts among {} operations with {} syncs, {promised} promises kept", ops.len(), syncs.len());
    assert!(syncs.len() > 100 && promised > 20 * cuts, "the life is too short to mean anything");
}
