//! Which number a key of an object of a node has. A number is given once.

use std::collections::HashMap;

use atalaya_history::limits::SERIES_PER_NODE_MAX;
use atalaya_history::{Month, MonthId, SeriesId};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::error::Result;

/// Those of a node, while an hour of it becomes a block.
#[derive(Debug)]
pub(crate) struct Series {
    node: u16,
    known: HashMap<String, HashMap<String, SeriesId>>,
    count: usize,
    /// Keys that got no number, because there are too many.
    pub(crate) refused: usize,
}

impl Series {
    pub(crate) fn load(connection: &Connection, node: u16) -> Result<Self> {
        let mut series = Self { node, known: HashMap::new(), count: 0, refused: 0 };
        for (object, key, id) in all(connection, node)? {
            series.known.entry(object).or_default().insert(key, id);
            series.count += 1;
        }
        Ok(series)
    }

    /// The number of a key, a new one if it has none; `None` if the node has too many.
    pub(crate) fn of(
        &mut self,
        transaction: &Transaction<'_>,
        object: &str,
        key: &str,
        month: Month,
    ) -> Result<Option<SeriesId>> {
        if let Some(id) = self.known.get(object).and_then(|keys| keys.get(key)) {
            return Ok(Some(*id));
        }
        if self.count >= SERIES_PER_NODE_MAX {
            self.refused += 1;
            return Ok(None);
        }
        let sql = "INSERT INTO series (node, object, key, month) VALUES (?1, ?2, ?3, ?4) RETURNING id";
        let mut statement = transaction.prepare_cached(sql)?;
        let id = statement.query_row(params![self.node, object, key, month.0], |row| row.get(0))?;
        self.known.entry(object.to_owned()).or_default().insert(key.to_owned(), SeriesId(id));
        self.count += 1;
        Ok(Some(SeriesId(id)))
    }
}

/// All of a node: object, key, number; in this order.
pub(crate) fn all(connection: &Connection, node: u16) -> Result<Vec<(String, String, SeriesId)>> {
    let sql = "SELECT object, key, id FROM series WHERE node = ?1 ORDER BY object, key";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([node], |row| Ok((row.get(0)?, row.get(1)?, SeriesId(row.get(2)?))))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// They had points in that month.
pub(crate) fn seen(transaction: &Transaction<'_>, ids: impl Iterator<Item = SeriesId>, month: Month) -> Result<()> {
    let mut statement = transaction.prepare_cached("UPDATE series SET month = max(month, ?2) WHERE id = ?1")?;
    for id in ids {
        statement.execute(params![id.0, month.0])?;
    }
    Ok(())
}

/// Removes what a node's series have before a month, and series that have nothing since; says how many rows.
pub(crate) fn remove_before(transaction: &Transaction<'_>, node: u16, month: Month) -> Result<usize> {
    let Some(last) = month.0.checked_sub(1).map(Month) else { return Ok(0) };
    let mut removed = 0;
    for (_, _, series) in all(transaction, node)? {
        removed += super::history::remove_months(transaction, &MonthId::range(series, Month(0)..=last))?;
    }
    let sql = "DELETE FROM series WHERE node = ?1 AND month < ?2";
    removed += transaction.prepare_cached(sql)?.execute(params![node, month.0])?;
    Ok(removed)
}

/// The number of one, if it has one.
pub(crate) fn of(connection: &Connection, node: u16, object: &str, key: &str) -> Result<Option<SeriesId>> {
    let sql = "SELECT id FROM series WHERE node = ?1 AND object = ?2 AND key = ?3";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row(params![node, object, key], |row| Ok(SeriesId(row.get(0)?))).optional()?)
}
