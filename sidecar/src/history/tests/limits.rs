//! There is never more than fits, and never less than must stay.

use atalaya_history::{Keep, Level};
use atalaya_wire::view::Disk;
use atalaya_wire::{ObjectId, Sample};

use super::bench::{Bench, DAY, HOUR, START};
use crate::db::{Audit, Row, Run, room::Size};

const MIB: u64 = 1 << 20;

/// Many numbers that nothing can pack.
fn flood(bench: &mut Bench, node: u16, at: i64, disks: u32) {
    let mut parts = Vec::new();
    for disk in 0..disks {
        let mut float = || f32::from_bits(0x3f80_0000 | (bench.chance() as u32 & 0x7f_ffff)) * 1e6;
        let view = Disk {
            temperature_celsius: Some(float()),
            read_bytes_per_second: Some(float()),
            write_bytes_per_second: Some(float()),
            busy_percent: Some(float()),
            ..Disk::default()
        };
        parts.push((ObjectId::of(&format!("d{disk}")), Sample::from(view)));
    }
    bench.frame(node, at, &parts);
}

#[test]
fn a_flood_stays_below_the_limit_and_the_newest_is_kept() {
    let mut bench = Bench::with(2, Keep { size_max: 8 * MIB, ..Keep::default() });
    let (mut largest, mut removed) = (0, false);
    for hour in 0..25 * 24 {
        for minute in (0..60).step_by(2) {
            flood(&mut bench, 1 + (minute / 2 % 2) as u16, START + hour * HOUR + minute * 60, 10);
        }
        bench.commit();
        bench.now = START + (hour + 1) * HOUR;
        for _ in 0..10_000 {
            let step = bench.step();
            removed |= matches!(step, crate::history::Step::Removed { .. });
            let size = Size::of(&bench.database.connection).unwrap();
            largest = largest.max(size.file + size.log);
            if step == crate::history::Step::Idle {
                break;
            }
        }
    }
    assert!(removed && largest <= 12 * MIB && largest > 7 * MIB, "{removed} {largest}");
    assert_eq!(crate::db::Chore::problem(&bench.chores), None);
    // Raw readings of the last day, five minutes of the last week, hours of everything.
    for (level, kept) in [(Level::Raw, DAY), (Level::FiveMinutes, 7 * DAY), (Level::Hours, 20 * DAY)] {
        let level = bench.level(1, level);
        assert_eq!(level.len(), 40);
        for points in level.values() {
            assert!(
                points[0].at <= bench.now - kept + 6 * HOUR && points[points.len() - 1].at > bench.now - 2 * DAY,
                "{kept}"
            );
        }
    }
}

#[test]
fn where_nothing_more_may_go_no_history_is_taken_until_there_is_room() {
    let mut bench = Bench::with(1, Keep { size_max: 7 * MIB / 4, ..Keep::default() });
    let (mut largest, mut said) = (0, None);
    for hour in 0..23 {
        for minute in 0..60 {
            flood(&mut bench, 1, START + hour * HOUR + minute * 60, 100);
        }
        bench.commit();
        bench.now = START + (hour + 1) * HOUR;
        for _ in 0..10_000 {
            let step = bench.step();
            said = said.or_else(|| crate::db::Chore::problem(&bench.chores));
            if step == crate::history::Step::Idle {
                break;
            }
        }
        let size = Size::of(&bench.database.connection).unwrap();
        largest = largest.max(size.file + size.log);
    }
    assert!(largest <= 6 * MIB, "{largest}");
    let why = said.unwrap();
    assert!(why.contains("size_max"), "{why}");
    assert!(bench.count("SELECT sum(until - since) FROM gap WHERE why = 'full'") >= HOUR);
    // A larger one, as somebody sets it: it goes on.
    bench.terms.keep.size_max = 64 * MIB;
    bench = bench.kill();
    bench.now += HOUR;
    let at = bench.now - 1_800;
    flood(&mut bench, 1, at, 100);
    bench.commit();
    bench.pass(2 * HOUR);
    assert_eq!(crate::db::Chore::problem(&bench.chores), None);
    let last = bench.level(1, Level::Raw).values().flat_map(|points| points.last()).map(|point| point.at).max();
    assert_eq!(last, Some(at));
}

#[test]
fn a_node_with_too_many_frames_has_its_oldest_hour_sealed_before_its_time() {
    let mut bench = Bench::new(1);
    for second in 0..600 {
        bench.told(1, START + second * 5);
    }
    bench.commit();
    bench.now = START + 3_000;
    bench.work();
    assert_eq!(bench.count("SELECT count(*) FROM frame"), 0);
    bench.told(1, START + 3_100);
    bench.settle();
    let raw = bench.level(1, Level::Raw);
    assert!(raw.values().all(|points| points.len() == 601));
}

#[test]
fn each_level_and_everything_else_goes_when_it_is_too_old() {
    let mut bench = Bench::new(1);
    for minute in 0..24 * 60 {
        bench.told(1, START + minute * 60);
    }
    bench.commit();
    put_old_things(&mut bench);
    let there = |bench: &Bench| {
        let blocks = Level::ALL.map(|level| !bench.level(1, level).is_empty());
        (blocks, bench.count("SELECT count(*) FROM month") > 0, bench.count("SELECT count(*) FROM series"))
    };
    bench.pass(6 * DAY);
    assert_eq!(there(&bench), ([true, true, false], true, 5));
    bench.pass(4 * DAY);
    assert_eq!(there(&bench), ([false, true, false], true, 5));
    assert_eq!(left(&bench), [1; 8]);
    bench.pass(60 * DAY);
    assert_eq!(there(&bench), ([false, false, false], true, 5));
    bench.pass(340 * DAY);
    assert_eq!(left(&bench), [0, 0, 0, 0, 0, 0, 0, 1], "the audit's trigger goes by the machine's clock");
    bench.pass(800 * DAY);
    assert_eq!(there(&bench), ([false, false, false], false, 0));
}

fn put_old_things(bench: &mut Bench) {
    let (node, at) = (1, START);
    let text = String::new;
    for row in [
        Row::Record { node, stream: atalaya_wire::StreamId([1; 16]), seq: 1, at, wall_millis: 0, body: vec![1] },
        Row::Event { node, at, kind: "changed", object: text(), body: text() },
        Row::Run(Run { node, job: "home".into(), began: Some(at), ended: Some(at + 60), ..Run::default() }),
        Row::Incident {
            id: 1,
            node: "nas1".into(),
            severity: "high".into(),
            began: at,
            ended: Some(at + 60),
            stage: "over".into(),
            title_en: text(),
            title_es: text(),
        },
        Row::Timeline { incident: 1, number: 1, at, body: text() },
        Row::Notification { id: "n".into(), at, kind: "fired".into(), severity: "high".into(), body: text() },
        Row::Delivery { notification: "n".into(), channel: "mail".into(), next: at },
        Row::Once { hash: [1; 32], what: "join", body: text(), ends: at + 30 * DAY },
        Row::Audit(Audit { at, ..Audit::default() }),
    ] {
        bench.put(row);
    }
}

fn left(bench: &Bench) -> [i64; 8] {
    let tables = ["record", "event", "run", "incident", "timeline", "notification", "once", "audit"];
    tables.map(|table| bench.count(&format!("SELECT count(*) FROM {table}")))
}
