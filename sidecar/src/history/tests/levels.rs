//! All levels say what a list says, whatever came late, and whenever the program was killed.

use atalaya_history::{Level, Month};

use super::bench::{Bench, DAY, HOUR, START, rolled, same};
use crate::db::series;

/// Every level of every node beside the list; `from` is where raw readings begin.
fn all_levels(bench: &Bench, raw_from: i64) {
    for node in 1..=2 {
        let known = series::all(&bench.database.connection, node).unwrap();
        let levels = Level::ALL.map(|level| bench.level(node, level));
        let of_node = bench.list.iter().filter(|((of, ..), _)| *of == node);
        let mut count = 0;
        for ((_, object, key), readings) in of_node {
            let (_, _, id) = known.iter().find(|(of, name, _)| of == object && name == key).unwrap();
            let raw = readings.range(raw_from..).map(|(at, value)| (*at, *value)).collect();
            same(levels[0].get(id).map_or(&[], Vec::as_slice), &rolled(&raw, 1), key);
            same(levels[1].get(id).map_or(&[], Vec::as_slice), &rolled(readings, 300), key);
            let mut hours = bench.months(*id);
            hours.extend(levels[2].get(id).into_iter().flatten());
            same(&hours, &rolled(readings, HOUR), key);
            count += 1;
        }
        assert_eq!(known.len(), count);
    }
}

fn week(bench: &mut Bench) {
    for hour in 0..7 * 24 {
        for minute in 0..60 {
            let at = START + hour * HOUR + minute * 60;
            bench.told(1, at);
            // The other one is away for a day, and some minutes of each hour.
            if !(48..72).contains(&hour) && minute < 55 {
                bench.told(2, at + 17);
            }
        }
        bench.commit();
        bench.now = START + (hour + 1) * HOUR;
        bench.work();
    }
}

#[test]
fn a_week_is_what_a_list_says_at_every_level() {
    let mut bench = Bench::new(2);
    week(&mut bench);
    bench.settle();
    assert_eq!(bench.count("SELECT count(*) FROM frame"), 0);
    assert_eq!(bench.count("SELECT count(*) FROM stale"), 0);
    // The oldest days are older than a week now.
    let from = bench.count("SELECT value FROM meta WHERE key = 'raw_from'");
    assert!(from > START + 2 * DAY, "{from}");
    all_levels(&bench, from);
    // November is closed and its days are gone; December is not.
    let december = Month::of(START).end();
    assert_eq!(bench.count("SELECT until FROM closed WHERE node = 2"), december);
    assert!(bench.level(1, Level::Hours).values().flatten().all(|point| point.at >= december));
}

#[test]
fn what_comes_late_takes_its_place_and_is_there_once() {
    let mut bench = Bench::new(2);
    let minutes: Vec<i64> = (0..30 * 60).map(|minute| START + minute * 60).collect();
    for (at, time) in minutes.iter().enumerate() {
        // Every third of them is late.
        if at % 3 != 0 {
            bench.told(1, *time);
            bench.told(2, *time);
        }
    }
    bench.now = START + 30 * HOUR;
    bench.commit();
    bench.pass(3 * HOUR);
    let sealed = bench.dump();
    for time in minutes.iter().step_by(3).rev() {
        bench.told(1, *time);
        // What is there already comes again, with other values.
        bench.told(1, *time + 60);
        bench.told(2, *time);
        if bench.chance().is_multiple_of(7) {
            bench.commit();
            bench.now += 61;
            bench.work();
        }
    }
    bench.settle();
    assert_ne!(bench.dump(), sealed);
    all_levels(&bench, 0);
}

#[test]
fn late_numbers_of_a_closed_month_go_into_it() {
    let mut bench = Bench::with(2, atalaya_history::Keep { raw: 30 * DAY, ..Default::default() });
    for minute in 0..3 * 24 * 60 {
        bench.told(1, START + minute * 60);
    }
    bench.commit();
    bench.now = START;
    bench.pass(9 * DAY);
    assert_eq!(bench.count("SELECT count(*) FROM closed"), 1);
    for minute in 0..30 {
        bench.told(1, START + DAY + minute * 60 + 30);
    }
    bench.settle();
    all_levels(&bench, 0);
    assert!(bench.level(1, Level::Hours).is_empty());
}

#[test]
fn numbers_of_hours_that_were_taken_away_are_left_out() {
    let mut bench = Bench::new(2);
    for minute in 0..120 {
        bench.told(1, START + minute * 60);
        bench.told(2, START + minute * 60);
    }
    bench.commit();
    bench.pass(20 * DAY);
    let before = bench.dump();
    let list = bench.list.clone();
    bench.told(1, START + 30);
    bench.list = list;
    bench.settle();
    assert_eq!(bench.dump(), before);
    all_levels(&bench, i64::MAX);
}

/// A script with late frames, two nodes, a month's end; killed after steps that `kills` says yes to.
fn script(mut kills: impl FnMut(u32) -> bool) -> Bench {
    let (mut bench, mut steps) = (Bench::new(2), 0);
    let begin = START + 3 * DAY + 12 * HOUR;
    bench.now = begin;
    for hour in 0..150 {
        for minute in (0..60).step_by(5) {
            let at = begin + hour * HOUR + minute * 60;
            if hour < 40 {
                bench.told(1, at);
                bench.told(2, at + 3);
                if hour > 20 && hour % 9 == 0 {
                    bench.told(1, at - 17 * HOUR + 60);
                }
            }
        }
        bench.commit();
        bench.now = begin + (hour + 1) * HOUR;
        loop {
            let step = bench.step();
            steps += 1;
            if kills(steps) {
                bench = bench.kill();
            }
            if step == super::super::Step::Idle {
                break;
            }
        }
    }
    bench
}

#[test]
fn a_kill_between_any_two_steps_changes_nothing() {
    let calm = script(|_| false);
    assert_eq!(calm.count("SELECT count(*) FROM closed"), 2);
    let dump = calm.dump();
    for (seed, every) in [(1, 2), (2, 3), (3, 7)] {
        let killed = script(|step| (((step ^ seed).wrapping_mul(0x9e37_79b9) >> 8) & 0xffff) < 0xffff / every).dump();
        let differs = dump.iter().zip(&killed).find(|(a, b)| a != b);
        assert!(differs.is_none() && dump.len() == killed.len(), "{seed} {differs:?}");
    }
    all_levels(&calm, 0);
}
