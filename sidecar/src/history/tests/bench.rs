//! Nodes that tell numbers, their frames in a database, and a list of what they told.

use std::collections::BTreeMap;
use std::time::Duration;

use atalaya_history::{BlockId, Decoder, Keep, Level, MonthId, NodeNumber, Point, SeriesId};
use atalaya_wire::message::{Builder, Head, Stream};
use atalaya_wire::view::{Disk, FileSystem, System};
use atalaya_wire::{ObjectId, Sample, Stamp, StreamId};

use crate::db::{self, Batch, Database, Node, Row};
use crate::history::read::{Answer, Asked, Wanted, history};
use crate::history::{Chores, Handle, Step, Terms};
use crate::tower::PACKED;

pub(super) const HOUR: i64 = 3_600;
pub(super) const DAY: i64 = 86_400;
/// 2026-11-27, a Friday: a month ends in the week that begins there.
pub(super) const START: i64 = 1_795_737_600;

/// Readings by node, object and key, and second: the first of a second counts.
pub(super) type List = BTreeMap<(u16, &'static str, &'static str), BTreeMap<i64, f64>>;

pub(super) struct Bench {
    pub(super) database: Database,
    pub(super) chores: Chores,
    pub(super) handle: Handle,
    pub(super) now: i64,
    pub(super) list: List,
    pub(super) terms: Terms,
    batch: Batch,
    random: u64,
    folder: tempfile::TempDir,
}

impl Bench {
    pub(super) fn new(nodes: u16) -> Self {
        Self::with(nodes, Keep::default())
    }

