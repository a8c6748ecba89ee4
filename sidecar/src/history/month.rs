//! Days of a month that is over become a row for each series.

use std::collections::{BTreeMap, BTreeSet};

use atalaya_history::{BlockId, Level, Month, MonthId, NodeNumber, Point, SeriesId};
use rusqlite::Connection;

use super::rows::{Rows, with_times};
use super::{Chores, Step};
use crate::db::{history as rows, series};
use crate::error::Result;
use crate::limits::{CLOSE_AFTER_SECONDS, CLOSE_SERIES_MAX};

/// A month of a node that is being closed, some series a step. What was written of it before all of it was is as true as
/// the days that are still there, and is written again after a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Closing {
    pub(super) node: u16,
    month: Month,
    done: Option<SeriesId>,
}

/// Months that are to be closed: of each node the oldest one that is over.
pub(super) fn due(connection: &Connection, nodes: &[u16], now: i64) -> Result<Vec<Closing>> {
    let mut due = Vec::new();
    for node in nodes {
        let first = rows::first_block(connection, &rows::all_of(NodeNumber(*node), Level::Hours))?;
        let Some(month) = first.map(|id| Month::of(id.start())) else { continue };
        if month.end() + CLOSE_AFTER_SECONDS <= now {
            due.push(Closing { node: *node, month, done: None });
        }
    }
    Ok(due)
}

impl Chores {
    /// Closes some series of a month.
    pub(super) fn close(&mut self, connection: &mut Connection) -> Result<Option<Step>> {
        let Some(closing) = self.closings.pop() else { return Ok(None) };
        let Closing { node, month, .. } = closing;
        for level in [Level::FiveMinutes, Level::Hours] {
            let range = BlockId::over(NodeNumber(node), level, month.start()..month.end());
            // Made anew first; it is looked at again in an hour.
            if range.is_some_and(|range| rows::stale(connection, &range).is_ok_and(|stale| !stale.is_empty())) {
                return Ok(None);
            }
        }
        let damage = &self.handle.0.damage;
        let (encoder, decoder) = (&mut self.encoder, &mut self.decoder);
        let mut rows = Rows { transaction: rows::begin(connection)?, encoder, decoder, damage };
        let done = some(&mut rows, &closing)?;
        rows.transaction.commit()?;
        if done.is_some() {
            self.closings.push(Closing { done, ..closing });
        }
        Ok(Some(Step::Closed { node, month }))
    }
}

/// Writes the months of the next series; the last of them, or `None` when that was all and the days are gone.
fn some(rows: &mut Rows<'_>, closing: &Closing) -> Result<Option<SeriesId>> {
    let Closing { node, month, done } = *closing;
    let Some(range) = BlockId::over(NodeNumber(node), Level::Hours, month.start()..month.end()) else {
        return Ok(None);
    };
    let days = rows::block_ids(&rows.transaction, &range)?;
    let mut wanted = BTreeSet::new();
    for day in &days {
        let found = rows::block(&rows.transaction, day.row(), |row| rows.decoder.series_of_block(*day, row))?;
        match found {
            Some(Ok(found)) => wanted.extend(found.into_iter().filter(|series| Some(*series) > done)),
            // Noted as a gap.
            _ => drop(rows.read(*day)?),
        }
    }
    let wanted: Vec<SeriesId> = wanted.into_iter().take(CLOSE_SERIES_MAX).collect();
    for (series, hours) in hours_of(rows, &days, &wanted)? {
        let id = MonthId { series, month };
        let hours = beside(rows, id, hours)?;
        let row = rows.encoder.month(id, &hours)?;
        rows::put_month(&rows.transaction, id.row(), &row)?;
    }
    series::seen(&rows.transaction, wanted.iter().copied(), month)?;
    if wanted.len() == CLOSE_SERIES_MAX {
        return Ok(wanted.last().copied());
    }
    rows::remove_blocks(&rows.transaction, &range, u32::from(u16::MAX))?;
    let known = rows::closed(&rows.transaction, node)?;
    let since = known.map_or(month.start(), |(since, _)| since.min(month.start()));
    let until = known.map_or(month.end(), |(_, until)| until.max(month.end()));
    rows::put_closed(&rows.transaction, node, since, until)?;
    Ok(None)
}

fn hours_of(rows: &mut Rows<'_>, days: &[BlockId], wanted: &[SeriesId]) -> Result<BTreeMap<SeriesId, Vec<Point>>> {
    let mut hours: BTreeMap<SeriesId, Vec<Point>> = BTreeMap::new();
    for (day, times) in with_times(days) {
        let read = |row: &[u8]| rows.decoder.some_of_block(day, row, wanted);
        let Some(Ok(table)) = rows::block(&rows.transaction, day.row(), read)? else { continue };
        for (series, points) in table.cut(times).iter() {
            hours.entry(series).or_default().extend_from_slice(points);
        }
    }
    Ok(hours)
}

/// Hours beside those of the month that was closed before them, and in their place.
fn beside(rows: &mut Rows<'_>, id: MonthId, hours: Vec<Point>) -> Result<Vec<Point>> {
    match rows::month(&rows.transaction, id.row(), |row| rows.decoder.month(id, row))? {
        None => Ok(hours),
        Some(Ok(old)) => {
            let all = old.into_iter().chain(hours).map(|point| (point.at, point));
            Ok(all.collect::<BTreeMap<i64, Point>>().into_values().collect())
        }
        Some(Err(why)) => {
            rows.damage.tell(id.row(), &why);
            Ok(hours)
        }
    }
}
