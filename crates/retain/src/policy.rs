//! How many are kept.

use crate::Period;

/// What a person asked for. Everything adds to what is kept; nothing takes away from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The newest so many.
    pub last: u32,
    /// The newest of each of the last so many hours, days, weeks, months and years that have one; in the order of
    /// [`Period::ALL`].
    pub periods: [u32; 5],
    /// Everything younger, in seconds.
    pub within_secs: i64,
    /// What was first seen less long ago is never forgotten, in seconds: whoever makes many in a night pushes out none.
    pub least_age_secs: i64,
}

impl Default for Policy {
    /// Seven days, four weeks, twelve months, seven years; nothing of the last day is touched.
    fn default() -> Self {
        Self { last: 1, periods: [0, 7, 4, 12, 7], within_secs: 0, least_age_secs: 86_400 }
    }
}

impl Policy {
    /// How many of a period are kept.
    #[must_use]
    pub fn of(&self, period: Period) -> u32 {
        self.periods[period as usize]
    }

    /// Whether it asks for anything: one that does not would leave one snapshot of each job.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.last == 0 && self.within_secs <= 0 && self.periods.iter().all(|count| *count == 0)
    }
}
