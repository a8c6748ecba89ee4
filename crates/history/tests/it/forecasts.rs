//! Forecasts of the day on which something is full.

use atalaya_history::{Forecast, Unclear, forecast};
use proptest::prelude::*;

const DAY: i64 = 86_400;
const BEGIN: i64 = 1_793_664_000;

fn days(count: i64, used: impl Fn(f64) -> f64) -> Vec<(i64, f64)> {
    (0..count).map(|day| (BEGIN + day * DAY, used(day as f64))).collect()
}

/// Between -1 and 1, the same each time.
fn noise(x: f64) -> f64 {
    (x * 12.989_8).sin() * 43_758.545_3 % 1.0
}

/// Days after the last point.
fn ahead(days: &[(i64, f64)], size: f64) -> Option<f64> {
    match forecast(days, size) {
        Forecast::At(at) => Some((at - days.last().unwrap().0) as f64 / DAY as f64),
        _ => None,
    }
}

fn unclear(days: &[(i64, f64)], size: f64) -> Unclear {
    match forecast(days, size) {
        Forecast::NotForeseeable(why) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_line_is_followed_to_its_end() {
    let line = days(30, |x| 500.0 + 10.0 * x);
    assert_eq!(ahead(&line, 1_000.0), Some(21.0));
    assert_eq!(forecast(&line, 790.0), Forecast::Full);
}

#[test]
fn noise_and_a_few_wild_days_do_not_move_it_much() {
    let noisy = days(60, |x| 500.0 + 10.0 * x + 15.0 * noise(x));
    assert!((ahead(&noisy, 1_500.0).unwrap() - 41.0).abs() < 4.0, "{:?}", forecast(&noisy, 1_500.0));
    let wild = days(60, |x| if x as i64 % 9 == 4 { 0.0 } else { 500.0 + 10.0 * x });
    assert!((ahead(&wild, 1_500.0).unwrap() - 41.0).abs() < 1.0, "{:?}", forecast(&wild, 1_500.0));
}

#[test]
fn small_saw_teeth_on_a_slope_are_noise_and_large_ones_are_not_foreseeable() {
    let tooth = |height: f64| move |x: f64| 200.0 + height * (x % 7.0) / 7.0;
    let climbing = days(60, |x| tooth(20.0)(x) + 5.0 * x);
    assert!((ahead(&climbing, 700.0).unwrap() - 39.0).abs() < 4.0, "{:?}", forecast(&climbing, 700.0));
    for length in 14..90 {
        let why = unclear(&days(length, tooth(500.0)), 1_000.0);
        assert!(matches!(why, Unclear::Noisy | Unclear::NotGrowing | Unclear::Unsteady), "{length} {why:?}");
    }
}

#[test]
fn a_step_is_no_growth_wherever_it_is() {
    for at in 1..60 {
        let step = days(60, |x| if x < f64::from(at) { 100.0 } else { 600.0 });
        let why = unclear(&step, 1_000.0);
        assert!(matches!(why, Unclear::NotGrowing | Unclear::Noisy), "{at} {why:?}");
    }
}

#[test]
fn what_stays_or_falls_is_never_full() {
    assert_eq!(unclear(&days(60, |_| 500.0), 501.0), Unclear::NotGrowing);
    assert_eq!(unclear(&days(60, |x| 500.0 - x), 501.0), Unclear::NotGrowing);
    assert_eq!(unclear(&days(60, |x| if x < 30.0 { 300.0 + 9.0 * x } else { 570.0 - x }), 600.0), Unclear::NotGrowing);
}

#[test]
fn growth_that_changed_is_not_foreseeable() {
    assert_eq!(
        unclear(&days(60, |x| if x < 35.0 { 0.1 * x } else { 3.5 + 8.0 * (x - 35.0) }), 300.0),
        Unclear::Unsteady
    );
}

#[test]
fn a_week_says_nothing_about_next_year() {
    let week = days(7, |x| 500.0 + 10.0 * x);
    assert_eq!(ahead(&week, 700.0), Some(14.0));
    assert_eq!(unclear(&week, 4_000.0), Unclear::TooFar);
    assert_eq!(unclear(&days(6, |x| 500.0 + 10.0 * x), 1_000.0), Unclear::TooFew);
    assert_eq!(unclear(&[], 1_000.0), Unclear::TooFew);
    let crowded: Vec<(i64, f64)> = (0..20).map(|n| (BEGIN + n * 60, n as f64)).collect();
    assert_eq!(unclear(&crowded, 1_000.0), Unclear::TooFew);
}

#[test]
fn only_the_last_ninety_days_count() {
    let turned = days(200, |x| if x < 110.0 { 2_000.0 - 10.0 * x } else { 900.0 + 2.0 * (x - 110.0) });
    assert_eq!(ahead(&turned, 1_178.0), Some(50.0));
}

#[test]
fn holes_do_not_matter() {
    let mut line = days(60, |x| 500.0 + 10.0 * x);
    line.retain(|(at, _)| (at / DAY) % 5 < 3);
    line.push((BEGIN + 60 * DAY, 1_100.0));
    assert!((ahead(&line, 1_300.0).unwrap() - 20.0).abs() < 0.01);
}

proptest! {
    #[test]
    fn anything_gives_an_answer_that_is_not_in_the_past(
        days in proptest::collection::vec((any::<i64>(), any::<f64>()), 0..40),
        steps in proptest::collection::vec((0..3 * DAY, -1e4..1e4_f64), 0..120), size in any::<f64>(),
    ) {
        let _ = forecast(&days, size);
        let mut at = BEGIN;
        let days: Vec<(i64, f64)> = steps.into_iter().map(|(later, used)| { at += later; (at, used) }).collect();
        for size in [size, 1e4] {
            if let Forecast::At(full) = forecast(&days, size) {
                prop_assert!(full >= at && full <= at + 730 * DAY);
            }
        }
    }
}
