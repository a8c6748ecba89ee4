//! A year of a series is read with a bounded amount of work, whatever else is in the database. How long that takes is in
//! docs/benchmarks.md.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::bench::{Bench, DAY, HOUR, START};

/// Steps of SQLite's machine for a year of one series, twice what they were when this was written.
const STEPS_MAX: u64 = 1_600;

/// How many steps SQLite makes for a graph of that many days, and how many points it has.
fn steps(bench: &mut Bench, days: i64) -> (u64, usize) {
    let steps = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&steps);
    let count = move || {
        counted.fetch_add(1, Ordering::Relaxed);
        false
    };
    bench.database.connection.progress_handler(1, Some(count)).unwrap();
    let answer = bench.ask(1, &[("disk/WD-1", "temperature_celsius")], bench.now - days * DAY, bench.now, 2_000);
    bench.database.connection.progress_handler(0, None::<fn() -> bool>).unwrap();
    (steps.load(Ordering::Relaxed), answer.series[0].points.len())
}

#[test]
fn a_year_of_a_series_is_a_few_rows_of_many() {
    let mut bench = Bench::new(3);
    for day in 0..370 {
        // One of six hours: there are as many rows as if it had been told each minute.
        for node in 1..=3 {
            (0..4).for_each(|part| bench.told(node, START + day * DAY + part * 6 * HOUR));
        }
        bench.commit();
        bench.pass(DAY);
    }
    let rows = bench.count("SELECT (SELECT count(*) FROM block) + (SELECT count(*) FROM month)");
    let (year, points) = steps(&mut bench, 365);
    println!("{year} steps for a year of one series, {rows} rows are there");
    assert!(rows > 1_000 && points > 1_400, "{rows} rows, {points} points");
    assert!(year < STEPS_MAX, "{year} steps");
    let (half, _) = steps(&mut bench, 182);
    assert!(half < year, "{half} steps for half of it");
}
