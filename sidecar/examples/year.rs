//! Prints what a year of some NAS takes in the database, and how long graphs of it take.
//!
//! `cargo run --release -p atalaya-sidecar --example year [NODES] [DAYS]`: made-up machines of 170 numbers at 60 s with the
//! default retention, told as frames, written in batches of an hour, and made history by the chores as fast as they can.
#![allow(clippy::expect_used, clippy::cast_precision_loss)]

use std::path::Path;
use std::time::{Duration, Instant};

use atalaya_history::Keep;
use atalaya_sidecar::db::{self, Batch, Database, Node, Readers, Row};
use atalaya_sidecar::history::read::{Asked, Wanted, history, series_of};
use atalaya_sidecar::history::{Chores, Handle, Step, Terms};
use atalaya_wire::message::{Builder, Head, Stream};
use atalaya_wire::view::Disk;
use atalaya_wire::{ObjectId, Sample, Stamp, StreamId};

use nas::{Nas, SERIES};

#[path = "../../crates/history/tests/it/nas.rs"]
mod nas;

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
/// 2026-11-01.
const BEGIN: i64 = 1_793_491_200;
const MIB: f64 = 1_048_576.0;

/// Which of the made-up numbers have fractions.
fn fractions() -> Vec<bool> {
    let mut nas = Nas::new(1);
    let mut fractions = vec![false; SERIES];
    for at in (BEGIN..BEGIN + DAY).step_by(60) {
        for (known, value) in fractions.iter_mut().zip(nas.frame(at, 60.0)) {
            *known |= value.fract() != 0.0;
        }
    }
    fractions
}

/// The made-up numbers as disks, whose view has keys for both sorts.
fn parts(values: &[f64], fractions: &[bool]) -> Vec<(ObjectId, Sample)> {
    let of =
        |sort: bool| values.iter().zip(fractions).filter(move |(_, known)| **known == sort).map(|(value, _)| *value);
    let (mut floats, mut wholes) = (of(true).map(|x| x as f32), of(false).map(|x| x.abs() as u64));
    let mut parts = Vec::new();
    loop {
        let disk = Disk {
            temperature_celsius: floats.next(),
            read_bytes_per_second: floats.next(),
            write_bytes_per_second: floats.next(),
            busy_percent: floats.next(),
            size_bytes: wholes.next(),
            powered_seconds: wholes.next(),
            power_cycles: wholes.next(),
            reallocated_count: wholes.next(),
            pending_count: wholes.next(),
            uncorrectable_count: wholes.next(),
            crc_count: wholes.next(),
            written_bytes: wholes.next(),
            ..Disk::default()
        };
        if disk == Disk::default() {
            return parts;
        }
        parts.push((ObjectId::of(&format!("d{}", parts.len())), disk.into()));
    }
}

fn frame(node: u16, at: i64, nas: &mut Nas, sorts: &[bool], zstd: &mut zstd::bulk::Compressor<'_>) -> Row {
    let stamp = Stamp { wall_millis: at * 1000, boot_millis: 0, boot: [1; 16], synchronised: true };
    let head = Head { stream: Stream::Frame, id: StreamId([1; 16]), seq: 1, stamp };
    let mut builder = Builder::new(&head);
    for (id, sample) in parts(nas.frame(at, 60.0), sorts) {
        assert!(builder.sample(&id, &sample), "a frame has room");
    }
    let body = zstd.compress(&builder.finish()).expect("zstd");
    Row::Frame { node, at_millis: at * 1000, flags: atalaya_sidecar::tower::PACKED, body }
}

fn row(id: u16) -> Row {
    let name = format!("nas{id}");
    let (customer, site) = (String::new(), String::new());
    let title = name.clone();
    Row::Node(Node { id, name, title, customer, site, parent: None, state: "member", joined: BEGIN })
}

