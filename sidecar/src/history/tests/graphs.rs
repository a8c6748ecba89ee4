//! What people see is what nodes told, whichever level it is read from and whatever is not yet in blocks.

use atalaya_history::{Forecast, Unclear};

use super::bench::{Bench, DAY, HOUR, START, rolled, same};
use crate::clock::Now;
use crate::history::full;
use crate::history::read::series_of;

#[test]
fn a_graph_is_the_list_at_any_time_and_step() {
    let mut bench = Bench::new(1);
    let series =
        [("disk/WD-1", "temperature_celsius"), ("system", "cpu_percent"), ("disk/WD-2", "temperature_celsius")];
    for hour in 0..9 * 24 {
        for minute in 0..60 {
            bench.told(1, START + hour * HOUR + minute * 60);
            if minute % 20 == 3 {
                bench.commit();
            }
        }
        bench.commit();
        bench.now = START + (hour + 1) * HOUR - 1;
        // Now and then nothing is done for some hours, or only a part of it.
        match hour % 17 {
            0..4 => {}
            4 => drop(bench.step()),
            _ => drop(bench.work()),
        }
        if hour % 13 != 0 && hour % 17 != 3 {
            continue;
        }
        let now = bench.now + 1;
        for (from, points) in
            [(now - HOUR, 60), (now - 6 * HOUR, 100), (now - DAY, 1_440), (now - 5 * DAY, 400), (START, 30)]
        {
            let answer = bench.ask(1, &series, from.max(START), now, points);
            assert_eq!(answer.series.len(), 3);
            assert!(answer.series[2].points.is_empty() && answer.gaps.is_empty(), "{:?}", answer.gaps);
            for line in &answer.series[..2] {
                assert!(line.points.len() <= points);
                let list = bench
                    .list
                    .iter()
                    .find(|((_, object, key), _)| *object == line.wanted.object && *key == line.wanted.key);
                let list = list.unwrap().1.range(answer.times.clone()).map(|(at, x)| (*at, *x)).collect();
                same(&line.points, &rolled(&list, answer.step_seconds), &format!("{hour} {points} {}", answer.level));
            }
        }
    }
}

#[test]
fn holes_stay_holes_and_say_why_where_it_is_known() {
    let mut bench = Bench::new(1);
    for minute in (0..600).filter(|minute| !(100..130).contains(minute) && !(300..310).contains(minute)) {
        bench.told(1, START + minute * 60);
    }
    bench.commit();
    bench.put(crate::db::Row::Gap { node: 1, since: START + 6_000, until: START + 7_800, why: "lost" });
    bench.now = START + 600 * 60;
    for _ in 0..2 {
        let answer = bench.ask(1, &[("system", "cpu_percent")], START, START + 36_000, 600);
        let gaps: Vec<_> =
            answer.gaps.iter().map(|gap| (gap.from - START, gap.until - START, gap.why.as_str())).collect();
        assert_eq!(gaps, [(6_000, 7_800, "lost"), (18_000, 18_600, "nothing")]);
        bench.work();
    }
}

#[test]
fn what_a_node_has_is_known_before_its_first_hour_is_over() {
    let mut bench = Bench::new(1);
    bench.told(1, START);
    bench.commit();
    let names = |bench: &Bench| {
        let all = series_of(&bench.database.connection, &bench.handle, 1).unwrap();
        all.into_iter().map(|wanted| format!("{}.{}", wanted.object, wanted.key)).collect::<Vec<_>>()
    };
    let before = names(&bench);
    assert_eq!(before.len(), 5);
    assert!(
        before.contains(&"disk/WD-1.temperature_celsius".to_owned())
            && before.contains(&"system.clock_synchronised".to_owned())
    );
    bench.pass(3 * HOUR);
    assert_eq!(names(&bench), before);
}

#[test]
fn a_file_system_that_grows_is_full_on_a_day() {
    let mut bench = Bench::new(1);
    let size = 1_000 << 30;
    for hour in 0..30 * 24 {
        // Ten a day of a thousand, beginning with four hundred.
        let used = (400 << 30) + ((10_u64 << 30) / 24) * hour as u64;
        bench.file_system(1, START + hour * HOUR, size, size - used);
        if hour % 24 == 23 {
            bench.commit();
            bench.now = START + (hour + 1) * HOUR;
            bench.work();
        }
    }
    let now = |bench: &Bench, passed: u64| Now {
        wall_millis: bench.now * 1000,
        since_start: std::time::Duration::from_secs(passed),
    };
    let ask = |bench: &Bench, object: &str, passed| {
        full(&bench.database.connection, &bench.handle, 1, object, now(bench, passed)).unwrap()
    };
    let Forecast::At(day) = ask(&bench, "fs/data", 0) else { panic!() };
    assert!((day - (START + 60 * DAY)).abs() < 2 * DAY, "{}", (day - START) / DAY);
    assert_eq!(ask(&bench, "fs/other", 0), Forecast::NotForeseeable(Unclear::TooFew));
    // It is what it was for an hour, then made anew.
    bench.file_system(1, bench.now, size, 0);
    bench.commit();
    assert_eq!(ask(&bench, "fs/data", 3_599), Forecast::At(day));
    assert_eq!(ask(&bench, "fs/data", 3_600), Forecast::At(day), "a moment in a day is not the day");
}
