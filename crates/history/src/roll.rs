//! Many points to fewer: readings to five minutes to hours, and any of them to the points of a graph.

use crate::limits::MEAN_DIGITS;
use crate::{Level, Point, Table};

/// Points of `step` seconds from rising finer ones. Where nothing was known there is none. Smallest, largest and count
/// are exact, so it does not matter in how many steps one gets there; the mean is weighted by count and has seven
/// digits.
#[must_use]
pub fn roll(points: &[Point], step: i64) -> Vec<Point> {
    let step = step.max(1);
    let bucket = |point: &Point| point.at.div_euclid(step);
    points.chunk_by(|a, b| bucket(a) == bucket(b)).filter_map(|points| one(points, step)).collect()
}

/// All series of a table, for a block of `level`.
#[must_use]
pub fn roll_table(table: &Table, level: Level) -> Table {
    let mut out = Table::new();
    for (series, points) in table.iter() {
        out.put(series, roll(points, level.step()));
    }
    out
}

fn one(points: &[Point], step: i64) -> Option<Point> {
    let mut sum = *points.first()?;
    sum.at -= sum.at.rem_euclid(step);
    let mut weight = f64::from(sum.count);
    for point in points.iter().skip(1) {
        let more = f64::from(point.count);
        weight += more;
        // Shares of both, and not a sum: that might be infinite.
        let share = more / weight;
        sum.mean = sum.mean * (1.0 - share) + point.mean * share;
        sum.min = sum.min.min(point.min);
        sum.max = sum.max.max(point.max);
        sum.count = sum.count.saturating_add(point.count);
    }
    sum.mean = round(sum.mean, MEAN_DIGITS).clamp(sum.min, sum.max) + 0.0;
    Some(sum)
}

/// The nearest number of so many significant digits: as its text with them would be parsed.
#[must_use]
pub fn round(x: f64, digits: i32) -> f64 {
    if x == 0.0 || !x.is_finite() {
        return x;
    }
    let places = digits - 1 - x.abs().log10().floor() as i32;
    let ten = 10_f64.powi(places.abs());
    // Beyond this a power of ten is not exact, and there is nothing to be saved.
    if places.abs() > 22 {
        return x;
    }
    if places < 0 { (x / ten).round() * ten } else { (x * ten).round() / ten }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rounding_gives_what_parsing_gives() {
        for (x, text) in [
            (41.300_000_000_3, "41.3"),
            (0.1 + 0.2, "0.3"),
            (-1_234_567_890.0, "-1234568000"),
            (0.000_123_456_789, "0.0001234568"),
            (99_999_996.0, "100000000"),
            (0.0, "0"),
        ] {
            assert_eq!(round(x, 7), text.parse::<f64>().unwrap(), "{x}");
        }
        assert_eq!((round(1e300, 7), round(5e-324, 7)), (1e300, 5e-324));
    }

    proptest! {
        #[test]
        fn rounding_is_near_and_stays(x in proptest::num::f64::NORMAL) {
            let rounded = round(x, 7);
            prop_assert!((rounded - x).abs() <= x.abs() * 5.1e-7, "{} {}", x, rounded);
            prop_assert_eq!(round(rounded, 7).to_bits(), rounded.to_bits());
        }
    }

    #[test]
    fn a_mean_of_the_largest_numbers_is_finite() {
        let reading = |at, x| Point::reading(at, x).unwrap();
        let points = [reading(0, f64::MAX), reading(1, f64::MAX), reading(2, -f64::MAX)];
        let hour = roll(&points, 3_600)[0];
        assert!(hour.is_sound(), "{hour:?}");
        assert_eq!((hour.min, hour.max, hour.count), (-f64::MAX, f64::MAX, 3));
    }
}
