//! Clocks that are wrong are shown, and order nothing.

use super::bench::{Bench, Node, START, disk, system};

/// The times of all frames, in seconds from the first.
fn times(bench: &Bench) -> Vec<i64> {
    let mut statement = bench.database.connection.prepare("SELECT at_millis / 1000 FROM frame ORDER BY id").unwrap();
    let all: Vec<i64> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    all.iter().map(|at| at - START).collect()
}

#[test]
fn the_same_frames_with_forty_clocks_are_the_same_history() {
    let run = |skew: i64, synchronised: bool| {
        let (mut bench, mut node) = (Bench::new(), Node { skew, synchronised, ..Node::new("nas") });
        node.connect(&mut bench);
        node.run(&mut bench, 20, &[("", system(40.0)), ("WD-1", disk(35.0))]);
        bench.pass(61);
        let skew = bench.board.read().nodes["nas"].skew;
        (times(&bench), bench.number("SELECT count(*) FROM notification"), skew)
    };
    let (right, told, skew) = run(0, true);
    assert_eq!((skew, right.len()), (None, 21));
    for hours in -19_i64..20 {
        let (times, notifications, skew) = run(hours * 3600, false);
        assert_eq!((&times, notifications), (&right, told), "{hours} hours");
        assert_eq!(skew, (hours != 0).then_some(hours * 3600));
    }
    let (times, _, skew) = run(-START + 60, false);
    assert_eq!((times, skew), (right, Some(-START + 60)));
}

#[test]
fn our_own_clock_may_jump() {
    let (mut bench, mut node) = (Bench::new(), Node::new("nas"));
    node.connect(&mut bench);
    node.run(&mut bench, 5, &[("", system(40.0))]);
    bench.clock.jump(-7_200_000);
    node.run(&mut bench, 5, &[("", system(40.0))]);
    bench.pass(61);
    assert_eq!(bench.number("SELECT count(*) FROM frame"), 11);
    assert_eq!(bench.number("SELECT count(*) FROM notification"), 0);
    assert_eq!(bench.board.read().nodes["nas"].presence, atalaya_alert::Presence::Online);
}
