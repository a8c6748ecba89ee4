//! Late readings: by time, nothing doubled, in whatever portions they come.

use std::collections::BTreeMap;

use atalaya_history::limits::TABLE_POINTS_MAX;
use atalaya_history::{
    BlockId, Decoder, Encoder, Error, Level, NodeNumber, SeriesId, Table, merge, parts, replace, roll_table,
};
use proptest::prelude::*;

use crate::model::{DAY, Told, points, readings, rolled, same, table, told};

const NODE: NodeNumber = NodeNumber(1);

/// What the database would hold.
#[derive(Default)]
struct Rows(BTreeMap<i64, Vec<u8>>);

impl Rows {
    fn known(&self) -> Vec<BlockId> {
        self.0.keys().map(|row| BlockId::from_row(*row).unwrap()).collect()
    }

    /// What the writer does with what it has from the head.
    fn seal(&mut self, level: Level, at: i64, late: &Table) {
        let (mut encoder, mut decoder) = (Encoder::new().unwrap(), Decoder::new().unwrap());
        for (id, times) in parts(NODE, level, at, &self.known()).unwrap() {
            let old = self.0.get(&id.row()).map_or_else(Table::new, |row| decoder.block(id, row).unwrap());
            for (id, table) in merge(id, times, &old, late).unwrap() {
                self.0.insert(id.row(), encoder.block(id, &table).unwrap());
            }
        }
    }

    fn all(&self, level: Level, at: i64) -> BTreeMap<(SeriesId, i64), f64> {
        let ids = BlockId::over(NODE, level, at..at + level.span()).unwrap();
        let mut out = BTreeMap::new();
        for (id, row) in self.0.range(ids) {
            let table = Decoder::new().unwrap().block(BlockId::from_row(*id).unwrap(), row).unwrap();
            for (series, points) in table.iter() {
                for point in points {
                    assert!(out.insert((series, point.at), point.mean).is_none(), "doubled at {}", point.at);
                }
            }
        }
        out
    }
}

fn flat(told: &[Told]) -> BTreeMap<(SeriesId, i64), f64> {
    let lines = readings(told).into_iter();
    lines.flat_map(|(series, line)| line.into_iter().map(move |(at, x)| ((SeriesId(series), at), x + 0.0))).collect()
}

proptest! {
    #[test]
    fn portions_in_any_order_and_twice_are_the_same_hour(told in told(3_600, 200), cuts in proptest::collection::vec(0..200_usize, 0..5)) {
        let mut rows = Rows::default();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut % told.len()).chain([0, told.len()]).collect();
        cuts.sort_unstable();
        for (at, pair) in cuts.windows(2).enumerate() {
            rows.seal(Level::Raw, DAY, &table(&told[pair[0]..pair[1]]));
            if at % 2 == 0 {
                rows.seal(Level::Raw, DAY, &table(&told[pair[0]..pair[1]]));
            }
        }
        prop_assert_eq!(rows.all(Level::Raw, DAY), flat(&told));
        let before = rows.0.clone();
        rows.seal(Level::Raw, DAY, &table(&told));
        prop_assert_eq!(before, rows.0);
    }

    #[test]
    fn an_hour_that_is_rolled_anew_takes_its_place_in_the_six(first in told(21_600, 200), late in told(3_600, 50), hour in 0..6_i64) {
        let begin = DAY + hour * 3_600;
        let late: Vec<Told> = late.into_iter().map(|(series, at, x)| (series, at + hour * 3_600, x)).collect();
        let id = BlockId::of(NODE, Level::FiveMinutes, DAY).unwrap();
        let old = roll_table(&table(&first), Level::FiveMinutes);
        let all: Vec<Told> = [first, late].concat();
        let fresh = roll_table(&table(&all).cut(begin..begin + 3_600), Level::FiveMinutes);
        for _ in 0..2 {
            let blocks = replace(id, DAY..id.end(), &old, &(begin..begin + 3_600), &fresh).unwrap();
            prop_assert_eq!((blocks.len(), blocks[0].0), (1, id));
            for (series, readings) in readings(&all) {
                same(blocks[0].1.points(SeriesId(series)), &rolled(&readings, 300));
            }
        }
    }
}

