//! What is read for a graph, and that it draws what a list says.

use std::collections::BTreeMap;

use atalaya_history::{
    Ask, BlockId, Decoder, Encoder, Have, Keep, Level, Month, MonthId, NodeNumber, Piece, Point, SeriesId, Source,
    Table, plan, roll,
};
use proptest::prelude::*;

use crate::model::{rolled, same};

const NODE: NodeNumber = NodeNumber(12);
const SERIES: SeriesId = SeriesId(345);
const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;
/// 2026-11-21, at half past seven.
const NOW: i64 = 1_795_246_200;

/// A small database of one series.
struct Stored {
    blocks: BTreeMap<i64, Vec<u8>>,
    months: BTreeMap<i64, Vec<u8>>,
    have: Have,
    head: Vec<Point>,
}

impl Stored {
    /// As the writer leaves it at `NOW`: levels as far as `have` says.
    fn new(readings: &BTreeMap<i64, f64>, have: Have) -> Self {
        let raw: Vec<Point> = readings.iter().map(|(at, x)| Point::reading(*at, *x).unwrap()).collect();
        let mut out = Self { blocks: BTreeMap::new(), months: BTreeMap::new(), head: Vec::new(), have };
        out.head = raw.iter().filter(|point| point.at >= out.have.raw.end).copied().collect();
        let five = roll(&raw, 300);
        let hours = roll(&five, HOUR);
        for (level, range) in [
            (Level::Raw, out.have.raw.clone()),
            (Level::FiveMinutes, out.have.five_minutes.clone()),
            (Level::Hours, out.have.hours.clone()),
        ] {
            let points = match level {
                Level::Raw => &raw,
                Level::FiveMinutes => &five,
                Level::Hours => &hours,
            };
            out.blocks(level, points.iter().filter(|point| range.contains(&point.at)));
        }
        let closed = hours.iter().filter(|point| out.have.months.contains(&point.at)).copied().collect::<Vec<_>>();
        for points in closed.chunk_by(|a, b| Month::of(a.at) == Month::of(b.at)) {
            let id = MonthId { series: SERIES, month: Month::of(points[0].at) };
            out.months.insert(id.row(), Encoder::new().unwrap().month(id, points).unwrap());
        }
        out
    }

    fn blocks<'a>(&mut self, level: Level, points: impl Iterator<Item = &'a Point>) {
        let mut tables: BTreeMap<BlockId, Table> = BTreeMap::new();
        for point in points {
            let id = BlockId::of(NODE, level, point.at).unwrap();
            tables.entry(id).or_default().insert(SERIES, *point).unwrap();
        }
        for (id, table) in tables {
            self.blocks.insert(id.row(), Encoder::new().unwrap().block(id, &table).unwrap());
        }
    }

    fn read(&self, piece: &Piece) -> Vec<Point> {
        let mut decoder = Decoder::new().unwrap();
        let Some(rows) = piece.rows(NODE, SERIES) else { return Vec::new() };
        let points: Vec<Point> = match piece.source {
            Source::Month => {
                let rows = self.months.range(rows);
                rows.flat_map(|(id, row)| decoder.month(MonthId::from_row(*id).unwrap(), row).unwrap()).collect()
            }
            Source::Block(_) => {
                let tables = self
                    .blocks
                    .range(rows)
                    .map(|(id, row)| decoder.some_of_block(BlockId::from_row(*id).unwrap(), row, &[SERIES]).unwrap());
                tables.flat_map(|table| table.points(SERIES).to_vec()).collect()
            }
        };
        piece.cut(&points).to_vec()
    }

    /// What a reader of the database does.
    fn ask(&self, ask: &Ask) -> (atalaya_history::Plan, atalaya_history::Drawn) {
        let plan = plan(ask, &self.have);
        let parts: Vec<Vec<Point>> = plan.pieces.iter().map(|piece| self.read(piece)).collect();
        let parts: Vec<&[Point]> = parts.iter().map(Vec::as_slice).chain([self.head.as_slice()]).collect();
        let drawn = plan.draw(&parts);
        (plan, drawn)
    }
}

