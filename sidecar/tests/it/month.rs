//! The thirty healthy days of `crates/alert` through everything: what three NAS say as bytes of the wire, heard by the
//! tower, written by the writer, counted in the database.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use atalaya_alert::Value;
use atalaya_sidecar::clock::{Clock, Simulated};
use atalaya_sidecar::db::{Effect, FILE};
use atalaya_wire::event::{RunBegan, RunEnded};
use atalaya_wire::view::KINDS;
use atalaya_wire::{ObjectId, Sample, Stamp, text};
use rusqlite::Connection;

use self::days::{BEGIN, DAY, Fault, NAMES, Rng, Said, away, minute};
use super::nas::Nas;
use super::whole::Whole;

#[path = "../../../crates/alert/tests/it/days.rs"]
mod days;

/// How a minute passes: in steps of the tower's tick, but for the first moments, in which what was said is answered.
const SECONDS: [u64; 14] = [1, 1, 3, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5];

/// What is not as on a healthy day, at which NAS and in which second.
type Trouble = fn(&str, u64) -> Option<Wrong>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wrong {
    Disk,
    Away,
}

/// As JSON has it; whole numbers where the view's table has some.
fn json(kind: &str, key: &str, value: &Value) -> serde_json::Value {
    let fields = KINDS.iter().find(|known| known.name == kind).unwrap().fields;
    let shape = fields.iter().find(|field| field.key == key).unwrap_or_else(|| panic!("{kind} has no {key}")).shape;
    match value {
        Value::Unknown => serde_json::Value::Null,
        #[expect(clippy::cast_possible_truncation, reason = "counts and bytes of a made-up NAS")]
        Value::Number(number) if shape == "whole number" => (number.round() as i64).into(),
        Value::Number(number) => (*number).into(),
        Value::Flag(flag) => (*flag).into(),
        Value::Text(text) => text.clone().into(),
    }
}

/// The days' words as views.
fn sample((object, keys): &Said) -> (ObjectId, Sample) {
    let (kind, id) = object.split_once('/').unwrap_or((object, ""));
    let all = keys.iter().map(|(key, value)| ((*key).to_owned(), json(kind, key, value)));
    let numbers = [("ts".to_owned(), 0.into()), ("seq".to_owned(), 0.into())];
    let all: serde_json::Map<_, _> = all.chain(numbers).collect();
    let told = Sample::from_json(kind, &serde_json::to_vec(&all).unwrap()).unwrap().unwrap();
    (if id.is_empty() { ObjectId::only() } else { ObjectId::of(id) }, told.sample)
}

/// A NAS and what those who listen to it know.
struct Player {
    nas: Nas,
    /// What it said in the last minute: most of it is the same in the next one.
    last: Vec<(Said, (ObjectId, Sample))>,
    told: Vec<(ObjectId, Sample)>,
    until: u64,
    is_away: bool,
}

impl Player {
    fn new(name: &'static str) -> Self {
        Self { nas: Nas::new(name), last: Vec::new(), told: Vec::new(), until: 0, is_away: true }
    }

    /// One minute: its views that changed, its records and its frame, if anybody can hear them.
    fn play(&mut self, whole: &mut Whole, clock: &Simulated, rng: &mut Rng, now: u64, trouble: Trouble) {
        let wrong = trouble(self.nas.name, now);
        let was_away = self.is_away;
        self.is_away = away(rng, &mut self.until, now) || wrong == Some(Wrong::Away);
        if self.is_away && !was_away {
            whole.hear(self.nas.topic("status"), b"offline".to_vec());
            self.told.clear();
        }
        // The start with its updates, for which the line of the plan says that it is away.
        if now / DAY == 17 && now % DAY == 7 * 3_600 {
            self.nas.restart();
        }
        let fault = if wrong == Some(Wrong::Disk) { Fault::Disk } else { Fault::None };
        let samples = self.samples(minute(rng, now, fault));
        let moment = clock.now();
        self.records(whole, clock, now);
        if was_away && !self.is_away {
            self.nas.connect(whole, moment);
        }
        let frame = self.nas.frame(&samples, !self.is_away, moment);
        if !self.is_away {
            self.views(whole, &samples, moment.seconds());
            whole.hear(self.nas.topic("frame"), frame);
        }
    }

    fn samples(&mut self, said: Vec<Said>) -> Vec<(ObjectId, Sample)> {
        let last = std::mem::take(&mut self.last);
        let known = |said: &Said| last.iter().find(|(old, _)| old == said).map(|(_, sample)| sample.clone());
        let of = |said: Said| {
            let sample = known(&said).unwrap_or_else(|| sample(&said));
            (said, sample)
        };
        self.last = said.into_iter().map(of).collect();
        self.last.iter().map(|(_, sample)| sample.clone()).collect()
    }

    fn views(&mut self, whole: &mut Whole, samples: &[(ObjectId, Sample)], ts: i64) {
        for (id, sample) in samples {
            let known = self.told.iter_mut().find(|(other, old)| other == id && old.name() == sample.name());
            if known.as_ref().is_some_and(|(_, old)| sample.differs(old).is_none()) {
                continue;
            }
            let topic = if *id == ObjectId::only() {
                sample.name().to_owned()
            } else {
                format!("{}/{}", sample.name(), id.as_str())
            };
            whole.hear(self.nas.topic(&topic), sample.json(ts, 1));
            match known {
                Some(known) => known.1 = sample.clone(),
                None => self.told.push((id.clone(), sample.clone())),
            }
        }
    }

