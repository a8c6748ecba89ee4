//! Numbers with bounds.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

/// A whole number from `MIN` to `MAX`.
#[derive(Clone, Copy, Debug)]
pub struct Whole<const MIN: i64, const MAX: i64>(pub u32);

struct Bounds<const MIN: i64, const MAX: i64>;

impl<const MIN: i64, const MAX: i64> Visitor<'_> for Bounds<MIN, MAX> {
    type Value = Whole<MIN, MAX>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a whole number from {MIN} to {MAX}")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        let fits = u32::try_from(number).ok().filter(|_| (MIN..=MAX).contains(&number));
        fits.map(Whole).ok_or_else(|| E::custom(format!("{number} is not from {MIN} to {MAX}")))
    }
}

impl<'de, const MIN: i64, const MAX: i64> Deserialize<'de> for Whole<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_i64(Bounds)
    }
}

/// A number above 0 and up to `MAX`; 0 is never, which is `None`.
#[derive(Clone, Copy, Debug)]
pub struct Above<const MAX: u32>(pub Option<f32>);

struct Bound<const MAX: u32>;

impl<const MAX: u32> Visitor<'_> for Bound<MAX> {
    type Value = Above<MAX>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a number up to {MAX}, or 0 for never")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        self.visit_f64(number as f64)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        match number {
            0.0 => Ok(Above(None)),
            _ if number > 0.0 && number <= f64::from(MAX) => Ok(Above(Some(number as f32))),
            _ => Err(E::custom(format!("{number} is not between 0 (never) and {MAX}"))),
        }
    }
}

impl<'de, const MAX: u32> Deserialize<'de> for Above<MAX> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Bound)
    }
}

/// For a field that is a plain number: `#[serde(deserialize_with = "whole::<_, 1, 3>")]`.
///
/// # Errors
///
/// Of the parser, saying which numbers may stand there.
pub fn whole<'de, D: Deserializer<'de>, const MIN: i64, const MAX: i64>(from: D) -> Result<u64, D::Error> {
    Whole::<MIN, MAX>::deserialize(from).map(|number| number.0.into())
}