/// 15,000 series at 60 s: 900,000 points an hour, more than a block or a table holds.
#[test]
fn an_hour_that_is_too_much_for_one_block_becomes_several() {
    let mut rows = Rows::default();
    let mut head = Table::new();
    for minute in 0..60 {
        for series in 0..15_000 {
            let at = DAY + minute * 60;
            if let Err(full) = head.add(SeriesId(series), at, f64::from(series)) {
                assert_eq!(full, Error::Full("too many points"));
                rows.seal(Level::Raw, DAY, &head);
                head = Table::new();
                head.add(SeriesId(series), at, f64::from(series)).unwrap();
            }
        }
    }
    rows.seal(Level::Raw, DAY, &head);
    let known = rows.known();
    assert!(known.len() >= 2 && known[0].start() == DAY, "{known:?}");
    let counts: Vec<usize> =
        known.iter().map(|id| Decoder::new().unwrap().block(*id, &rows.0[&id.row()]).unwrap().len()).collect();
    assert_eq!(counts.iter().sum::<usize>(), 900_000);
    assert!(counts.iter().all(|count| *count <= TABLE_POINTS_MAX));

    // No five minutes are rolled from two of them.
    let of_part =
        |id: &BlockId| Decoder::new().unwrap().some_of_block(*id, &rows.0[&id.row()], &[SeriesId(0)]).unwrap();
    let rolled = known.iter().flat_map(|id| atalaya_history::roll(of_part(id).points(SeriesId(0)), 300));
    let rolled: Vec<(i64, u32)> = rolled.map(|point| ((point.at - DAY) / 300, point.count)).collect();
    assert_eq!(rolled, (0..12).map(|part| (part, 5)).collect::<Vec<_>>());

    // A late one finds its part; the others are as they were.
    let before = rows.0.clone();
    rows.seal(Level::Raw, DAY, &table(&[(20_000, known[1].start() + 1, 7.0)]));
    let changed: Vec<i64> = rows.0.iter().filter(|(id, row)| before.get(id) != Some(row)).map(|(id, _)| *id).collect();
    assert_eq!(changed, [known[1].row()]);
}

#[test]
fn a_row_answers_for_the_time_up_to_the_next() {
    let start = |at: i64| BlockId::starting(NODE, Level::Raw, DAY + at).unwrap();
    let other = BlockId::starting(NodeNumber(2), Level::Raw, DAY + 300).unwrap();
    let spans = |known: &[BlockId]| -> Vec<(i64, i64)> {
        let parts = parts(NODE, Level::Raw, DAY + 1_000, known).unwrap();
        parts.into_iter().map(|(_, times)| (times.start - DAY, times.end - DAY)).collect()
    };
    assert_eq!(spans(&[]), [(0, 3_600)]);
    assert_eq!(spans(&[start(0)]), [(0, 3_600)]);
    assert_eq!(spans(&[start(-3_600), start(0), start(600), start(3_600), other]), [(0, 600), (600, 3_600)]);
    // Even where the first is missing.
    assert_eq!(spans(&[start(600)]), [(0, 600), (600, 3_600)]);
}

#[test]
fn nothing_late_changes_nothing() {
    let id = BlockId::of(NODE, Level::Raw, DAY).unwrap();
    let old = table(&[(1, DAY, 1.0), (2, DAY + 60, 2.0)]);
    assert_eq!(merge(id, DAY..id.end(), &old, &Table::new()).unwrap(), [(id, old.clone())]);
    assert!(merge(id, DAY..id.end(), &Table::new(), &Table::new()).unwrap().is_empty());
    // What is there stays.
    let merged = merge(id, DAY..id.end(), &old, &table(&[(1, DAY, 9.0)])).unwrap();
    assert_eq!(points(&merged[0].1), points(&old));
}
