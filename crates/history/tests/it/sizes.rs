//! How many bytes realistic numbers take: not more than the database is planned for.

use atalaya_history::{BlockId, Decoder, Encoder, Level, Month, MonthId, NodeNumber, SeriesId, Table, roll_table};

use crate::nas::{Nas, SERIES};

const NODE: NodeNumber = NodeNumber(30);
/// What a default year of thirty nodes is planned with, in bytes a row.
const RAW_HOUR: usize = 9_400;
const SIX_HOURS: usize = 43_600;
const DAY: usize = 18 << 10;
/// The mean of all series.
const MONTH: usize = 3_400;

/// All of it: raw readings of seven days, five minutes of sixty, hours of an open month, and twelve months of each series.
const YEAR: usize = 30 * (7 * 24 * RAW_HOUR + 60 * 4 * SIX_HOURS + 31 * DAY + 12 * SERIES * MONTH);
const _: () = assert!(YEAR < 1 << 30, "a default year of thirty nodes stays within 1 GiB");

/// Readings of so many seconds from `begin`, a minute each.
fn readings(nas: &mut Nas, begin: i64, seconds: i64) -> Table {
    let mut table = Table::new();
    for at in (begin..begin + seconds).step_by(60) {
        for (series, value) in nas.frame(at, 60.0).iter().enumerate() {
            table.add(SeriesId(5_000 + series as u32), at, *value).unwrap();
        }
    }
    table
}

#[test]
fn thirty_days_take_no_more_than_planned() {
    let (mut encoder, mut decoder) = (Encoder::new().unwrap(), Decoder::new().unwrap());
    let month = Month::of(crate::model::DAY);
    let (begin, mut nas, mut hours) = (month.start(), Nas::new(1), Table::new());
    let mut sizes = |level, at: i64, table: &Table, most: usize| {
        let id = BlockId::of(NODE, level, at).unwrap();
        let row = encoder.block(id, table).unwrap();
        assert!(row.len() <= most, "{level:?} at {}: {} bytes", at - begin, row.len());
        assert_eq!(decoder.block(id, &row).unwrap(), *table);
    };
    for day in 0..30 {
        let start = begin + day * 86_400;
        let raw = readings(&mut nas, start, 86_400);
        let five = roll_table(&raw, Level::FiveMinutes);
        let of_day = roll_table(&five, Level::Hours);
        if day == 0 {
            (0..24).for_each(|hour| {
                let at = start + hour * 3_600;
                sizes(Level::Raw, at, &raw.cut(at..at + 3_600), RAW_HOUR);
            });
        }
        for part in 0..4 {
            let at = start + part * 21_600;
            sizes(Level::FiveMinutes, at, &five.cut(at..at + 21_600), SIX_HOURS);
        }
        sizes(Level::Hours, start, &of_day, DAY);
        for (series, points) in of_day.iter() {
            points.iter().for_each(|point| assert_eq!(hours.insert(series, *point), Ok(true)));
        }
    }
    let rows = hours.iter().map(|(series, points)| {
        assert_eq!(points.len(), 720);
        Encoder::new().unwrap().month(MonthId { series, month }, points).unwrap().len()
    });
    let bytes: usize = rows.sum();
    assert!(bytes <= MONTH * SERIES, "{} bytes a series' month", bytes / SERIES);
}

#[test]
fn what_did_not_change_costs_nearly_nothing() {
    let mut table = Table::new();
    for series in 0..170 {
        for minute in 0..60 {
            table.add(SeriesId(series), crate::model::DAY + minute * 60, 1e12).unwrap();
        }
    }
    let id = BlockId::of(NODE, Level::Raw, crate::model::DAY).unwrap();
    let row = Encoder::new().unwrap().block(id, &table).unwrap();
    assert!(row.len() < 100, "{}", row.len());
}