/// Everything that happens in the simulated time; how long the chores took, and how many steps they had.
fn live(database: &mut Database, handle: &Handle, nodes: u16, days: i64) -> (Duration, u64) {
    let terms = Terms { keep: Keep::default(), audit: 400 * DAY };
    let mut chores = Chores::new(terms, handle.clone()).expect("memory");
    let mut zstd = zstd::bulk::Compressor::new(1).expect("zstd");
    let mut machines: Vec<Nas> = (1..=nodes).map(|node| Nas::new(u64::from(node))).collect();
    let sorts = fractions();
    let (mut took, mut steps) = (Duration::ZERO, 0);
    for hour in 0..days * 24 {
        let mut batch = Batch::default();
        for at in (BEGIN + hour * HOUR..BEGIN + (hour + 1) * HOUR).step_by(60) {
            for (nas, node) in machines.iter_mut().zip(1..) {
                batch.push(frame(node, at + i64::from(node % 60), nas, &sorts, &mut zstd));
            }
        }
        batch.commit(&mut database.connection).expect("a commit");
        let begun = Instant::now();
        let now = BEGIN + (hour + 1) * HOUR;
        while chores.work(&mut database.connection, now).expect("a step") != Step::Idle {
            steps += 1;
        }
        took += begun.elapsed();
        if hour % 24 == 23 {
            database.connection.pragma(None, "wal_checkpoint", "TRUNCATE", |_| Ok(())).expect("a checkpoint");
        }
    }
    (took, steps)
}

fn sizes(database: &Database, folder: &Path) {
    let levels = "SELECT CASE id >> 37 & 7 WHEN 1 THEN 'raw' WHEN 2 THEN 'five minutes' ELSE 'hours' END, count(*), sum(length(body))
        FROM block GROUP BY 1 UNION ALL SELECT 'months', count(*), sum(length(body)) FROM month
        UNION ALL SELECT 'waiting', count(*), sum(length(body)) FROM frame";
    let mut statement = database.connection.prepare(levels).expect("SQL");
    let rows = statement.query_map([], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, Option<f64>>(2)?.unwrap_or(0.0)))
    });
    for (name, count, bytes) in rows.expect("rows").map(|row| row.expect("a row")) {
        let each = bytes / count.max(1) as f64;
        println!("{name:14} {count:8} rows {each:8.0} bytes each {:8.1} MiB", bytes / MIB);
    }
    let file = std::fs::metadata(folder.join(db::FILE)).expect("the file").len();
    println!("file           {:.1} MiB", file as f64 / MIB);
}

/// How long a year of single series takes, the median, one in a hundred and the longest.
fn times(mut times: Vec<Duration>, what: &str) {
    times.sort_unstable();
    let (count, longest) = (times.len(), times[times.len() - 1]);
    println!("{count} {what}: median {:?}, p99 {:?}, longest {longest:?}", times[count / 2], times[count * 99 / 100]);
}

fn query(readers: &Readers, handle: &Handle, node: u16, wanted: &Wanted, now: i64) -> (usize, Duration) {
    let asked = Asked {
        wanted: vec![wanted.clone()],
        from: now - 365 * DAY,
        until: now,
        points: 2_000,
        interval: Duration::from_secs(60),
    };
    let begun = Instant::now();
    let answer = readers.now(|connection| history(connection, handle, node, &asked, now)).expect("an answer");
    (answer.series[0].points.len(), begun.elapsed())
}

fn main() {
    let mut words = std::env::args().skip(1).filter_map(|word| word.parse::<u16>().ok());
    let (nodes, days) = (words.next().unwrap_or(30), i64::from(words.next().unwrap_or(394)));
    let folder = tempfile::tempdir().expect("a folder");
    let mut database = db::open(folder.path(), BEGIN).expect("a database");
    let mut batch = Batch::default();
    (1..=nodes).for_each(|node| batch.push(row(node)));
    batch.commit(&mut database.connection).expect("a commit");
    let handle = Handle::default();
    let begun = Instant::now();
    let (took, steps) = live(&mut database, &handle, nodes, days);
    println!("{nodes} nodes, {days} days: {:?}, of which {steps} steps of the chores {took:?}", begun.elapsed());
    println!("a step: {:?}", took / u32::try_from(steps.max(1)).unwrap_or(1));
    sizes(&database, folder.path());
    let now = BEGIN + days * DAY;
    let readers = Readers::new(folder.path());
    let series = readers.now(|connection| series_of(connection, &handle, 1)).expect("series");
    println!("{} series a node", series.len());
    let place = |at: usize| (1 + (at * 7 % usize::from(nodes)) as u16, &series[at * 31 % series.len()]);
    let mut cold = Vec::new();
    for at in 0..20 {
        let (node, wanted) = place(at);
        // Another connection, which has no page in memory; the system has them still.
        cold.push(query(&Readers::new(folder.path()), &handle, node, wanted, now).1);
    }
    times(cold, "queries of a year with a new connection each");
    let mut points = 0;
    let warm = (0..1_000).map(|at| {
        let (node, wanted) = place(at);
        let (count, took) = query(&readers, &handle, node, wanted, now);
        points = count;
        took
    });
    times(warm.collect(), "queries of a year");
    println!("{points} points each");
}
