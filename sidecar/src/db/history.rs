//! Frames that wait, blocks and months. What is in them is `history`'s; here they are bytes with a number.

use std::ops::RangeInclusive;

use atalaya_history::{BlockId, Level, NodeNumber, Tier};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use crate::error::Result;

/// A frame as it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Waiting {
    pub(crate) id: i64,
    pub(crate) node: u16,
    pub(crate) at_millis: i64,
}

/// A transaction of a step. A power cut may take it: then the frames are there again.
pub(crate) fn begin(connection: &mut Connection) -> Result<Transaction<'_>> {
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    Ok(connection.transaction_with_behavior(TransactionBehavior::Immediate)?)
}

/// Frames after this number, at most so many.
pub(crate) fn waiting(connection: &Connection, after: i64, limit: u32) -> Result<Vec<Waiting>> {
    let sql = "SELECT id, node, at_millis FROM frame WHERE id > ?1 ORDER BY id LIMIT ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params![after, limit], |row| {
        Ok(Waiting { id: row.get(0)?, node: row.get(1)?, at_millis: row.get(2)? })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Gives a frame of this node to `read`: when it was made in milliseconds since 1970, its flags, its body. `None` if it
/// is not there any more.
pub(crate) fn frame<T>(
    connection: &Connection,
    id: i64,
    node: u16,
    read: impl FnOnce(i64, u8, &[u8]) -> T,
) -> Result<Option<T>> {
    let mut statement =
        connection.prepare_cached("SELECT at_millis, flags, body FROM frame WHERE id = ?1 AND node = ?2")?;
    let found = statement.query_row(params![id, node], |row| {
        let body = row.get_ref(2)?.as_blob()?;
        Ok(read(row.get(0)?, row.get(1)?, body))
    });
    Ok(found.optional()?)
}

/// Removes frames.
pub(crate) fn remove_frames(transaction: &Transaction<'_>, ids: &[i64]) -> Result<()> {
    let mut statement = transaction.prepare_cached("DELETE FROM frame WHERE id = ?1")?;
    for id in ids {
        statement.execute([id])?;
    }
    Ok(())
}

/// The oldest frames of all, at most so many.
pub(crate) fn oldest_frames(connection: &Connection, limit: u32) -> Result<Vec<Waiting>> {
    waiting(connection, i64::MIN, limit)
}

/// Moves the times of frames that were made before a time, both in milliseconds; says how many.
pub(crate) fn shift_frames(transaction: &Transaction<'_>, before: i64, by: i64) -> Result<usize> {
    let sql = "UPDATE frame SET at_millis = at_millis + ?2 WHERE at_millis < ?1";
    Ok(transaction.execute(sql, [before, by])?)
}

/// Numbers of nodes that there are, retired ones too.
pub(crate) fn nodes(connection: &Connection) -> Result<Vec<u16>> {
    let mut statement = connection.prepare_cached("SELECT id FROM node ORDER BY id")?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Whether there is such a node: one that was forgotten leaves nothing behind.
pub(crate) fn has_node(connection: &Connection, node: u16) -> Result<bool> {
    let mut statement = connection.prepare_cached("SELECT 1 FROM node WHERE id = ?1")?;
    Ok(statement.exists([node])?)
}

/// All ids that a level of a node may have.
pub(crate) fn all_of(node: NodeNumber, level: Level) -> RangeInclusive<i64> {
    BlockId::over(node, level, 0..i64::MAX).unwrap_or(0..=0)
}

/// Ids of the blocks that there are of a range, ascending. One that no block can have is left out.
pub(crate) fn block_ids(connection: &Connection, range: &RangeInclusive<i64>) -> Result<Vec<BlockId>> {
    let mut statement = connection.prepare_cached("SELECT id FROM block WHERE id BETWEEN ?1 AND ?2 ORDER BY id")?;
    let rows = statement.query_map([range.start(), range.end()], |row| row.get::<_, i64>(0))?;
    let ids = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(ids.into_iter().filter_map(|id| BlockId::from_row(id).ok()).collect())
}

/// The first block of a range.
pub(crate) fn first_block(connection: &Connection, range: &RangeInclusive<i64>) -> Result<Option<BlockId>> {
    let mut statement = connection.prepare_cached("SELECT min(id) FROM block WHERE id BETWEEN ?1 AND ?2")?;
    let id: Option<i64> = statement.query_row([range.start(), range.end()], |row| row.get(0))?;
    Ok(id.and_then(|id| BlockId::from_row(id).ok()))
}

/// The last block of a range.
pub(crate) fn last_block(connection: &Connection, range: &RangeInclusive<i64>) -> Result<Option<BlockId>> {
    let mut statement = connection.prepare_cached("SELECT max(id) FROM block WHERE id BETWEEN ?1 AND ?2")?;
    let id: Option<i64> = statement.query_row([range.start(), range.end()], |row| row.get(0))?;
    Ok(id.and_then(|id| BlockId::from_row(id).ok()))
}

/// Gives a block's bytes to `read`; `None` if it is not there.
pub(crate) fn block<T>(connection: &Connection, id: i64, read: impl FnOnce(&[u8]) -> T) -> Result<Option<T>> {
    body(connection, "SELECT body FROM block WHERE id = ?1", id, read)
}

/// Gives a month's bytes to `read`; `None` if it is not there.
pub(crate) fn month<T>(connection: &Connection, id: i64, read: impl FnOnce(&[u8]) -> T) -> Result<Option<T>> {
    body(connection, "SELECT body FROM month WHERE id = ?1", id, read)
}

fn body<T>(connection: &Connection, sql: &str, id: i64, read: impl FnOnce(&[u8]) -> T) -> Result<Option<T>> {
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row([id], |row| Ok(read(row.get_ref(0)?.as_blob()?))).optional()?)
}

/// Ids of the months that there are of a range, ascending.
pub(crate) fn month_ids(connection: &Connection, range: &RangeInclusive<i64>) -> Result<Vec<i64>> {
    let mut statement = connection.prepare_cached("SELECT id FROM month WHERE id BETWEEN ?1 AND ?2 ORDER BY id")?;
    let rows = statement.query_map([range.start(), range.end()], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Writes a block in the place of what was there.
pub(crate) fn put_block(transaction: &Transaction<'_>, id: BlockId, body: &[u8]) -> Result<()> {
    let mut statement = transaction.prepare_cached("INSERT OR REPLACE INTO block (id, body) VALUES (?1, ?2)")?;
    statement.execute(params![id.row(), body])?;
    Ok(())
}

/// Writes a month in the place of what was there.
pub(crate) fn put_month(transaction: &Transaction<'_>, id: i64, body: &[u8]) -> Result<()> {
    let mut statement = transaction.prepare_cached("INSERT OR REPLACE INTO month (id, body) VALUES (?1, ?2)")?;
    statement.execute(params![id, body])?;
    Ok(())
}

/// Removes blocks of a range, the oldest first, at most so many; says how many.
pub(crate) fn remove_blocks(transaction: &Transaction<'_>, range: &RangeInclusive<i64>, limit: u32) -> Result<usize> {
    let sql = "DELETE FROM block WHERE id IN (SELECT id FROM block WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT ?3)";
    Ok(transaction.prepare_cached(sql)?.execute(params![range.start(), range.end(), limit])?)
}

/// Removes months of a range; says how many.
pub(crate) fn remove_months(transaction: &Transaction<'_>, range: &RangeInclusive<i64>) -> Result<usize> {
    let sql = "DELETE FROM month WHERE id BETWEEN ?1 AND ?2";
    Ok(transaction.prepare_cached(sql)?.execute([range.start(), range.end()])?)
}

/// A block of level 2 or 3 in which hours (bits, from its first) are to be made anew.
pub(crate) fn mark_stale(transaction: &Transaction<'_>, id: BlockId, hours: u32) -> Result<()> {
    let sql = "INSERT INTO stale (id, hours) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET hours = hours | ?2";
    transaction.prepare_cached(sql)?.execute(params![id.row(), hours])?;
    Ok(())
}

/// It was made anew.
pub(crate) fn unmark_stale(transaction: &Transaction<'_>, id: i64) -> Result<()> {
    transaction.prepare_cached("DELETE FROM stale WHERE id = ?1")?.execute([id])?;
    Ok(())
}

/// What is to be made anew of a range of ids.
pub(crate) fn stale(connection: &Connection, range: &RangeInclusive<i64>) -> Result<Vec<(i64, u32)>> {
    let mut statement =
        connection.prepare_cached("SELECT id, hours FROM stale WHERE id BETWEEN ?1 AND ?2 ORDER BY id")?;
    let rows = statement.query_map([range.start(), range.end()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Of which time a node's months are closed, in seconds since 1970.
pub(crate) fn closed(connection: &Connection, node: u16) -> Result<Option<(i64, i64)>> {
    let mut statement = connection.prepare_cached("SELECT since, until FROM closed WHERE node = ?1")?;
    Ok(statement.query_row([node], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
}

/// A node's months are closed from and up to there, or nothing of them is left.
pub(crate) fn put_closed(transaction: &Transaction<'_>, node: u16, since: i64, until: i64) -> Result<()> {
    let sql = "INSERT OR REPLACE INTO closed (node, since, until) VALUES (?1, ?2, ?3)";
    transaction.prepare_cached(sql)?.execute(params![node, since, until])?;
    Ok(())
}

/// Since when a tier is kept: what is older was taken away, in seconds since 1970.
pub(crate) fn kept_from(connection: &Connection, tier: Tier) -> Result<i64> {
    let mut statement = connection.prepare_cached("SELECT value FROM meta WHERE key = ?1")?;
    Ok(statement.query_row([kept_key(tier)], |row| row.get(0)).optional()?.unwrap_or(0))
}

/// What is older goes, or went.
pub(crate) fn put_kept_from(transaction: &Transaction<'_>, tier: Tier, from: i64) -> Result<()> {
    let sql = "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = max(value, ?2)";
    transaction.prepare_cached(sql)?.execute(params![kept_key(tier), from])?;
    Ok(())
}

const fn kept_key(tier: Tier) -> &'static str {
    match tier {
        Tier::Raw => "raw_from",
        Tier::FiveMinutes => "five_minutes_from",
        Tier::Hours => "hours_from",
        Tier::Events => "events_from",
    }
}

/// A time of which there is nothing, and why. One that touches another of the same reason becomes one with it.
pub(crate) fn put_gap(transaction: &Transaction<'_>, node: u16, since: i64, until: i64, why: &str) -> Result<()> {
    let sql = "SELECT min(since), max(until) FROM gap WHERE node = ?1 AND why = ?4 AND since <= ?3 AND until >= ?2";
    let mut statement = transaction.prepare_cached(sql)?;
    let (first, last): (Option<i64>, Option<i64>) =
        statement.query_row(params![node, since, until, why], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let sql = "DELETE FROM gap WHERE node = ?1 AND why = ?4 AND since <= ?3 AND until >= ?2";
    transaction.prepare_cached(sql)?.execute(params![node, since, until, why])?;
    let (since, until) = (first.map_or(since, |first| first.min(since)), last.map_or(until, |last| last.max(until)));
    let sql = "INSERT OR REPLACE INTO gap (node, since, until, why) VALUES (?1, ?2, ?3, ?4)";
    transaction.prepare_cached(sql)?.execute(params![node, since, until, why])?;
    Ok(())
}
