//! The day on which a file system is full.

use std::time::Duration;

use atalaya_history::{Forecast, limits::FORECAST_DAYS_MAX};
use rusqlite::Connection;

use super::Handle;
use super::read::{Asked, Wanted, history};
use crate::clock::Now;
use crate::error::Result;

const DAY: i64 = 86_400;

/// When a file system of a node will be full, if its growth says so; made anew once an hour. `object` is `fs/ID`.
///
/// # Errors
///
/// What the database says.
pub fn full(connection: &Connection, handle: &Handle, node: u16, object: &str, now: Now) -> Result<Forecast> {
    if let Some(known) = handle.forecast(node, object, now.since_start) {
        return Ok(known);
    }
    let forecast = foresee(connection, handle, node, object, now.seconds())?;
    handle.remember(node, object, now.since_start, forecast);
    Ok(forecast)
}

/// What is used is what there is less what programs can still write: it is full when that is nothing.
fn foresee(connection: &Connection, handle: &Handle, node: u16, object: &str, now: i64) -> Result<Forecast> {
    let wanted = ["size_bytes", "free_bytes"].map(|key| Wanted { object: object.to_owned(), key: key.to_owned() });
    let from = now - now.rem_euclid(DAY) - FORECAST_DAYS_MAX as i64 * DAY;
    let asked = Asked {
        wanted: wanted.into(),
        from,
        until: now,
        points: FORECAST_DAYS_MAX + 1,
        interval: Duration::from_secs(60),
    };
    let answer = history(connection, handle, node, &asked, now)?;
    let [sizes, frees] = answer.series.as_slice() else { return Ok(atalaya_history::forecast(&[], 0.0)) };
    let size = sizes.points.last().map_or(0.0, |point| point.max);
    let days = frees.points.iter().filter_map(|free| {
        let at = sizes.points.binary_search_by_key(&free.at, |size| size.at).ok()?;
        Some((free.at, sizes.points.get(at)?.mean - free.mean))
    });
    Ok(atalaya_history::forecast(&days.collect::<Vec<_>>(), size))
}
