//! `docs/history.md` says the bounds that the code has.

use std::path::Path;

use atalaya_history::{Keep, Level, limits};

/// With commas, as the page writes numbers.
fn written(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[test]
fn the_page_has_the_bounds_of_the_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/history.md");
    let page = std::fs::read_to_string(path).unwrap();
    let keep = Keep::default();
    let day = |seconds: i64| seconds / 86_400;
    let [raw, five_minutes, hours] = limits::FLOOR_SECONDS.map(day);
    for said in [
        format!("more than {} points has several", written(limits::TABLE_POINTS_MAX)),
        format!("count of series | varint, 1 to {} |", written(limits::SERIES_PER_NODE_MAX)),
        format!("(2 to {})", written(limits::QUERY_POINTS_MAX)),
        format!("{} MiB at most", limits::BODY_BYTES_MAX >> 20),
        format!("a byte k, 1 to {};", limits::PLACES_MAX),
        format!("{} to {} of them", limits::FORECAST_DAYS_MIN, limits::FORECAST_DAYS_MAX),
        format!(
            "{}, {} or {} |",
            written(Level::Raw.points_max()),
            Level::FiveMinutes.points_max(),
            Level::Hours.points_max()
        ),
        format!("(`raw`) | {} days | 1 to 90 days | {raw} day |", day(keep.raw)),
        format!("(`five_minutes`) | {} days | 7 days to 2 years | {five_minutes} days |", day(keep.five_minutes)),
        format!("(`hours`) | {} years | 90 days to 20 years | {hours} days |", day(keep.hours) / 365),
        format!("(`size_max`, {} GiB)", keep.size_max >> 30),
        format!("Above {} % of", limits::FULL_PERCENT),
    ] {
        assert!(page.contains(&said), "{said}");
    }
    assert_eq!((limits::MEAN_DIGITS, limits::FORECAST_AHEAD_SECONDS_MAX), (7, 2 * 365 * 86_400));
}