/// Readings each ten minutes over a hundred days, with holes.
fn readings() -> impl Strategy<Value = BTreeMap<i64, f64>> {
    (proptest::collection::vec((0..100 * DAY, 1..10 * DAY), 0..5), any::<u16>()).prop_map(|(holes, seed)| {
        let times = (0..100 * 144_i64).map(|n| NOW - 100 * DAY + n * 600);
        let there = times
            .filter(|at| !holes.iter().any(|(from, length)| (0..*length).contains(&(at - NOW + 100 * DAY - from))));
        there.map(|at| (at, f64::from(((at / 600 * 7_919 + i64::from(seed)) % 1_000) as i32) / 10.0)).collect()
    })
}

/// Everything down to the head, so that any step is answered exactly.
fn have(five_since: i64, hours_since: i64) -> Have {
    let keep = Keep { raw: 100 * DAY, five_minutes: five_since, hours: hours_since, ..Keep::default() };
    Have::expected(&keep, NOW)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn what_is_drawn_is_what_a_list_says(
        readings in readings(), since in 0..110 * DAY, length in 1..110 * DAY, points in 2..2_000_usize, short: bool,
    ) {
        let stored = Stored::new(&readings, have(80 * DAY, 100 * DAY));
        let from = NOW - since;
        let until = from + if short { length % (3 * DAY) + 1 } else { length };
        let (plan, drawn) = stored.ask(&Ask { from, until, points, interval: 600 });
        prop_assert!(drawn.points.len() <= points);
        prop_assert!(plan.times.start <= from && plan.times.end >= until);
        prop_assert!((plan.times.end - plan.times.start) / plan.step <= points as i64);
        let inside: BTreeMap<i64, f64> = readings.into_iter().filter(|(at, _)| plan.times.contains(at)).collect();
        let model = rolled(&inside, plan.step);
        same(&drawn.points, &model);
        // A gap is where a list of readings has one, and nowhere else.
        let times: Vec<i64> = inside.keys().copied().collect();
        for gap in &drawn.gaps {
            prop_assert!(!times.iter().any(|at| gap.contains(at)), "{:?}", gap);
            prop_assert!(gap.end - gap.start > 900 && gap.start % plan.step == 0);
        }
        for pair in times.windows(2).filter(|pair| pair[1] - pair[0] > 2 * plan.step + 1_500) {
            prop_assert!(drawn.gaps.iter().any(|gap| pair[0] < gap.start && gap.end <= pair[1]), "{:?} {:?}", pair, drawn.gaps);
        }
    }

    #[test]
    fn pieces_cover_what_there_is_once_and_no_step_is_finer_than_its_points(
        from in -10..40 * 366 * DAY, length in -10..40 * 366 * DAY, points in 0..5_000_usize, interval in -5..100_000_i64,
        raw in 1..90_i64, five in 1..700_i64, hours in 1..4_000_i64,
    ) {
        let keep = Keep { raw: raw * DAY, five_minutes: five * DAY, hours: hours * DAY, ..Keep::default() };
        let have = Have::expected(&keep, NOW);
        let from = NOW - from;
        let plan = plan(&Ask { from, until: from.saturating_add(length), points, interval }, &have);
        prop_assert!(plan.step >= 1 && plan.times.start % plan.step == 0 && plan.times.end % plan.step == 0);
        prop_assert!((plan.times.end - plan.times.start) / plan.step <= points.clamp(2, 2_000) as i64);
        let mut last = plan.times.start;
        for piece in &plan.pieces {
            prop_assert!(last <= piece.times.start && piece.times.start < piece.times.end && piece.times.end <= plan.times.end);
            prop_assert!(piece.source.step() <= plan.step);
            last = piece.times.end;
        }
        let ranges = [have.raw, have.five_minutes, have.hours, have.months];
        for part in 0..200 {
            let at = plan.times.start + (plan.times.end - plan.times.start) * part / 200;
            let known = ranges.iter().any(|range| range.contains(&at));
            prop_assert_eq!(known, plan.pieces.iter().any(|piece| piece.times.contains(&at)), "{}", at);
        }
    }
}

