//! Prints what a year of thirty NAS takes, level by level, and how long a year of one series takes to be read.
//!
//! `cargo run --release -p atalaya-history --example figures [NODES]`: made-up machines of 170 series at 60 s with the default
//! retention. Sizes are those of the rows; SQLite's pages come on top. Times are of this crate's part: decoding and thinning,
//! without the database.
#![allow(clippy::expect_used, clippy::cast_precision_loss)]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use atalaya_history::{
    Ask, BlockId, Decoder, Encoder, Have, Keep, Level, Month, MonthId, NodeNumber, Plan, Point, SeriesId, Source,
    Table, plan, roll_table,
};

use nas::{Nas, SERIES};

#[path = "../tests/it/nas.rs"]
mod nas;

const DAY: i64 = 86_400;
/// 2026-11-01, and the end of November a year later: twelve months are closed, and most of one is not.
const BEGIN: i64 = 1_793_491_200;
const END: i64 = BEGIN + 394 * DAY;
const MIB: f64 = 1_048_576.0;

/// A node's rows.
#[derive(Default)]
struct Rows {
    blocks: BTreeMap<i64, Vec<u8>>,
    months: BTreeMap<i64, Vec<u8>>,
    /// Rows, bytes and points by level, of what is kept at the end; level 4 has twelve months.
    levels: [(usize, usize, usize); 4],
    sealing: Duration,
    sealed: u32,
}

impl Rows {
    fn block(&mut self, encoder: &mut Encoder, id: BlockId, table: &Table) {
        let begun = Instant::now();
        let row = encoder.block(id, table).expect("a block");
        if id.level() == Level::Raw {
            (self.sealing, self.sealed) = (self.sealing + begun.elapsed(), self.sealed + 1);
        }
        self.count(id.level() as usize - 1, row.len(), table.len());
        self.blocks.insert(id.row(), row);
    }

    fn count(&mut self, level: usize, bytes: usize, points: usize) {
        let (rows, all, known) = &mut self.levels[level];
        (*rows, *all, *known) = (*rows + 1, *all + bytes, *known + points);
    }
}

fn node(number: u16, have: &Have) -> Rows {
    let (mut nas, mut encoder) = (Nas::new(u64::from(number)), Encoder::new().expect("zstd"));
    let (mut rows, mut month, id) = (Rows::default(), Table::new(), NodeNumber(number));
    for day in (BEGIN..END).step_by(DAY as usize) {
        let raw = readings(&mut nas, number, day);
        let five = roll_table(&raw, Level::FiveMinutes);
        let hours = roll_table(&five, Level::Hours);
        for (level, table, kept) in [
            (Level::Raw, &raw, &have.raw),
            (Level::FiveMinutes, &five, &have.five_minutes),
            (Level::Hours, &hours, &have.hours),
        ] {
            for start in (day..day + DAY).step_by(level.span() as usize).filter(|start| kept.contains(start)) {
                let block = BlockId::of(id, level, start).expect("a time");
                rows.block(&mut encoder, block, &table.cut(start..start + level.span()));
            }
        }
        for (series, point) in
            hours.iter().flat_map(|(series, points)| points.iter().map(move |point| (series, *point)))
        {
            month.insert(series, point).expect("room");
        }
        let now = Month::of(day);
        if Month::of(day + DAY) != now {
            close(&mut rows, &mut encoder, now, &std::mem::take(&mut month));
        }
    }
    rows
}

fn readings(nas: &mut Nas, node: u16, day: i64) -> Table {
    let mut table = Table::new();
    for at in (day..day + DAY).step_by(60) {
        for (series, value) in nas.frame(at, 60.0).iter().enumerate() {
            let series = SeriesId(u32::from(node) * SERIES as u32 + series as u32);
            table.add(series, at + i64::from(node), *value).expect("room");
        }
    }
    table
}

fn close(rows: &mut Rows, encoder: &mut Encoder, month: Month, table: &Table) {
    for (series, points) in table.iter() {
        let id = MonthId { series, month };
        let row = encoder.month(id, points).expect("a month");
        rows.count(3, row.len(), points.len());
        rows.months.insert(id.row(), row);
    }
}

/// A year of a series as a reader of the database makes it: how many points, and how long it took.
fn year(rows: &Rows, decoder: &mut Decoder, plan: &Plan, node: NodeNumber, series: SeriesId) -> (usize, Duration) {
    let begun = Instant::now();
    let mut parts: Vec<Vec<Point>> = Vec::new();
    for piece in &plan.pieces {
        let ids = piece.rows(node, series).expect("rows");
        let mut points = Vec::new();
        match piece.source {
            Source::Month => rows.months.range(ids).for_each(|(id, row)| {
                points.extend(decoder.month(MonthId::from_row(*id).expect("an id"), row).expect("a month"));
            }),
            Source::Block(_) => rows.blocks.range(ids).for_each(|(id, row)| {
                let id = BlockId::from_row(*id).expect("an id");
                points.extend(decoder.some_of_block(id, row, &[series]).expect("a block").points(series));
            }),
        }
        parts.push(piece.cut(&points).to_vec());
    }
    let drawn = plan.draw(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>());
    (drawn.points.len(), begun.elapsed())
}

fn main() {
    let nodes: u16 = std::env::args().nth(1).and_then(|word| word.parse().ok()).unwrap_or(30);
    let now = END - 5 * 3_600;
    let have = Have::expected(&Keep::default(), now);
    let asked = plan(&Ask { from: now - 365 * DAY, until: now, points: 2_000, interval: 60 }, &have);
    let (mut levels, mut times, mut points) = ([(0, 0, 0); 4], Vec::new(), 0);
    let (mut sealing, mut sealed) = (Duration::ZERO, 0);
    for number in 1..=nodes {
        let (rows, mut decoder) = (node(number, &have), Decoder::new().expect("zstd"));
        for (sum, one) in levels.iter_mut().zip(rows.levels) {
            *sum = (sum.0 + one.0, sum.1 + one.1, sum.2 + one.2);
        }
        (sealing, sealed) = (sealing + rows.sealing, sealed + rows.sealed);
        for series in 0..SERIES as u32 {
            let series = SeriesId(u32::from(number) * SERIES as u32 + series);
            let (count, took) = year(&rows, &mut decoder, &asked, NodeNumber(number), series);
            times.push(took);
            points = count;
        }
    }
    println!("{nodes} nodes, {SERIES} series, 60 s");
    for ((rows, bytes, points), name) in
        levels.into_iter().zip(["raw", "five minutes", "hours (open month)", "months (a year)"])
    {
        let each = bytes as f64 / rows.max(1) as f64;
        let point = bytes as f64 / points.max(1) as f64;
        println!("{name:20} {rows:8} rows {each:8.0} bytes each {point:6.2} a point {:8.1} MiB", bytes as f64 / MIB);
    }
    times.sort_unstable();
    println!("sealing a block of an hour: {:?}", sealing / sealed.max(1));
    println!(
        "a year of one series, {points} points of {} s: median {:?}, p99 {:?}, longest {:?}",
        asked.step,
        times[times.len() / 2],
        times[times.len() * 99 / 100],
        times[times.len() - 1]
    );
}
