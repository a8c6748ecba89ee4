//! All levels against a list, through bytes.

use atalaya_history::{
    BlockId, Decoder, Encoder, Error, Level, Month, MonthId, NodeNumber, Point, SeriesId, Table, roll, roll_table,
};
use proptest::prelude::*;

use crate::model::{DAY, readings, rolled, same, table, told};

const NODE: NodeNumber = NodeNumber(7);

/// Out of a table: what goes into its block and comes back.
fn through(level: Level, table: &Table) -> Table {
    let id = BlockId::of(NODE, level, table.extent().unwrap().0).unwrap();
    let row = Encoder::new().unwrap().block(id, table).unwrap();
    Decoder::new().unwrap().block(id, &row).unwrap()
}

proptest! {
    #[test]
    fn an_hour_comes_back_to_the_bit(told in told(3_600, 300)) {
        let back = through(Level::Raw, &table(&told));
        let model = readings(&told);
        prop_assert_eq!(back.iter().count(), model.len());
        prop_assert_eq!(back.len(), model.values().map(std::collections::BTreeMap::len).sum::<usize>());
        for (series, points) in back.iter() {
            let bits = |x: f64| (x + 0.0).to_bits();
            let ours: Vec<_> = points.iter().map(|p| (p.at, p.mean.to_bits(), p.min.to_bits(), p.max.to_bits(), p.count)).collect();
            let theirs: Vec<_> = model[&series.0].iter().map(|(at, x)| (*at, bits(*x), bits(*x), bits(*x), 1)).collect();
            prop_assert_eq!(ours, theirs);
        }
    }

    #[test]
    fn five_minutes_hours_and_months_are_what_a_list_says(told in told(21_600, 300)) {
        let (mut encoder, mut decoder) = (Encoder::new().unwrap(), Decoder::new().unwrap());
        let five = through(Level::FiveMinutes, &roll_table(&table(&told), Level::FiveMinutes));
        let hours = through(Level::Hours, &roll_table(&five, Level::Hours));
        for (series, readings) in readings(&told) {
            let id = MonthId { series: SeriesId(series), month: Month::of(DAY) };
            same(five.points(SeriesId(series)), &rolled(&readings, 300));
            same(hours.points(SeriesId(series)), &rolled(&readings, 3_600));
            let row = encoder.month(id, hours.points(SeriesId(series))).unwrap();
            prop_assert_eq!(decoder.month(id, &row).unwrap(), hours.points(SeriesId(series)));
        }
    }

    #[test]
    fn whichever_way_it_is_rolled_it_is_the_same(told in told(86_400, 400)) {
        let raw = table(&told);
        let five = roll_table(&raw, Level::FiveMinutes);
        for (series, points) in raw.iter() {
            same(&roll(five.points(series), 3_600), &roll(points, 3_600));
            prop_assert_eq!(roll(points, 3_600).iter().map(|p| p.count).sum::<u32>() as usize, points.len());
        }
    }
}

#[test]
fn what_is_no_number_or_of_no_age_is_refused() {
    let mut table = Table::new();
    for (at, value) in [(DAY, f64::NAN), (DAY, f64::INFINITY), (DAY, -f64::INFINITY), (-1, 1.0), (i64::MAX, 1.0)] {
        assert!(matches!(table.add(SeriesId(1), at, value), Err(Error::Refused(_))), "{at} {value}");
    }
    let upside_down = Point { at: DAY, min: 2.0, mean: 1.0, max: 3.0, count: 1 };
    assert!(table.insert(SeriesId(1), upside_down).is_err());
    assert!(table.insert(SeriesId(1), Point { min: 0.0, count: 0, ..upside_down }).is_err());
    assert!(table.is_empty() && table.iter().next().is_none());
}

#[test]
fn minus_zero_is_zero_and_costs_nothing() {
    let mut table = Table::new();
    assert_eq!(table.add(SeriesId(1), DAY, -0.0), Ok(true));
    assert_eq!(table.points(SeriesId(1))[0].mean.to_bits(), 0.0_f64.to_bits());
}

#[test]
fn a_block_takes_only_its_own_points() {
    let mut encoder = Encoder::new().unwrap();
    let id = BlockId::of(NODE, Level::Raw, DAY).unwrap();
    for at in [DAY - 1, DAY + 3_600] {
        assert!(encoder.block(id, &table(&[(1, DAY, 1.0), (1, at, 1.0)])).is_err(), "{at}");
    }
    assert!(encoder.block(id, &Table::new()).is_err());
    let five = BlockId::of(NODE, Level::FiveMinutes, DAY).unwrap();
    assert!(encoder.block(five, &table(&[(1, DAY + 7, 1.0)])).is_err());
    let month = MonthId { series: SeriesId(1), month: Month::of(DAY) };
    let point = |at| Point::reading(at, 1.0).unwrap();
    assert!(encoder.month(month, &[point(DAY)]).is_ok());
    for points in [vec![], vec![point(DAY + 1)], vec![point(DAY), point(DAY)], vec![point(month.month.end())]] {
        assert!(encoder.month(month, &points).is_err(), "{points:?}");
    }
}