/// (days back, days long, points) → step, and sources with how many rows.
#[test]
fn what_is_read_for_the_usual_questions() {
    let have = Have::expected(&Keep::default(), NOW);
    let rows = |piece: &Piece| {
        let span = match piece.source {
            Source::Block(level) => level.span(),
            Source::Month => {
                let rows = piece.rows(NODE, SERIES).unwrap();
                return rows.end() - rows.start() + 1;
            }
        };
        (piece.times.end - 1) / span - piece.times.start / span + 1
    };
    let ask = |back: i64, long: i64, points| {
        let from = NOW - back * DAY;
        let plan = plan(&Ask { from, until: from + long * DAY, points, interval: 60 }, &have);
        let read: Vec<(Source, i64)> = plan.pieces.iter().map(|piece| (piece.source, rows(piece))).collect();
        (plan.step, read)
    };
    let (raw, five, hours) =
        (Source::Block(Level::Raw), Source::Block(Level::FiveMinutes), Source::Block(Level::Hours));
    assert_eq!(ask(1, 1, 2_000), (60, vec![(raw, 24)]));
    assert_eq!(ask(7, 7, 2_000), (600, vec![(five, 28), (raw, 1)]));
    assert_eq!(ask(30, 30, 2_000), (1_800, vec![(five, 120), (raw, 1)]));
    assert_eq!(ask(365, 365, 2_000), (21_600, vec![(Source::Month, 12), (hours, 20), (five, 1), (raw, 1)]));
    assert_eq!(ask(900, 10, 2_000), (3_600, vec![(Source::Month, 1)]));
    // Where raw is no longer, the step is what there is.
    assert_eq!(ask(20, 1, 2_000), (300, vec![(five, 5)]));
    // Longer ago than anything: nothing, and not an error.
    assert_eq!(ask(5_000, 10, 2_000).1, vec![]);
}

#[test]
fn a_level_that_size_took_early_is_answered_by_the_next() {
    let have = Have { raw: NOW - DAY..NOW, five_minutes: NOW - 60 * DAY..NOW, ..Have::default() };
    let plan = plan(&Ask { from: NOW - 2 * DAY, until: NOW, points: 2_000, interval: 60 }, &have);
    assert_eq!(plan.step, 300);
    assert_eq!(plan.pieces.len(), 1);
    assert_eq!(plan.pieces[0].source, Source::Block(Level::FiveMinutes));
}

#[test]
fn a_reading_that_comes_late_is_no_gap_and_a_lost_hour_is_one() {
    let times = (0..120)
        .filter(|minute| !(60..70).contains(minute))
        .map(|minute| NOW - 7_200 + minute * 60 + 30 + minute % 7 * 8);
    let readings = times.map(|at| (at, 1.0)).collect();
    let stored = Stored::new(&readings, Have::default());
    let all = Stored { head: readings.iter().map(|(at, x)| Point::reading(*at, *x).unwrap()).collect(), ..stored };
    let (plan, drawn) = all.ask(&Ask { from: NOW - 7_200, until: NOW, points: 2_000, interval: 60 });
    assert_eq!(plan.step, 60);
    assert_eq!(drawn.gaps.len(), 1, "{:?}", drawn.gaps);
    assert!(drawn.gaps[0].end - drawn.gaps[0].start >= 540);
    // As coarse as that the hole is not seen, and not claimed.
    let (_, drawn) = all.ask(&Ask { from: NOW - 7_200, until: NOW, points: 6, interval: 60 });
    assert_eq!(drawn.gaps, []);
}

#[test]
fn late_readings_in_the_head_take_their_place() {
    let have = Have { raw: NOW - DAY..NOW - HOUR, ..Have::default() };
    let mut stored = Stored::new(&(0..60).map(|n| (NOW - 2 * HOUR + n * 60, 5.0)).collect(), have);
    stored.head =
        vec![Point::reading(NOW - 2 * HOUR + 60, 9.0).unwrap(), Point::reading(NOW - 2 * HOUR + 90, 9.0).unwrap()];
    let (_, drawn) = stored.ask(&Ask { from: NOW - 2 * HOUR, until: NOW - 2 * HOUR + 180, points: 100, interval: 30 });
    let values: Vec<f64> = drawn.points.iter().map(|point| point.max).collect();
    assert_eq!(values, [5.0, 5.0, 9.0, 5.0]);
}
