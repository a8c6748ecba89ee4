//! Points as a list says them, to compare with, and random ones.

use std::collections::BTreeMap;

use atalaya_history::{Point, SeriesId, Table};
use proptest::prelude::*;

/// 2026-11-03, the beginning of a day, of no month.
pub(crate) const DAY: i64 = 1_793_664_000;

/// Readings by series and second: the first of a second counts.
pub(crate) type Readings = BTreeMap<u32, BTreeMap<i64, f64>>;

/// A reading as it comes.
pub(crate) type Told = (u32, i64, f64);

pub(crate) fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => (-99_999..99_999_i32, -6..6_i32).prop_map(|(n, e)| format!("{n}e{e}").parse().unwrap()),
        2 => (0..3_u8).prop_map(f64::from),
        1 => (0..1_u64 << 53).prop_map(|n| n as f64),
        1 => proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL | proptest::num::f64::ZERO,
    ]
}

/// Readings of a few series within `span` seconds from [`DAY`], in any order, some twice.
pub(crate) fn told(span: i64, most: usize) -> impl Strategy<Value = Vec<Told>> {
    let at = prop_oneof![3 => (0..span / 60).prop_map(|minute| DAY + minute * 60), 1 => DAY..DAY + span];
    proptest::collection::vec((prop_oneof![0..5_u32, Just(u32::MAX)], at, value()), 1..most)
}

pub(crate) fn readings(told: &[Told]) -> Readings {
    let mut out = Readings::new();
    for (series, at, value) in told {
        out.entry(*series).or_default().entry(*at).or_insert(*value);
    }
    out
}

pub(crate) fn table(told: &[Told]) -> Table {
    let mut table = Table::new();
    for (series, at, value) in told {
        table.add(SeriesId(*series), *at, *value).unwrap();
    }
    table
}

pub(crate) fn points(table: &Table) -> Vec<(SeriesId, Vec<Point>)> {
    table.iter().map(|(series, points)| (series, points.to_vec())).collect()
}

/// What a list says about a series in steps: smallest, mean, largest, count.
pub(crate) fn rolled(readings: &BTreeMap<i64, f64>, step: i64) -> Vec<Point> {
    let mut buckets: BTreeMap<i64, Vec<f64>> = BTreeMap::new();
    for (at, value) in readings {
        buckets.entry(at - at.rem_euclid(step)).or_default().push(*value);
    }
    let one = |(at, values): (i64, Vec<f64>)| Point {
        at,
        min: values.iter().copied().fold(f64::INFINITY, f64::min),
        mean: values.iter().map(|x| x / values.len() as f64).sum(),
        max: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        count: values.len() as u32,
    };
    buckets.into_iter().map(one).collect()
}

/// All but the mean equal; the mean by what two roundings to seven digits may change.
pub(crate) fn same(ours: &[Point], model: &[Point]) {
    assert_eq!(ours.len(), model.len(), "{ours:?} {model:?}");
    for (ours, model) in ours.iter().zip(model) {
        assert_eq!((ours.at, ours.min, ours.max, ours.count), (model.at, model.min, model.max, model.count));
        let large = ours.min.abs().max(ours.max.abs());
        assert!((ours.mean - model.mean).abs() <= large * 2e-6, "{ours:?} {model:?}");
        assert!(ours.min <= ours.mean && ours.mean <= ours.max, "{ours:?}");
    }
}
