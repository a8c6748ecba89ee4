//! Rows that somebody's disk changed.

use atalaya_history::Level;

use super::bench::{Bench, DAY, HOUR, START, rolled};
use crate::db::{NodeRow, Row};

fn two_days() -> Bench {
    let mut bench = Bench::new(2);
    for minute in 0..2 * 24 * 60 {
        bench.told(1, START + minute * 60);
        bench.told(2, START + minute * 60);
    }
    bench.commit();
    bench.pass(2 * DAY + 2 * HOUR);
    bench
}

/// Changes a byte of the row of a level that begins there.
fn flip(bench: &Bench, level: Level, at: i64, byte: usize) {
    let id = atalaya_history::BlockId::of(atalaya_history::NodeNumber(1), level, at).unwrap().row();
    let connection = &bench.database.connection;
    let mut body: Vec<u8> =
        connection.query_row("SELECT body FROM block WHERE id = ?1", [id], |row| row.get(0)).unwrap();
    let place = byte % body.len();
    body[place] ^= 0x55;
    connection.execute("UPDATE block SET body = ?2 WHERE id = ?1", rusqlite::params![id, body]).unwrap();
}

#[test]
fn a_damaged_row_is_a_gap_of_its_time_and_nothing_else_is_missing() {
    let bench = two_days();
    flip(&bench, Level::Raw, START + 5 * HOUR, 100);
    let answer = bench.ask(1, &[("system", "cpu_percent")], START, START + 12 * HOUR, 720);
    let list = &bench.list[&(1, "system", "cpu_percent")];
    let damaged = START + 5 * HOUR..START + 6 * HOUR;
    let there = list.range(START..START + 12 * HOUR).filter(|(at, _)| !damaged.contains(at));
    super::bench::same(&answer.series[0].points, &rolled(&there.map(|(at, x)| (*at, *x)).collect(), 60), "cpu");
    let gaps: Vec<_> = answer.gaps.iter().map(|gap| (gap.from, gap.until, gap.why.as_str())).collect();
    assert_eq!(gaps, [(damaged.start, damaged.end, "damaged")]);
}

#[test]
fn damage_anywhere_in_any_level_stops_nothing() {
    for level in Level::ALL {
        let mut bench = two_days();
        for byte in [0, 1, 7, 40, 333, 5_000] {
            flip(&bench, level, START + 5 * HOUR, byte);
            let all = bench.ask(
                1,
                &[("system", "cpu_percent"), ("disk/WD-1", "reallocated_count")],
                START,
                START + 3 * DAY,
                50,
            );
            assert_eq!(all.series.len(), 2);
        }
        // What comes late into it, and what is made of it, goes on.
        for minute in 0..60 {
            bench.told(1, START + 5 * HOUR + minute * 60 + 11);
            bench.told(1, START + 50 * HOUR + minute * 60);
        }
        bench.commit();
        bench.pass(9 * DAY);
        assert_eq!(bench.count("SELECT count(*) FROM frame"), 0);
        assert_eq!(bench.count("SELECT count(*) FROM stale"), 0);
        assert_eq!(bench.count("SELECT count(*) FROM closed"), 2, "{level:?}");
        assert!(bench.count("SELECT count(*) FROM gap WHERE node = 1 AND why = 'damaged'") > 0);
        assert_eq!(bench.count("SELECT count(*) FROM gap WHERE node = 2"), 0);
    }
}

#[test]
fn frames_that_are_none_are_left_out_and_told() {
    let mut bench = Bench::new(1);
    for minute in 0..60 {
        bench.told(1, START + minute * 60);
    }
    for (flags, body) in [(1, vec![9; 40]), (0, vec![1; 70]), (0, Vec::new()), (1, Vec::new())] {
        bench.put(Row::Frame { node: 1, at_millis: START * 1000, flags, body });
    }
    // Of no age at all.
    for at_millis in [i64::MIN, -1, 0, i64::MAX] {
        bench.put(Row::Frame { node: 1, at_millis, flags: 0, body: vec![1; 70] });
    }
    bench.ask(1, &[("system", "cpu_percent")], START, START + HOUR, 10);
    bench.pass(3 * HOUR);
    // One of the far future waits for it.
    assert_eq!(bench.count("SELECT count(*) FROM frame"), 1);
    assert_eq!(bench.level(1, Level::Raw).values().map(Vec::len).max(), Some(60));
}

#[test]
fn a_retired_node_keeps_its_history_and_a_forgotten_one_none() {
    let mut bench = two_days();
    for minute in 0..30 {
        bench.told(1, START + 48 * HOUR + minute * 60);
        bench.told(2, START + 48 * HOUR + minute * 60);
    }
    bench.commit();
    bench.step();
    bench.put(Row::NodeGone { node: 1, at: bench.now, forget: false });
    bench.put(Row::NodeGone { node: 2, at: bench.now, forget: true });
    bench.pass(2 * DAY);
    let points =
        |node| bench.ask(node, &[("system", "cpu_percent")], START, START + 3 * DAY, 100).series[0].points.len();
    assert!(points(1) > 40);
    assert_eq!(points(2), 0);
    for table in ["frame", "series", "gap"] {
        assert_eq!(bench.count(&format!("SELECT count(*) FROM {table} WHERE node = 2")), 0, "{table}");
    }
    for table in ["block", "stale"] {
        assert_eq!(bench.count(&format!("SELECT count(*) FROM {table} WHERE id >> 40 = 2")), 0, "{table}");
    }
    let loaded: Vec<NodeRow> = crate::db::load(&bench.database.connection).unwrap().nodes;
    assert!(loaded.is_empty());
}
