//! What is too old goes, and what there is no room for.

use atalaya_history::{BlockId, Found, Keep, Level, Month, Next, NodeNumber, Tier, Why, limits, next};
use rusqlite::Connection;

use super::{Chores, Step};
use crate::db::{history as rows, room, series};
use crate::error::Result;
use crate::limits::REMOVE_ROWS_MAX;

/// The log is cut off before something is taken away, if it is longer.
const LOG_BYTES_MAX: u64 = 1 << 20;
/// In hundredths of the limit: below it history is taken again after there was no room.
const ROOM_PERCENT: u64 = 85;
/// By a clock that is not trusted nothing is too old, and what goes by size goes in the same order as ever.
const DISTRUST: i64 = 1_000_000;

/// What is being taken away, node by node.
#[derive(Debug)]
pub(super) struct Removing {
    tier: Tier,
    before: i64,
    nodes: Vec<u16>,
}

impl Chores {
    /// Takes something away, if there is anything to take.
    pub(super) fn room(&mut self, connection: &mut Connection, now: i64) -> Result<Option<Step>> {
        if let Some(removing) = self.removing.take() {
            return self.remove(connection, removing).map(Some);
        }
        let mut size = room::Size::of(connection)?;
        let fits = self.terms.keep.size_max / 100 * limits::FULL_PERCENT;
        if size.bytes() > fits && size.log > LOG_BYTES_MAX.min(self.terms.keep.size_max / 100) {
            room::cut_log(connection)?;
            size = room::Size::of(connection)?;
        }
        // Dropping what waits makes a little room, which is no end of it.
        if size.bytes() <= self.terms.keep.size_max / 100 * ROOM_PERCENT {
            self.full = None;
        }
        if size.bytes() <= fits && !self.aging {
            return Ok(None);
        }
        let nodes = rows::nodes(connection)?;
        let found = Found { bytes: size.bytes(), oldest: oldest(connection, &nodes)? };
        match next(&self.keep(now), &found, now) {
            Next::Enough => {
                self.aging = false;
                Ok(None)
            }
            Next::Remove { tier, before, why } => {
                if why == Why::Size {
                    tracing::info!(?tier, before, bytes = size.bytes(), "history is taken away, as there is too much");
                }
                self.remove(connection, Removing { tier, before, nodes }).map(Some)
            }
            Next::Full(bytes) => self.is_full(connection, &size, bytes),
        }
    }

    fn keep(&self, now: i64) -> Keep {
        let keep = self.terms.keep;
        if now >= self.settles_at {
            return keep;
        }
        let long = |seconds: i64| seconds.saturating_mul(DISTRUST);
        Keep { raw: long(keep.raw), five_minutes: long(keep.five_minutes), hours: long(keep.hours), ..keep }
    }

    /// Rows of some nodes. What is kept begins there from the first step on, so that nobody puts anything before it.
    fn remove(&mut self, connection: &mut Connection, mut removing: Removing) -> Result<Step> {
        let Removing { tier, before, .. } = removing;
        let transaction = rows::begin(connection)?;
        rows::put_kept_from(&transaction, tier, before)?;
        let mut removed = 0;
        while removed < REMOVE_ROWS_MAX as usize
            && let Some(node) = removing.nodes.pop()
        {
            let level = match tier {
                Tier::Raw => Level::Raw,
                Tier::FiveMinutes => Level::FiveMinutes,
                Tier::Hours | Tier::Events => Level::Hours,
            };
            if let Some(range) = BlockId::older(NodeNumber(node), level, before) {
                removed += rows::remove_blocks(&transaction, &range, u32::from(u16::MAX))?;
            }
            if tier == Tier::Hours
                && let Some((since, until)) = rows::closed(&transaction, node)?
                && since < before
            {
                removed += series::remove_before(&transaction, node, Month::of(before))?;
                rows::put_closed(&transaction, node, before.min(until), until)?;
            }
        }
        transaction.commit()?;
        if !removing.nodes.is_empty() {
            self.removing = Some(removing);
        }
        Ok(Step::Removed { tier, rows: removed })
    }

    /// Nothing more may go: nothing more is taken, and what waits goes where it is too much by itself.
    fn is_full(&mut self, connection: &mut Connection, size: &room::Size, bytes: u64) -> Result<Option<Step>> {
        self.aging = false;
        if self.full.is_none() {
            let why = format!(
                "the database is {} MiB larger than history.size_max allows and nothing more may go; no history is taken \
                 until there is room: raise size_max, or have fewer nodes",
                bytes >> 20
            );
            tracing::error!(why);
            self.full = Some(why);
        }
        if size.bytes() <= self.terms.keep.size_max {
            return Ok(None);
        }
        let oldest = rows::oldest_frames(connection, REMOVE_ROWS_MAX)?;
        if oldest.is_empty() {
            return Ok(None);
        }
        let transaction = rows::begin(connection)?;
        for frame in &oldest {
            let hour = super::head::hour(frame);
            rows::put_gap(&transaction, frame.node, hour, hour + Level::Raw.span(), "full")?;
        }
        let ids: Vec<i64> = oldest.iter().map(|frame| frame.id).collect();
        rows::remove_frames(&transaction, &ids)?;
        transaction.commit()?;
        self.handle.head().forget(&oldest);
        Ok(Some(Step::Dropped { frames: ids.len() }))
    }
}

/// First seconds of the oldest row of each tier, of all nodes.
fn oldest(connection: &Connection, nodes: &[u16]) -> Result<[Option<i64>; 4]> {
    let mut oldest = [None; 4];
    let mut older = |at: usize, start: Option<i64>| {
        let known: &mut Option<i64> = &mut oldest[at];
        *known = (*known).into_iter().chain(start).min();
    };
    for node in nodes {
        for (at, level) in Level::ALL.into_iter().enumerate() {
            let first = rows::first_block(connection, &rows::all_of(NodeNumber(*node), level))?;
            older(at, first.map(BlockId::start));
        }
        let closed = rows::closed(connection, *node)?;
        older(2, closed.filter(|(since, until)| since < until).map(|(since, _)| since));
    }
    Ok(oldest)
}
