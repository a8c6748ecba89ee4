//! What many measurements of one kind come to.

use std::time::Duration;

/// Of seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub(crate) struct Spread {
    pub(crate) count: usize,
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) most: f64,
}

impl Spread {
    /// Of these; in whatever order.
    pub(crate) fn of(times: impl IntoIterator<Item = Duration>) -> Self {
        let mut all: Vec<f64> = times.into_iter().map(|time| time.as_secs_f64()).collect();
        all.sort_by(f64::total_cmp);
        let at = |percent: usize| {
            let rank = (all.len() * percent).div_ceil(100);
            all.get(rank.saturating_sub(1)).copied().unwrap_or_default()
        };
        Self { count: all.len(), p50: at(50), p99: at(99), most: at(100) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ninety_nine_of_a_hundred_are_not_above_the_99th() {
        let spread = Spread::of((1..=200).rev().map(Duration::from_secs));
        assert_eq!(spread, Spread { count: 200, p50: 100.0, p99: 198.0, most: 200.0 });
        assert_eq!(Spread::of([]), Spread::default());
    }
}
