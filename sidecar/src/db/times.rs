//! How long commits take, in few steps: from a disk that syncs at once to one that is about to fail.

use std::time::Duration;

/// Each step's end, in seconds; beyond the last is the rest.
const ENDS: [f64; 6] = [0.005, 0.02, 0.1, 0.5, 2.0, 10.0];

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Times {
    counts: [u64; ENDS.len() + 1],
    sum: Duration,
}

impl Times {
    /// One more.
    pub(super) fn add(&mut self, took: Duration) {
        let step = ENDS.iter().position(|end| took.as_secs_f64() <= *end).unwrap_or(ENDS.len());
        self.counts[step] += 1;
        self.sum += took;
    }

    /// How long all of them took together, in seconds.
    #[must_use]
    pub const fn seconds(&self) -> f64 {
        self.sum.as_secs_f64()
    }

    /// How many ended within each step and after the one before, by its end in seconds; the last step has none.
    pub fn steps(&self) -> impl Iterator<Item = (f64, u64)> + '_ {
        ENDS.into_iter().chain([f64::INFINITY]).zip(self.counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_time_is_in_one_step() {
        let mut times = Times::default();
        [0, 5, 6, 1_000, 3_600_000].into_iter().for_each(|millis| times.add(Duration::from_millis(millis)));
        let counts: Vec<u64> = times.steps().map(|(_, count)| count).collect();
        assert_eq!((counts, times.seconds()), (vec![2, 1, 0, 0, 1, 0, 1], 3601.011));
    }
}
