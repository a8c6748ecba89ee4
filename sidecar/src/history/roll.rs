//! Levels 2 and 3 are made anew where something came into the level below.

use atalaya_history::{BlockId, Level, roll_table};
use rusqlite::Connection;

use super::rows::{Rows, with_times};
use super::{Chores, Step, seal};
use crate::db::history as rows;
use crate::error::Result;
use crate::limits::ROLL_AFTER_SECONDS;

const HOUR: i64 = Level::Hours.step();

/// When a row of level 2 or 3 may be made: its last hour is a block by then, and six hours are made before their day.
pub(super) const fn due(id: BlockId) -> i64 {
    match id.level() {
        Level::Raw | Level::FiveMinutes => id.end() + ROLL_AFTER_SECONDS,
        Level::Hours => id.end() + 2 * ROLL_AFTER_SECONDS,
    }
}

impl Chores {
    /// Makes one row anew.
    pub(super) fn roll(&mut self, connection: &mut Connection, now: i64) -> Result<Option<Step>> {
        if now < self.roll_at {
            return Ok(None);
        }
        let mut stale = rows::stale(connection, &(0..=i64::MAX))?;
        // All six hours first: days are made of them.
        stale.sort_by_key(|(id, _)| (id >> 37 & 7, *id));
        let mut next = i64::MAX;
        for (row, hours) in stale {
            let at = BlockId::from_row(row).map_or(0, due);
            if at <= now {
                return self.roll_one(connection, row, hours).map(Some);
            }
            next = next.min(at);
        }
        self.roll_at = next;
        Ok(None)
    }

    fn roll_one(&mut self, connection: &mut Connection, row: i64, hours: u32) -> Result<Step> {
        let damage = &self.handle.0.damage;
        let (encoder, decoder) = (&mut self.encoder, &mut self.decoder);
        let mut rows = Rows { transaction: rows::begin(connection)?, encoder, decoder, damage };
        rows::unmark_stale(&rows.transaction, row)?;
        if let Ok(id) = BlockId::from_row(row) {
            anew(&mut rows, id, hours)?;
            // What was read of its days for the months is old now.
            self.closings.retain(|closing| closing.node != id.node().0);
        }
        rows.transaction.commit()?;
        Ok(Step::Rolled { row })
    }
}

/// Hours of a row, each from what there is of it in the level below. What cannot be read leaves what is there.
fn anew(rows: &mut Rows<'_>, id: BlockId, hours: u32) -> Result<()> {
    let (node, level) = (id.node(), id.level());
    let below = if level == Level::Hours { Level::FiveMinutes } else { Level::Raw };
    let Some(range) = BlockId::over(node, below, id.start()..id.end()) else { return Ok(()) };
    let sources = rows::block_ids(&rows.transaction, &range)?;
    for (source, times) in with_times(&sources) {
        let marked = (0..24)
            .map(|bit| (bit, id.start() + bit * HOUR))
            .filter(|(bit, hour)| hours >> bit & 1 == 1 && *hour < times.end && times.start < hour + HOUR);
        let marked: Vec<i64> = marked.map(|(_, hour)| hour).collect();
        if marked.is_empty() {
            continue;
        }
        let Some(table) = rows.read(source)? else { continue };
        rows.replace(node, level, &times, &roll_table(&table.cut(times.clone()), level))?;
        if level == Level::FiveMinutes {
            let day = BlockId::of(node, Level::Hours, id.start())?;
            for hour in marked {
                seal::mark(rows, day, hour)?;
            }
        }
    }
    Ok(())
}