    /// The backup at two begins and ends.
    fn records(&mut self, whole: &mut Whole, clock: &Simulated, now: u64) {
        let (run, job, moment) = ([u8::try_from(now / DAY).unwrap(); 16], text("photos"), clock.now());
        let record = match now % DAY {
            7_200 => self.nas.record(&RunBegan { run, job, cause: text("calendar") }, moment),
            9_000 => {
                let began = Stamp { wall_millis: moment.wall_millis - 1_800_000, ..Stamp::default() };
                let (result, problem) = (text("ok"), text(""));
                self.nas.record(&RunEnded { run, job, began, result, exit: Some(0), problem }, moment)
            }
            _ => return,
        };
        if !self.is_away {
            whole.hear(self.nas.topic("record"), record);
        }
    }
}

/// Plays so many days, and gives the NAS back.
fn play(folder: &Path, days: u64, seed: u64, trouble: Trouble) -> Vec<Player> {
    let clock = Arc::new(Simulated::at(BEGIN));
    let mut whole = Whole::open(folder, &clock, Vec::new(), |_| {});
    let mut rng = Rng(seed);
    let mut players: Vec<Player> = NAMES.iter().map(|name| Player::new(name)).collect();
    for now in (0..days * DAY).step_by(60) {
        players.iter_mut().for_each(|player| player.play(&mut whole, &clock, &mut rng, now, trouble));
        for seconds in SECONDS {
            clock.pass(Duration::from_secs(seconds));
            for effect in whole.commit() {
                let Effect::Ack { node, payload } = effect else { continue };
                let of = players.iter_mut().find(|player| player.nas.name == node.as_str()).unwrap();
                if !of.is_away {
                    of.nas.acked(&payload, &mut whole);
                }
            }
        }
    }
    whole.stop();
    players
}

/// Everything that somebody was told, in order: seconds since the beginning, and the subject.
fn told(folder: &Path) -> Vec<(u64, String)> {
    let connection = Connection::open(folder.join(FILE)).unwrap();
    let sql = "SELECT at, json_extract(body, '$.subject.en') FROM notification
        WHERE id IN (SELECT notification FROM delivery WHERE state = 'waiting') ORDER BY at, id";
    let mut statement = connection.prepare(sql).unwrap();
    let row = |row: &rusqlite::Row<'_>| Ok((u64::try_from(row.get::<_, i64>(0)? - BEGIN).unwrap(), row.get(1)?));
    statement.query_map([], row).unwrap().collect::<Result<_, _>>().unwrap()
}

/// In memory, where the system has such a place: nothing is learnt here from waiting for a disk.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn count(folder: &Path, sql: &str) -> u64 {
    Connection::open(folder.join(FILE)).unwrap().query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap().unsigned_abs()
}

/// Everything that was said is there, once.
fn complete(folder: &Path, players: &[Player]) {
    let sum = |of: fn(&Player) -> u64| players.iter().map(of).sum::<u64>();
    assert_eq!(count(folder, "SELECT count(*) FROM record"), sum(|player| player.nas.records));
    assert_eq!(sum(|player| player.nas.waiting() as u64), 0, "records that nobody acknowledged");
    let kept = sum(|player| player.nas.frames_made - player.nas.frames_lost);
    assert_eq!(count(folder, "SELECT count(*) FROM frame"), kept, "frames");
    assert_eq!(count(folder, "SELECT count(*) FROM gap") > 0, sum(|player| player.nas.frames_lost) > 0);
}

#[test]
fn thirty_healthy_days_are_quiet_through_everything() {
    let folder = folder();
    let seed = std::env::var("SEED").map_or(20_261_121, |seed| seed.parse().unwrap());
    let players = play(folder.path(), 30, seed, |_, _| None);
    complete(folder.path(), &players);
    let told = told(folder.path());
    println!("{} notifications in thirty days", told.len());
    for week in 0..5 {
        let of = told.iter().filter(|(at, _)| at / (7 * DAY) == week).count();
        assert!(of <= 1, "{of} notifications in week {week}: {told:#?}");
    }
    let parts = count(folder.path(), "SELECT count(*) FROM alert_part");
    assert!(parts >= 3, "the engine saw nothing of these days");
}

/// The silence above is not deafness.
#[test]
fn one_bad_day_among_them_is_told_and_nothing_else() {
    const HOUR: u64 = 3_600;
    let trouble: Trouble = |name, now| {
        let within = |from: u64, hours: u64| (DAY + from * HOUR..DAY + (from + hours) * HOUR).contains(&now);
        match name {
            "casa" if within(10, 4) => Some(Wrong::Disk),
            "taller" if within(16, 6) => Some(Wrong::Away),
            _ => None,
        }
    };
    let folder = folder();
    let players = play(folder.path(), 4, 7, trouble);
    let told: Vec<String> =
        told(folder.path()).iter().map(|(at, one)| format!("{}:{:02} {one}", at / HOUR, at % HOUR / 60)).collect();
    let all = [
        "34:00 Alert (critical): casa: Disk is failing (WD-2: failing)",
        "35:00 Nobody answered (critical): casa: Disk is failing (WD-2: failing)",
        "39:00 Resolved (critical): casa: Disk is failing (WD-2: failing)",
        "40:10 Alert (high): taller: Not connected (offline)",
        "46:02 Resolved (high): taller: Not connected (offline)",
    ];
    assert_eq!(told, all);
    complete(folder.path(), &players);
}
