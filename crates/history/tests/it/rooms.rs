//! What goes when there is no more room: never below the floors, and it always ends.

use std::collections::BTreeMap;

use atalaya_history::limits::FLOOR_SECONDS;
use atalaya_history::{Found, Keep, Next, Tier, Why, next};
use proptest::prelude::*;

const DAY: i64 = 86_400;
const NOW: i64 = 1_793_664_000;

/// Rows of each tier by their first second, with their bytes.
#[derive(Clone, Debug, Default)]
struct Rows([BTreeMap<i64, u64>; 4]);

impl Rows {
    fn found(&self) -> Found {
        let bytes = self.0.iter().flat_map(BTreeMap::values).sum();
        Found { bytes, oldest: std::array::from_fn(|tier| self.0[tier].keys().next().copied()) }
    }

    /// Rows a day long, for so many days back.
    fn days(back: [i64; 4], bytes: u64) -> Self {
        Self(back.map(|back| (1..=back).map(|day| (NOW - day * DAY, bytes)).collect()))
    }

    /// Asks and does until there is nothing to do; what was decided.
    fn settle(&mut self, keep: &Keep) -> Vec<Next> {
        let mut told = Vec::new();
        loop {
            let decided = next(keep, &self.found(), NOW);
            told.push(decided);
            let Next::Remove { tier, before, why } = decided else { return told };
            let rows = &mut self.0[tier as usize];
            let count = rows.len();
            rows.retain(|start, _| *start >= before);
            assert!(rows.len() < count, "{decided:?} removes nothing");
            if why == Why::Size {
                assert!(before <= NOW - FLOOR_SECONDS[tier as usize], "{decided:?}");
            }
        }
    }
}

proptest! {
    #[test]
    fn it_ends_and_never_goes_below_the_floors(
        starts in proptest::collection::vec((0..4_usize, 0..1_300 * 24_i64, 1..5_000_u64), 0..300), size_max in 0..400_000_u64,
    ) {
        let mut rows = Rows::default();
        for (tier, hours, bytes) in starts {
            rows.0[tier].insert(NOW - hours * 3_600, bytes);
        }
        let (keep, before) = (Keep { size_max, ..Keep::default() }, rows.clone());
        let last = *rows.settle(&keep).last().unwrap();
        let fits = rows.found().bytes <= size_max * 95 / 100;
        prop_assert_eq!(fits, last == Next::Enough);
        for (tier, floor) in FLOOR_SECONDS.into_iter().enumerate() {
            let floor = NOW - floor;
            let young = |rows: &Rows| rows.0[tier].range(floor..).count();
            prop_assert_eq!(young(&rows), young(&before));
            // Full only where nothing is left that may go: a row that ends within the floor.
            if !fits {
                prop_assert!(rows.0[tier].keys().all(|start| *start > floor - 31 * DAY));
            }
        }
        let kept = [7, 60, 3 * 365, 400];
        for (rows, kept) in rows.0.iter().zip(kept) {
            prop_assert!(rows.keys().all(|start| *start >= NOW - (kept + 31) * DAY));
        }
        let limit = NOW - 400 * DAY;
        prop_assert_eq!(rows.0[3].range(limit..).count(), before.0[3].range(limit..).count());
    }
}

#[test]
fn what_is_old_enough_goes_by_age_and_no_more() {
    let mut rows = Rows::days([10, 70, 1_200, 500], 1);
    let told = rows.settle(&Keep::default());
    let all_by_age = told.iter().all(|next| matches!(next, Next::Enough | Next::Remove { why: Why::Age, .. }));
    assert!(all_by_age && told.len() == 5, "{told:?}");
    let lengths: Vec<usize> = rows.0.iter().map(BTreeMap::len).collect();
    // 2023-11-04 lies in a month that has not wholly gone by, so three days of it stay.
    assert_eq!(lengths, [7, 60, 3 * 365 + 3, 400]);
}

#[test]
fn the_level_that_has_used_most_of_its_time_goes_first() {
    let keep = Keep { size_max: 1_000, ..Keep::default() };
    // Raw has used six sevenths, five minutes a half, hours a third.
    let next = next(&keep, &Rows::days([6, 30, 365, 0], 10).found(), NOW);
    assert_eq!(next, Next::Remove { tier: Tier::Raw, before: NOW - 6 * DAY + 3_600, why: Why::Size });
}

#[test]
fn at_the_floors_it_says_how_much_is_too_much() {
    let keep = Keep { size_max: 1_000, ..Keep::default() };
    let told = Rows::days([7, 60, 1_000, 0], 10).settle(&keep);
    // 1 day, 7 days, 90 days and the month in which the ninetieth lies.
    assert!(matches!(told.last(), Some(Next::Full(30..400))), "{:?}", told.last());
}

#[test]
fn nothing_goes_while_there_is_room() {
    let keep = Keep { size_max: 2_000, ..Keep::default() };
    let rows = Rows::days([7, 60, 100, 10], 10);
    assert_eq!(rows.found().bytes, 1_770);
    assert_eq!(next(&keep, &rows.found(), NOW), Next::Enough);
    assert_eq!(next(&keep, &Found::default(), 0), Next::Enough);
}

#[test]
fn times_that_nobody_can_have_are_no_trouble() {
    for at in [i64::MIN, -1, i64::MAX] {
        let found = Found { bytes: u64::MAX, oldest: [Some(at); 4] };
        let _ = next(&Keep::default(), &found, NOW);
        assert!(matches!(next(&Keep { size_max: 0, ..Keep::default() }, &found, i64::MIN), Next::Full(_)));
        let _ = next(&Keep::default(), &found, i64::MAX);
    }
}
