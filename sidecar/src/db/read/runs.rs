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
    let sql = "SELECT node, run, job, cause, began, ended, result, exit, problem, view FROM run
        WHERE node = ?1 AND (?2 IS NULL OR job = ?2) ORDER BY coalesce(ended, began) DESC LIMIT ?3";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params![node, job, limit], run)?;
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
    let sql = "SELECT at, kind, object, body FROM event WHERE node = ?1 ORDER BY at DESC, id DESC LIMIT ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params![node, limit], |row| {
        Ok(Happened { at: row.get(0)?, kind: row.get(1)?, object: row.get(2)?, body: row.get(3)? })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
