//! `[history]`.

use std::time::Duration;

use atalaya_base::config::{DAY, Length, Mistake, Size, Spanned};
use serde::Deserialize;

const YEAR: u64 = 366 * DAY;
const SIZE_MIN: u64 = 64 << 20;
const SIZE_MAX: u64 = 1 << 40;

/// What is kept for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// Readings as they came.
    pub raw: Duration,
    /// In steps of five minutes.
    pub five_minutes: Duration,
    /// In steps of an hour.
    pub hours: Duration,
    /// Of the whole database, in bytes.
    pub size_max: u64,
    /// Frames wait so long to be written together.
    pub flush: Duration,
    /// Runs, events, records.
    pub events: Duration,
    /// Who did what.
    pub audit: Duration,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Raw {
    raw: Length<DAY, { 90 * DAY }>,
    five_minutes: Option<Spanned<Length<{ 7 * DAY }, { 2 * YEAR }>>>,
    hours: Option<Spanned<Length<{ 90 * DAY }, { 20 * YEAR }>>>,
    size_max: Option<Spanned<Size>>,
    flush: Length<1, 900>,
    events: Length<{ 30 * DAY }, { 10 * YEAR }>,
    audit: Length<{ 400 * DAY }, { 10 * YEAR }>,
}

impl Default for Raw {
    fn default() -> Self {
        Self {
            raw: Length(Duration::from_secs(7 * DAY)),
            five_minutes: None,
            hours: None,
            size_max: None,
            flush: Length(Duration::from_secs(60)),
            events: Length(Duration::from_secs(400 * DAY)),
            audit: Length(Duration::from_secs(400 * DAY)),
        }
    }
}

impl Raw {
    pub(super) fn check(self) -> Result<History, Mistake> {
        let raw = self.raw.0;
        let five_minutes =
            self.five_minutes.as_ref().map_or(Duration::from_secs(60 * DAY), |length| length.get_ref().0);
        let hours = self.hours.as_ref().map_or(Duration::from_secs(3 * 365 * DAY), |length| length.get_ref().0);
        if let Some(place) = self.five_minutes.as_ref().filter(|_| five_minutes < raw) {
            return Err(Mistake::at("history.five_minutes", place, "is shorter than raw, and comes after it"));
        }
        if let Some(place) = self.hours.as_ref().filter(|_| hours < five_minutes) {
            return Err(Mistake::at("history.hours", place, "is shorter than five_minutes, and comes after it"));
        }
        let size_max = self.size_max.as_ref().map_or(1 << 30, |size| size.get_ref().0);
        if let Some(place) = self.size_max.as_ref().filter(|_| !(SIZE_MIN..=SIZE_MAX).contains(&size_max)) {
            return Err(Mistake::at("history.size_max", place, "must be between 64M and 1T"));
        }
        let Self { flush, events, audit, .. } = self;
        Ok(History { raw, five_minutes, hours, size_max, flush: flush.0, events: events.0, audit: audit.0 })
    }
}
