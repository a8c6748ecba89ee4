//! A node's hour of frames becomes a block, or goes into the one that is there.

use atalaya_history::{BlockId, Level, Month, NodeNumber, Table, Tier};

use super::rows::Rows;
use super::{Chores, Step, damage};
use crate::db::{history as rows, series::Series};
use crate::error::{Error, Result};
use crate::limits::SEAL_POINTS_MAX;
use crate::tower::BUILT;

/// An hour that cannot become a block is tried again after so many seconds.
const AGAIN_SECONDS: i64 = 3_600;

/// What became of an hour's frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sealed {
    /// They are in a block.
    Block,
    /// Their node was forgotten.
    Forgotten,
    /// Their hour was taken away already; made anew from them alone its figures would be worse than they are.
    Late,
    /// Nobody knows when they were made: the clock of this machine was wrong.
    Undated,
    /// There is no room.
    Full,
}

impl Chores {
    /// Seals what is due, an hour of one node.
    pub(super) fn seal(&mut self, connection: &mut rusqlite::Connection, now: i64) -> Result<Option<Step>> {
        let place = self.handle.head().due(now);
        let Some((node, hour)) = place else { return Ok(None) };
        match self.seal_hour(connection, node, hour) {
            Ok((sealed, frames)) => {
                self.handle.head().gone((node, hour), frames);
                if matches!(sealed, Sealed::Late | Sealed::Undated) {
                    tracing::info!(node, hour, frames, why = ?sealed, "frames are left out of history");
                }
                Ok(Some(Step::Sealed { node, hour, sealed }))
            }
            Err(err) => {
                self.handle.head().later((node, hour), now + AGAIN_SECONDS);
                Err(err)
            }
        }
    }

    fn seal_hour(&mut self, connection: &mut rusqlite::Connection, node: u16, hour: i64) -> Result<(Sealed, usize)> {
        let ids = self.handle.head().ids((node, hour));
        let transaction = rows::begin(connection)?;
        let sealed = if !rows::has_node(&transaction, node)? {
            Sealed::Forgotten
        } else if hour < BUILT {
            Sealed::Undated
        } else if hour < rows::kept_from(&transaction, Tier::Raw)? {
            Sealed::Late
        } else if self.full.is_some() {
            rows::put_gap(&transaction, node, hour, hour + Level::Raw.span(), "full")?;
            Sealed::Full
        } else {
            Sealed::Block
        };
        let mut frames = ids.len();
        let damage = &self.handle.0.damage;
        let (encoder, decoder) = (&mut self.encoder, &mut self.decoder);
        let mut rows = Rows { transaction, encoder, decoder, damage };
        if sealed == Sealed::Block {
            let (table, taken) = gather(&rows, &mut self.unpacker, node, hour, &ids)?;
            frames = taken;
            if !table.is_empty() {
                rows.merge(NodeNumber(node), hour, &table)?;
                let six_hours = BlockId::of(NodeNumber(node), Level::FiveMinutes, hour)?;
                mark(&rows, six_hours, hour)?;
                self.roll_at = self.roll_at.min(super::roll::due(six_hours));
            }
        }
        rows::remove_frames(&rows.transaction, ids.get(..frames).unwrap_or(&ids))?;
        rows.transaction.commit()?;
        Ok((sealed, frames))
    }
}

/// The hour that begins at `hour` is to be made anew in a row of a higher level.
pub(super) fn mark(rows: &Rows<'_>, id: BlockId, hour: i64) -> Result<()> {
    let bit = (hour - id.start()) / Level::Hours.step();
    rows::mark_stale(&rows.transaction, id, 1 << bit.clamp(0, 23))
}

/// Points of frames, until there are enough for one step; of how many frames they are.
fn gather(
    rows: &Rows<'_>,
    unpacker: &mut super::frame::Unpacker,
    node: u16,
    hour: i64,
    ids: &[i64],
) -> Result<(Table, usize)> {
    let to = &rows.transaction;
    let mut series = Series::load(to, node)?;
    let (mut table, mut taken, month) = (Table::new(), 0, Month::of(hour));
    for id in ids {
        if table.len() >= SEAL_POINTS_MAX {
            break;
        }
        let mut failed: Option<Error> = None;
        let read = rows::frame(to, *id, node, |at_millis, flags, body| {
            let at = at_millis.div_euclid(1000);
            unpacker.each(flags, body, |object, key, value| match series.of(to, object, key, month) {
                // What is no point is left out: there is no such value on the wire.
                Ok(Some(series)) => drop(table.add(series, at, value)),
                Ok(None) => {}
                Err(err) => failed = Some(err),
            })
        })?;
        if let Some(err) = failed {
            return Err(err);
        }
        if let Some(Err(why)) = read {
            tracing::error!(node, frame = *id, %why, "it is left out of history");
            rows::put_gap(to, node, hour, hour + Level::Raw.span(), damage::WHY)?;
        }
        taken += 1;
    }
    if series.refused > 0 {
        tracing::warn!(node, keys = series.refused, "the node has too many series; what is new is not kept");
    }
    Ok((table, taken))
}
