//! Points of many series in memory: what a block is made from and read into.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Range;

use crate::limits::{SERIES_PER_NODE_MAX, TABLE_POINTS_MAX};
use crate::{Error, Point, Result, SeriesId};

/// Points by series, each series by time. 40 bytes a point, at most [`TABLE_POINTS_MAX`] of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    series: BTreeMap<SeriesId, Vec<Point>>,
    points: usize,
}

impl Table {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a reading: of a frame, in whatever order they come. `false` if that second has one already, which stays.
    ///
    /// # Errors
    ///
    /// As [`Point::reading`] and [`Self::insert`].
    pub fn add(&mut self, series: SeriesId, at: i64, value: f64) -> Result<bool> {
        self.insert(series, Point::reading(at, value)?)
    }

    /// Adds a point. `false` if there is one of that time already, which stays.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`]: no sound point. [`Error::Full`]: too many points or series; nothing was added.
    pub fn insert(&mut self, series: SeriesId, point: Point) -> Result<bool> {
        if !point.is_sound() {
            return Err(Error::Refused("it is no point"));
        }
        let (count, full) = (self.series.len(), self.points >= TABLE_POINTS_MAX);
        let points = match self.series.entry(series) {
            Entry::Vacant(_) if count >= SERIES_PER_NODE_MAX => return Err(Error::Full("too many series")),
            Entry::Vacant(_) if full => return Err(Error::Full("too many points")),
            entry => entry.or_default(),
        };
        // Nearly always behind the last.
        let place = match points.last() {
            Some(last) if point.at <= last.at => match points.binary_search_by_key(&point.at, |known| known.at) {
                Ok(_) => return Ok(false),
                Err(place) => place,
            },
            _ => points.len(),
        };
        if full {
            return Err(Error::Full("too many points"));
        }
        points.insert(place, point);
        self.points += 1;
        Ok(true)
    }

    /// Adds points of another table; what is there stays.
    ///
    /// # Errors
    ///
    /// As [`Self::insert`]; then some may have been added.
    pub(crate) fn insert_all(&mut self, series: SeriesId, points: &[Point]) -> Result<()> {
        let last = self.series.get(&series).and_then(|known| known.last());
        let behind = last.zip(points.first()).is_none_or(|(last, first)| last.at < first.at);
        let room = self.points + points.len() <= TABLE_POINTS_MAX && self.series.len() < SERIES_PER_NODE_MAX;
        if behind && room && !points.is_empty() {
            self.series.entry(series).or_default().extend_from_slice(points);
            self.points += points.len();
            return Ok(());
        }
        points.iter().try_for_each(|point| self.insert(series, *point).map(drop))
    }

    /// A table of rising sound points; whoever calls has checked that and the limits.
    pub(crate) fn put(&mut self, series: SeriesId, points: Vec<Point>) {
        if !points.is_empty() {
            self.points += points.len();
            self.points -= self.series.insert(series, points).map_or(0, |old| old.len());
        }
    }

    /// Points of a series by time; none if it is not here.
    #[must_use]
    pub fn points(&self, series: SeriesId) -> &[Point] {
        self.series.get(&series).map_or(&[], Vec::as_slice)
    }

    /// All series that have points.
    pub fn iter(&self) -> impl Iterator<Item = (SeriesId, &[Point])> {
        self.series.iter().map(|(series, points)| (*series, points.as_slice()))
    }

    /// How many points there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.points
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.points == 0
    }

    /// First and last time.
    #[must_use]
    pub fn extent(&self) -> Option<(i64, i64)> {
        let first = self.series.values().filter_map(|points| points.first()).map(|point| point.at).min()?;
        let last = self.series.values().filter_map(|points| points.last()).map(|point| point.at).max()?;
        Some((first, last))
    }

    /// What lies in `times`, taken out.
    #[must_use]
    pub fn cut(&self, times: Range<i64>) -> Self {
        let mut out = Self::new();
        for (series, points) in self.iter() {
            out.put(series, within(points, &times).to_vec());
        }
        out
    }
}

/// Those of rising points that lie in `times`.
pub(crate) fn within<'a>(points: &'a [Point], times: &Range<i64>) -> &'a [Point] {
    let begin = points.partition_point(|point| point.at < times.start);
    let end = points.partition_point(|point| point.at < times.end);
    points.get(begin..end).unwrap_or(&[])
}
