use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

const STREAM: StreamId = StreamId([1; 16]);
const OTHER: StreamId = StreamId([2; 16]);

fn second(at: u64) -> Duration {
    Duration::from_secs(at)
}

fn named(frames: &Frames) -> Vec<(u64, u64)> {
    frames.missing.iter().map(|range| (range.from, range.to)).collect()
}

/// Feeds numbers, each made at ten times itself, and gives those that were taken.
fn feed(frames: &mut Frames, seqs: &[u64]) -> Vec<u64> {
    let take = |seq: &&u64| frames.hear(STREAM, **seq, **seq as i64 * 10, &[], &mut Vec::new());
    seqs.iter().filter(take).copied().collect()
}

#[test]
fn what_is_missing_is_known_until_it_comes() {
    let mut frames = Frames::default();
    assert_eq!(feed(&mut frames, &[1, 2, 5, 5, 2, 9, 7]), [1, 2, 5, 9, 7]);
    assert_eq!(named(&frames), [(3, 4), (6, 6), (8, 8)]);
    assert_eq!((frames.missing[0].since, frames.missing[0].until), (20, 50));
    assert_eq!((frames.missing[1].since, frames.missing[1].until), (50, 70));
    assert_eq!(feed(&mut frames, &[3, 4, 6, 8, 8]), [3, 4, 6, 8]);
    assert_eq!(named(&frames), []);
}

#[test]
fn what_the_node_has_lost_is_gone() {
    let mut frames = Frames::default();
    feed(&mut frames, &[1]);
    let mut gone = Vec::new();
    assert!(frames.hear(STREAM, 10, 100, &[(2, 8)], &mut gone));
    assert_eq!((named(&frames), gone.len(), gone[0].from, gone[0].to), (vec![(9, 9)], 1, 2, 8));
    assert!(frames.hear(OTHER, 1, 200, &[], &mut gone));
    assert_eq!((frames.seq, gone.len(), frames.missing.len()), (1, 2, 0));
}

#[test]
fn it_is_asked_for_and_given_up() {
    let mut frames = Frames::default();
    feed(&mut frames, &[1, 3]);
    let (mut asked, mut gone) = (Vec::new(), Vec::new());
    for now in 0..4000 {
        if frames.pass(second(now), &mut gone) && gone.is_empty() {
            asked.push(now);
            assert_eq!(frames.asked_for(), [(2, 2)]);
        }
    }
    assert_eq!(asked, [5, 65, 365, 2165]);
    assert_eq!((gone.len(), named(&frames)), (1, vec![]));
}

#[test]
fn of_more_gaps_than_can_be_named_the_nearest_become_one() {
    let mut frames = Frames::default();
    feed(&mut frames, &(1..100).step_by(2).collect::<Vec<_>>());
    assert_eq!(frames.missing.len(), MISSING_MAX);
    // What became one may hold numbers that came: they are not taken twice from it, because the node sends them again.
    assert_eq!((frames.missing[0].from, frames.missing.last().unwrap().to), (2, 98));
}

fn record(records: &mut Records, seq: u64, now: u64) -> Record {
    records.hear(STREAM, seq, &[], second(now))
}

#[test]
fn records_are_taken_in_order_and_once() {
    let mut records = Records::default();
    assert_eq!(record(&mut records, 1, 0), Record::Take { lost: None });
    assert_eq!(record(&mut records, 3, 0), Record::Ahead);
    assert_eq!(record(&mut records, 1, 0), Record::Again);
    assert_eq!(record(&mut records, 2, 0), Record::Take { lost: None });
    assert_eq!(records.hear(STREAM, 9, &[(3, 8)], second(0)), Record::Take { lost: Some((3, 8)) });
    assert_eq!(records.hear(STREAM, 20, &[(12, 19)], second(0)), Record::Ahead);
}

#[test]
fn a_stream_that_nobody_knows_begins_with_what_comes_again() {
    let mut records = Records::default();
    let heard: Vec<Record> = [0, 1, 6, 7, 12].map(|now| record(&mut records, 40, now)).into();
    assert_eq!(heard[..4], [Record::Ahead; 4]);
    assert_eq!(heard[4], Record::Take { lost: Some((1, 39)) });
    assert_eq!(record(&mut records, 41, 13), Record::Take { lost: None });
}

#[test]
fn one_that_was_dropped_on_the_way_is_waited_for() {
    let mut records = Records::at(STREAM, 4);
    // The fifth is dropped four times in a row; the sixth must not take its place.
    for round in 0..5 {
        assert_eq!(record(&mut records, 6, round * 6), Record::Ahead);
    }
    assert_eq!(record(&mut records, 5, 40), Record::Take { lost: None });
    // A database that is older than what it acknowledged: the node has the fifth no more.
    let mut records = Records::at(STREAM, 4);
    let taken = (0..10).find(|round| record(&mut records, 9, round * 6) != Record::Ahead);
    assert_eq!((taken, records.seq), (Some(6), 9));
}

proptest! {
    /// Whatever order, loss and repetition: each frame is taken once, and what is not there is missing.
    #[test]
    fn each_frame_is_taken_once(order in proptest::collection::vec(1_u64..30, 1..200)) {
        let mut frames = Frames::default();
        let mut taken = BTreeSet::new();
        for seq in order {
            if frames.hear(STREAM, seq, 0, &[], &mut Vec::new()) {
                prop_assert!(taken.insert(seq), "{} twice", seq);
            }
        }
        let missing: BTreeSet<u64> = frames.missing.iter().flat_map(|range| range.from..=range.to).collect();
        let expected: BTreeSet<u64> = (1..=frames.seq).filter(|seq| !taken.contains(seq)).collect();
        prop_assert_eq!(missing, expected);
    }

    /// Whatever is dropped, records are taken in order, each once, and all of them in the end.
    #[test]
    fn every_record_is_taken_once_in_order(drops in proptest::collection::vec(any::<bool>(), 0..60)) {
        let mut records = Records::default();
        let mut taken = Vec::new();
        let mut drops = drops.into_iter();
        let mut now = 0;
        while records.seq < 12 {
            now += 1;
            for seq in records.seq + 1..=12.min(records.seq + 8) {
                if !drops.next().unwrap_or(false) && matches!(record(&mut records, seq, now), Record::Take { .. }) {
                    taken.push(seq);
                }
            }
        }
        prop_assert_eq!(taken, (1..=12).collect::<Vec<_>>());
    }
}
