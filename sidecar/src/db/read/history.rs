//! What graphs are made of, besides blocks and months.

use std::ops::Range;

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::error::{Error, Kind, Result};

/// What is read now is of one moment, whatever is written meanwhile.
pub(crate) fn moment(connection: &Connection) -> Result<Transaction<'_>> {
    Ok(connection.unchecked_transaction()?)
}

/// The number of a node by its name, and whose it is; retired ones have their history still.
pub(crate) fn node(connection: &Connection, name: &str) -> Result<(u16, String)> {
    let sql =
        "SELECT node.id, customer.name FROM node JOIN customer ON customer.id = node.customer WHERE node.name = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_row([name], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    found.ok_or_else(|| Error::new(Kind::Missing, format!("there is no node {name}")))
}

/// Numbers of a node's frames that came after this one.
pub(crate) fn frames_after(connection: &Connection, node: u16, after: i64) -> Result<Vec<i64>> {
    let mut statement = connection.prepare_cached("SELECT id FROM frame WHERE id > ?1 AND node = ?2 ORDER BY id")?;
    let rows = statement.query_map(params![after, node], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Times of a node of which it is known why there is nothing, by their beginning.
pub(crate) fn gaps(connection: &Connection, node: u16, times: &Range<i64>) -> Result<Vec<(Range<i64>, String)>> {
    let sql =
        "SELECT since, until, why FROM gap WHERE node = ?1 AND since < ?3 AND until > ?2 ORDER BY since LIMIT 1000";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement
        .query_map(params![node, times.start, times.end], |row| Ok((row.get(0)?..row.get(1)?, row.get(2)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
