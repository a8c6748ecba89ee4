//! Runs of jobs and what else happened at a node.

use rusqlite::{Connection, Row as SqlRow, params};

use crate::db::Run;
use crate::error::Result;

/// Runs of a node, the newest first; of one job, if one is named.
///
/// # Errors
///
/// What the database says.
pub fn runs(connection: &Connection, node: u16, job: Option<&str>, limit: u32) -> Result<Vec<Run>> {
    runs_after(connection, node, job, None, limit)
}

/// The same, behind a run: when it ended or began, and its id.
///
/// # Errors
///
/// What the database says.
pub fn runs_after(
    connection: &Connection,
    node: u16,
    job: Option<&str>,
    after: Option<(i64, [u8; 16])>,
    limit: u32,
) -> Result<Vec<Run>> {
    let sql = "SELECT node, run, job, cause, began, ended, result, exit, problem, view FROM run
        WHERE node = ?1 AND (?2 IS NULL OR job = ?2) AND (?3 IS NULL OR (coalesce(ended, began), run) < (?3, ?4))
        ORDER BY coalesce(ended, began) DESC, run DESC LIMIT ?5";
    let mut statement = connection.prepare_cached(sql)?;
    let (at, id) = after.unzip();
    let rows = statement.query_map(params![node, job, at, id, limit], run)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn run(row: &SqlRow<'_>) -> rusqlite::Result<Run> {
    Ok(Run {
        node: row.get(0)?,
        run: row.get(1)?,
        job: row.get(2)?,
        cause: row.get(3)?,
        began: row.get(4)?,
        ended: row.get(5)?,
        result: row.get(6)?,
        exit: row.get(7)?,
        problem: row.get(8)?,
        view: row.get(9)?,
    })
}

/// Something that happened at a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happened {
    /// Numbers it.
    pub id: i64,
    /// When, in seconds since 1970.
    pub at: i64,
    /// `began`, `changed`, `command`, `lost`, `result`.
    pub kind: String,
    /// View and id; empty for the node itself.
    pub object: String,
    /// JSON.
    pub body: String,
}

/// What happened at a node, the newest first.
///
/// # Errors
///
/// What the database says.
pub fn events(connection: &Connection, node: u16, limit: u32) -> Result<Vec<Happened>> {
    events_after(connection, node, None, limit)
}

/// The same, behind an event: when it was, and its number.
///
/// # Errors
///
/// What the database says.
pub fn events_after(
    connection: &Connection,
    node: u16,
    after: Option<(i64, i64)>,
    limit: u32,
) -> Result<Vec<Happened>> {
    let sql = "SELECT id, at, kind, object, body FROM event WHERE node = ?1 AND (?2 IS NULL OR (at, id) < (?2, ?3))
        ORDER BY at DESC, id DESC LIMIT ?4";
    let mut statement = connection.prepare_cached(sql)?;
    let (at, id) = after.unzip();
    let rows = statement.query_map(params![node, at, id, limit], |row| {
        Ok(Happened { id: row.get(0)?, at: row.get(1)?, kind: row.get(2)?, object: row.get(3)?, body: row.get(4)? })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
