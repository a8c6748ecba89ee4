//! The day on which something is full, if its growth says so. `docs/history.md`, "Forecasts", has the rules.

use crate::limits::{FORECAST_AHEAD_SECONDS_MAX, FORECAST_DAYS_MAX, FORECAST_DAYS_MIN, TIME_SECONDS_MAX};

const DAY: f64 = 86_400.0;
/// From a median distance to what is a standard deviation where distances are normal.
const SCATTER: f64 = 1.4826;
/// What it grew by must be so many times the scatter.
const CLEAR: f64 = 4.0;
/// The later half may grow so many times faster or slower.
const STEADY: f64 = 3.0;
/// A forecast goes so many times further ahead than was looked back.
const AHEAD: f64 = 4.0;
/// Beyond this nothing has a size, and sums of it stay finite.
const USED_MAX: f64 = 1e24;

/// What can be said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Forecast {
    /// It is full now.
    Full,
    /// It will be full at that second, if it goes on so.
    At(i64),
    /// Nothing.
    NotForeseeable(Unclear),
}

/// Why nothing can be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unclear {
    /// Fewer than seven days.
    TooFew,
    /// It stays as it is, or falls.
    NotGrowing,
    /// It goes up and down by more than it grows.
    Noisy,
    /// It grows now much faster or slower than before.
    Unsteady,
    /// The day is further ahead than the past says anything about.
    TooFar,
}

/// When `size` is reached. `days` are use by time, a point a day, rising; the last ninety count. What is no
/// number or of no age is left out.
#[must_use]
pub fn forecast(days: &[(i64, f64)], size: f64) -> Forecast {
    match reached(days, size) {
        Ok(forecast) => forecast,
        Err(why) => Forecast::NotForeseeable(why),
    }
}

fn reached(days: &[(i64, f64)], size: f64) -> Result<Forecast, Unclear> {
    let sound = |(at, used): &&(i64, f64)| (0..TIME_SECONDS_MAX).contains(at) && used.abs() <= USED_MAX;
    let known: Vec<(i64, f64)> = days.iter().filter(sound).copied().collect();
    let known = known.get(known.len().saturating_sub(FORECAST_DAYS_MAX)..).unwrap_or(&[]);
    let (Some(first), Some(last)) = (known.first(), known.last()) else { return Err(Unclear::TooFew) };
    if last.1 >= size {
        return Ok(Forecast::Full);
    }
    // Days since the last one: small numbers, and what is sought is how far after it.
    let points: Vec<(f64, f64)> = known.iter().map(|(at, used)| ((at - last.0) as f64 / DAY, *used)).collect();
    let span = (last.0 - first.0) as f64 / DAY;
    if points.len() < FORECAST_DAYS_MIN || span < FORECAST_DAYS_MIN as f64 - 1.0 {
        return Err(Unclear::TooFew);
    }
    let (slope, now) = line(&points, span)?;
    let ahead = ((size - now) / slope).max(0.0);
    // So written that an answer which is no number is none.
    if ahead <= AHEAD * span && ahead * DAY <= FORECAST_AHEAD_SECONDS_MAX as f64 {
        return Ok(Forecast::At(last.0 + (ahead * DAY) as i64));
    }
    Err(Unclear::TooFar)
}

/// Growth a day, and where the line is on the last day.
fn line(points: &[(f64, f64)], span: f64) -> Result<(f64, f64), Unclear> {
    let slope = slope(points);
    let later = self::slope(points.get(points.len() / 2..).unwrap_or(&[]));
    if slope <= 0.0 || later <= 0.0 {
        return Err(Unclear::NotGrowing);
    }
    if later > slope * STEADY || later * STEADY < slope {
        return Err(Unclear::Unsteady);
    }
    let now = median(points.iter().map(|(x, y)| y - slope * x).collect());
    let scatter = SCATTER * median(points.iter().map(|(x, y)| (y - slope * x - now).abs()).collect());
    if slope * span < CLEAR * scatter {
        return Err(Unclear::Noisy);
    }
    Ok((slope, now))
}

/// The median of the slopes between all pairs (Theil 1950, Sen 1968): up to 29 of 100 points may be anything.
fn slope(points: &[(f64, f64)]) -> f64 {
    let mut slopes = Vec::with_capacity(points.len() * points.len() / 2);
    for (at, a) in points.iter().enumerate() {
        slopes.extend(points.iter().skip(at + 1).filter(|b| b.0 > a.0).map(|b| (b.1 - a.1) / (b.0 - a.0)));
    }
    median(slopes)
}

/// 0 of nothing.
fn median(mut values: Vec<f64>) -> f64 {
    let middle = values.len() / 2;
    if values.is_empty() {
        return 0.0;
    }
    let even = values.len().is_multiple_of(2);
    let (below, upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    match below.iter().copied().max_by(f64::total_cmp) {
        Some(lower) if even => lower / 2.0 + *upper / 2.0,
        _ => *upper,
    }
}
