//! A point of a series, at whichever level.

use crate::id::check_time;
use crate::limits::TIME_SECONDS_MAX;
use crate::{Error, Result};

/// What was known in a second, five minutes, an hour. Where nothing was there is none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Its first second, since 1970.
    pub at: i64,
    /// Smallest value.
    pub min: f64,
    /// Mean of the readings.
    pub mean: f64,
    /// Largest value.
    pub max: f64,
    /// Of how many readings it is made, at least 1.
    pub count: u32,
}

impl Point {
    /// A reading. Minus zero becomes zero.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`]: not finite, or a time that is not of this age.
    pub fn reading(at: i64, value: f64) -> Result<Self> {
        check_time(at)?;
        if !value.is_finite() {
            return Err(Error::Refused("its value is not finite"));
        }
        let value = value + 0.0;
        Ok(Self { at, min: value, mean: value, max: value, count: 1 })
    }

    /// Whether all that is said about points holds.
    pub(crate) fn is_sound(&self) -> bool {
        let finite = self.min.is_finite() && self.max.is_finite();
        let ordered = self.min <= self.mean && self.mean <= self.max;
        finite && ordered && self.count > 0 && (0..TIME_SECONDS_MAX).contains(&self.at)
    }
}