    pub(super) fn with(nodes: u16, keep: Keep) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = db::open(folder.path(), START).unwrap();
        let (terms, handle) = (Terms { keep, audit: 400 * DAY }, Handle::default());
        let chores = Chores::new(terms, handle.clone()).unwrap();
        let (batch, list) = (Batch::default(), List::new());
        let mut bench = Self { database, chores, handle, now: START, list, terms, batch, random: 7, folder };
        for id in 1..=nodes {
            let name = format!("nas{id}");
            let node = Node {
                id,
                title: name.clone(),
                name,
                customer: String::new(),
                site: String::new(),
                parent: None,
                state: "member",
                joined: START,
            };
            bench.batch.push(Row::Node(node));
        }
        bench.commit();
        bench
    }

    /// The program is killed and starts again: what was not committed is gone.
    pub(super) fn kill(self) -> Self {
        let Self { database, now, list, terms, random, folder, .. } = self;
        drop(database);
        let database = db::open(folder.path(), now).unwrap();
        let handle = Handle::default();
        let chores = Chores::new(terms, handle.clone()).unwrap();
        Self { database, chores, handle, now, list, terms, batch: Batch::default(), random, folder }
    }

    pub(super) fn chance(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random >> 11
    }

    /// A node's frame of that time, as it came; it waits for [`Self::commit`].
    pub(super) fn frame(&mut self, node: u16, at: i64, parts: &[(ObjectId, Sample)]) {
        let stamp = Stamp { wall_millis: at * 1000, boot_millis: 0, boot: [1; 16], synchronised: true };
        let head = Head { stream: Stream::Frame, id: StreamId([1; 16]), seq: 1, stamp };
        let mut builder = Builder::new(&head);
        for (id, sample) in parts {
            assert!(builder.sample(id, sample));
        }
        let body = zstd::bulk::compress(&builder.finish(), 1).unwrap();
        self.batch.push(Row::Frame { node, at_millis: at * 1000 + 250, flags: PACKED, body });
    }

    /// A frame with numbers that move, noted in the list.
    pub(super) fn told(&mut self, node: u16, at: i64) {
        let (load, degrees, read) = (self.chance() % 1_000, 30 + self.chance() % 12, self.chance() % 99_999);
        let load = load as f32 / 10.0;
        let system = System { cpu_percent: Some(load), clock_synchronised: Some(true), ..System::default() };
        let disk = Disk {
            temperature_celsius: Some(degrees as f32),
            read_bytes_per_second: Some(read as f32 / 7.0),
            reallocated_count: Some(3),
            ..Disk::default()
        };
        self.frame(node, at, &[(ObjectId::only(), system.into()), (ObjectId::of("WD-1"), disk.into())]);
        let five = |x: f32| atalaya_history::round(f64::from(x), 5);
        for (object, key, value) in [
            ("system", "cpu_percent", five(load)),
            ("system", "clock_synchronised", 1.0),
            ("disk/WD-1", "temperature_celsius", degrees as f64),
            ("disk/WD-1", "read_bytes_per_second", five(read as f32 / 7.0)),
            ("disk/WD-1", "reallocated_count", 3.0),
        ] {
            self.list.entry((node, object, key)).or_default().entry(at).or_insert(value);
        }
    }

    /// What a file system says.
    pub(super) fn file_system(&mut self, node: u16, at: i64, size: u64, free: u64) {
        let view = FileSystem { size_bytes: Some(size), free_bytes: Some(free), ..FileSystem::default() };
        self.frame(node, at, &[(ObjectId::of("data"), view.into())]);
    }

    pub(super) fn commit(&mut self) {
        std::mem::take(&mut self.batch).commit(&mut self.database.connection).unwrap();
    }

    pub(super) fn put(&mut self, row: Row) {
        self.batch.push(row);
        self.commit();
    }

    pub(super) fn step(&mut self) -> Step {
        self.chores.work(&mut self.database.connection, self.now).unwrap()
    }

    /// Steps until there is nothing to do.
    pub(super) fn work(&mut self) -> Vec<Step> {
        let mut steps = Vec::new();
        loop {
            match self.step() {
                Step::Idle | Step::NoTime => return steps,
                step => steps.push(step),
            }
            assert!(steps.len() < 100_000, "{:?}", steps.last());
        }
    }

    /// Time passes, an hour at a time.
    pub(super) fn pass(&mut self, seconds: i64) {
        let until = self.now + seconds;
        while self.now < until {
            self.now = (self.now + HOUR).min(until);
            self.work();
        }
    }

    /// Everything that was told is history, and the month of the start is closed.
    pub(super) fn settle(&mut self) {
        self.commit();
        self.pass(3 * DAY);
    }

    pub(super) fn ask(&self, node: u16, wanted: &[(&str, &str)], from: i64, until: i64, points: usize) -> Answer {
        let wanted = wanted.iter().map(|(object, key)| Wanted { object: (*object).into(), key: (*key).into() });
        let asked = Asked { wanted: wanted.collect(), from, until, points, interval: Duration::from_secs(60) };
        history(&self.database.connection, &self.handle, node, &asked, self.now).unwrap()
    }

    pub(super) fn count(&self, sql: &str) -> i64 {
        self.database.connection.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// All points of a level, by series.
    pub(super) fn level(&self, node: u16, level: Level) -> BTreeMap<SeriesId, Vec<Point>> {
        let mut decoder = Decoder::new().unwrap();
        let mut all: BTreeMap<SeriesId, Vec<Point>> = BTreeMap::new();
        let connection = &self.database.connection;
        for id in db::history::block_ids(connection, &db::history::all_of(NodeNumber(node), level)).unwrap() {
            let id: BlockId = id;
            let table = db::history::block(connection, id.row(), |row| decoder.block(id, row)).unwrap();
            for (series, points) in table.unwrap().unwrap().iter() {
                all.entry(series).or_default().extend(points);
            }
        }
        all
    }

    /// All points of closed months of a node's series.
    pub(super) fn months(&self, series: SeriesId) -> Vec<Point> {
        let mut decoder = Decoder::new().unwrap();
        let connection = &self.database.connection;
        let range = MonthId { series, month: atalaya_history::Month(0) }.row()..=MonthId {
            series,
            month: atalaya_history::Month(u16::MAX),
        }
        .row();
        let rows = db::history::month_ids(connection, &range).unwrap();
        let month = |id: i64| {
            let decode = |row: &[u8]| decoder.month(MonthId::from_row(id).unwrap(), row);
            db::history::month(connection, id, decode).unwrap().unwrap().unwrap()
        };
        rows.into_iter().flat_map(month).collect()
    }

    /// Everything of history, byte by byte.
    pub(super) fn dump(&self) -> Vec<(String, i64, Vec<u8>)> {
        let sql = "SELECT 'block', id, body FROM block UNION ALL SELECT 'month', id, body FROM month
            UNION ALL SELECT object || key, id, CAST(node || ' ' || month AS BLOB) FROM series
            UNION ALL SELECT 'gap' || why, node, CAST(since || ' ' || until AS BLOB) FROM gap
            UNION ALL SELECT 'stale', id, CAST(hours AS BLOB) FROM stale
            UNION ALL SELECT 'closed', node, CAST(since || ' ' || until AS BLOB) FROM closed
            UNION ALL SELECT 'frame', id, body FROM frame ORDER BY 1, 2, 3";
        let mut statement = self.database.connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
        rows.map(Result::unwrap).collect()
    }
}

/// What the list says in steps: smallest, mean, largest, count.
pub(super) fn rolled(readings: &BTreeMap<i64, f64>, step: i64) -> Vec<Point> {
    let mut buckets: BTreeMap<i64, Vec<f64>> = BTreeMap::new();
    for (at, value) in readings {
        buckets.entry(at - at.rem_euclid(step)).or_default().push(*value);
    }
    let one = |(at, values): (i64, Vec<f64>)| Point {
        at,
        min: values.iter().copied().fold(f64::INFINITY, f64::min),
        mean: values.iter().sum::<f64>() / values.len() as f64,
        max: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        count: values.len() as u32,
    };
    buckets.into_iter().map(one).collect()
}

/// All but the mean equal; the mean by what rounding to seven digits twice may change.
pub(super) fn same(ours: &[Point], list: &[Point], what: &str) {
    assert_eq!(ours.len(), list.len(), "{what}: {:?} {:?}", ours.first(), list.first());
    for (ours, list) in ours.iter().zip(list) {
        let all = |point: &Point| (point.at, point.min, point.max, point.count);
        assert_eq!(all(ours), all(list), "{what}");
        assert!(
            (ours.mean - list.mean).abs() <= ours.min.abs().max(ours.max.abs()) * 2e-6,
            "{what}: {ours:?} {list:?}"
        );
    }
}
