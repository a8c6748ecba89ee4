//! What probes make of counters and clocks.

use std::time::Duration;

use atalaya_wire::{Text, text};
use jiff::Timestamp;

/// What a counter gained; `None` where it went back, because it was reset or wrapped: that reading has no rate.
pub(super) const fn gained(before: u64, now: u64) -> Option<u64> {
    now.checked_sub(before)
}

/// What a counter gained a second; `None` where it went back or no time passed.
#[expect(clippy::cast_precision_loss, reason = "a rate has no more digits than that")]
pub(super) fn per_second(before: u64, now: u64, passed: Duration) -> Option<f32> {
    let rate = gained(before, now)? as f64 / passed.as_secs_f64();
    rate.is_finite().then_some(rate as f32)
}

/// `part` of `whole` in percent, never more than 100; `None` of nothing.
#[expect(clippy::cast_precision_loss, reason = "a share has no more digits than that")]
pub(super) fn percent(part: u64, whole: u64) -> Option<f32> {
    (whole > 0).then(|| (part as f64 * 100.0 / whole as f64).min(100.0) as f32)
}

/// A time as views carry it, to the second.
pub(super) fn when(at: Timestamp) -> Text {
    let whole = Timestamp::from_second(at.as_second()).unwrap_or(at);
    text(&whole.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_that_go_back_have_no_rate() {
        let check = |before, now, seconds, expected| {
            assert_eq!(per_second(before, now, Duration::from_secs(seconds)), expected, "{before} {now}");
        };
        check(100, 400, 10, Some(30.0));
        check(u64::from(u32::MAX), 5, 10, None);
        check(100, 400, 0, None);
        check(0, 0, 0, None);
        check(7, 7, 1, Some(0.0));
    }

    #[test]
    fn shares_end_at_the_whole() {
        assert_eq!((percent(1, 4), percent(5, 4), percent(0, 0)), (Some(25.0), Some(100.0), None));
    }

    #[test]
    fn times_are_told_to_the_second() {
        assert_eq!(when(Timestamp::new(1_700_000_000, 123_456_789).unwrap()), "2023-11-14T22:13:20Z");
    }
}
