//! Which time a node has at which level, whole.

use std::ops::Range;

use atalaya_history::{BlockId, Have, Level, NodeNumber, Tier};
use rusqlite::Connection;

use crate::db::history as rows;
use crate::error::Result;

/// Looks it up. What is to be made anew is read from the level below, and what waits is read beside.
pub(super) fn of(connection: &Connection, node: u16, now: i64) -> Result<Have> {
    let stale = |level: Level| -> Result<Option<i64>> {
        let stale = rows::stale(connection, &rows::all_of(NodeNumber(node), level))?;
        Ok(stale.first().and_then(|(id, _)| BlockId::from_row(*id).ok()).map(BlockId::start))
    };
    let whole = |at: i64, level: Level| at - at.rem_euclid(level.span());
    let five_stale = stale(Level::FiveMinutes)?.unwrap_or(now);
    let hours_stale = stale(Level::Hours)?.unwrap_or(now);
    let five_minutes = whole(now.min(five_stale), Level::FiveMinutes);
    let hours = whole(now.min(five_stale).min(hours_stale), Level::Hours);
    let from = |tier| rows::kept_from(connection, tier);
    let (since, until) = rows::closed(connection, node)?.unwrap_or((0, 0));
    Ok(Have {
        // Its last hours may lie in blocks before their time, or wait.
        raw: range(from(Tier::Raw)?, i64::MAX),
        five_minutes: range(from(Tier::FiveMinutes)?, five_minutes),
        hours: range(until.max(from(Tier::Hours)?), hours),
        months: range(since, until),
    })
}

fn range(from: i64, until: i64) -> Range<i64> {
    from..until.max(from)
}
