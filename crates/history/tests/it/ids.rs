//! Ids sort as times do, and ranges hold what they should.

use atalaya_history::{BlockId, Level, Month, MonthId, NodeNumber, SeriesId};
use proptest::prelude::*;

const DAY: i64 = 86_400;
const END: i64 = 32_503_680_000;

fn level() -> impl Strategy<Value = Level> {
    prop_oneof![Just(Level::Raw), Just(Level::FiveMinutes), Just(Level::Hours)]
}

proptest! {
    #[test]
    fn an_id_says_whose_and_when(node in 1..=u16::MAX, level in level(), at in 0..END) {
        let id = BlockId::of(NodeNumber(node), level, at).unwrap();
        prop_assert_eq!((id.node().0, id.level(), id.start()), (node, level, at - at % level.span()));
        prop_assert!(id.start() <= at && at < id.end());
        prop_assert_eq!(BlockId::from_row(id.row()), Ok(id));
        prop_assert_eq!(id.row(), i64::from(node) << 40 | (level as i64) << 37 | (id.start() / 60));
    }

    #[test]
    fn any_number_is_an_id_or_damage(row: i64) {
        if let Ok(id) = BlockId::from_row(row) {
            prop_assert_eq!(id.row(), row);
        }
        if let Ok(id) = MonthId::from_row(row) {
            prop_assert_eq!(id.row(), row);
        }
    }

    #[test]
    fn a_read_finds_a_block_exactly_if_they_overlap(level in level(), at in 0..END, from in 0..END, length in 0..90 * DAY, near: bool) {
        let at = if near { (from + at % (2 * length + 1)).min(END - 1) } else { at };
        let node = NodeNumber(3);
        let id = BlockId::of(node, level, at).unwrap();
        let found = BlockId::over(node, level, from..from + length).is_some_and(|rows| rows.contains(&id.row()));
        prop_assert_eq!(found, id.start() < (from + length).min(END) && from < id.end() && length > 0);
        let old = BlockId::older(node, level, from).is_some_and(|rows| rows.contains(&id.row()));
        prop_assert_eq!(old, id.end() <= from);
        for (other, other_level) in [(NodeNumber(2), level), (NodeNumber(4), level), (node, Level::Raw), (node, Level::Hours)] {
            if (other, other_level) != (node, level) {
                let other = BlockId::of(other, other_level, at).unwrap().row();
                prop_assert!(!BlockId::over(node, level, from..END).is_some_and(|rows| rows.contains(&other)));
                prop_assert!(!BlockId::older(node, level, END).is_some_and(|rows| rows.contains(&other)));
            }
        }
    }
}

#[test]
fn months_are_those_of_the_calendar() {
    // `date -u -d @N +%F` says so.
    for (month, start) in [
        (0, 0),
        (1, 31 * DAY),
        (2, 59 * DAY),
        (26, 68_256_000),
        (361, 949_363_200),
        (362, 951_868_800),
        (682, 1_793_491_200),
        (1_561, 4_105_123_200),
        (1_562, 4_107_542_400),
        (12_360, END),
    ] {
        assert_eq!(Month(month).start(), start, "{month}");
        assert_eq!(Month(month).end(), Month(month + 1).start());
    }
    for month in 0..12_360 {
        let month = Month(month);
        let days = (month.end() - month.start()) / DAY;
        assert!((28..=31).contains(&days) && (month.end() - month.start()) % DAY == 0);
        assert_eq!((Month::of(month.start()), Month::of(month.end() - 1)), (month, month));
    }
    assert_eq!((Month::of(-1), Month::of(i64::MAX)), (Month(0), Month(12_359)));
}

#[test]
fn a_series_months_lie_side_by_side() {
    let rows = MonthId::range(SeriesId(5), Month(10)..=Month(12));
    assert_eq!(rows, (5 << 16) + 10..=(5 << 16) + 12);
    let most = MonthId { series: SeriesId(u32::MAX), month: Month(u16::MAX) };
    assert_eq!(MonthId::from_row(most.row()), Ok(most));
}

#[test]
fn no_block_has_a_wrong_beginning() {
    let node = NodeNumber(1);
    assert!(BlockId::of(NodeNumber(0), Level::Raw, 0).is_err());
    for (level, start, good) in [
        (Level::Raw, 300, true),
        (Level::Raw, 60, false),
        (Level::FiveMinutes, 3_600, true),
        (Level::FiveMinutes, 300, false),
        (Level::Hours, 7_200, true),
        (Level::Hours, 1_800, false),
        (Level::Raw, -300, false),
        (Level::Raw, END, false),
    ] {
        assert_eq!(BlockId::starting(node, level, start).is_ok(), good, "{level:?} {start}");
    }
}
