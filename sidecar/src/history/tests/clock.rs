//! A clock that is wrong makes and removes nothing.

use atalaya_history::Level;

use super::bench::{Bench, DAY, HOUR, START, rolled, same};
use crate::history::Step;
use crate::tower::BUILT;

#[test]
fn a_clock_before_the_build_date_seals_and_removes_nothing() {
    let mut bench = Bench::new(1);
    for minute in 0..180 {
        bench.told(1, START + minute * 60);
    }
    bench.commit();
    for now in [0, 500_000_000, BUILT - 1] {
        bench.now = now;
        let before = bench.dump();
        assert_eq!(bench.step(), Step::NoTime);
        assert_eq!(bench.dump(), before);
    }
}

#[test]
fn what_came_before_the_clock_was_right_gets_its_time_when_it_is() {
    let mut bench = Bench::new(1);
    // Begins in 1970 and is right an hour later.
    let wrong_by = START - 1_000;
    for minute in 0..60 {
        bench.told(1, 1_000 + minute * 60);
        bench.commit();
        bench.now = 1_000 + minute * 60;
        bench.work();
    }
    let list: Vec<_> = bench.list.values_mut().collect();
    for readings in list {
        *readings = readings.iter().map(|(at, value)| (at + wrong_by, *value)).collect();
    }
    bench.now += wrong_by;
    assert_eq!(bench.step(), Step::Dated(60));
    bench.pass(4 * HOUR);
    let raw = bench.level(1, Level::Raw);
    let list = &bench.list[&(1, "disk/WD-1", "temperature_celsius")];
    same(raw.values().find(|points| points[0].min == list[&START]).unwrap(), &rolled(list, 1), "degrees");
}

#[test]
fn a_clock_that_runs_ahead_removes_nothing_for_a_day() {
    let mut bench = Bench::new(1);
    for minute in 0..600 {
        bench.told(1, START + minute * 60);
    }
    bench.commit();
    bench.pass(DAY);
    let raw = bench.level(1, Level::Raw);
    for killed in [false, true] {
        bench.now += 70 * 365 * DAY;
        bench.work();
        bench.now -= 70 * 365 * DAY;
        bench.work();
        assert!(bench.level(1, Level::Raw) == raw, "killed: {killed}");
        bench = bench.kill();
    }
    // One that says so for a day is right.
    bench.now += 40 * DAY;
    bench.work();
    bench.pass(DAY + HOUR);
    assert_eq!(bench.level(1, Level::Raw).len(), 0);
    assert_eq!(bench.level(1, Level::FiveMinutes).len(), 5);
}
