//! Incidents, and what happened in them.

use rusqlite::{Connection, OptionalExtension, Row as SqlRow, params};

use crate::error::Result;

/// An incident as it stands in lists. Times are seconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Incident {
    /// Numbers it.
    pub id: u64,
    /// Where, as in topics.
    pub node: String,
    /// The highest of its alerts: `critical`, `high`, `medium` or `low`.
    pub severity: String,
    /// When it began.
    pub began: i64,
    /// When the last of its alerts ended; `None` while one fires.
    pub ended: Option<i64>,
    /// `detected`, `classified`, `analysed`, `solved`, `verified` or `documented`.
    pub stage: String,
    /// What its first alert is called, in English.
    pub title_en: String,
    /// The same in Spanish.
    pub title_es: String,
    /// Who cares for it.
    pub owner: Option<String>,
    /// Until when.
    pub due: Option<i64>,
    /// Number in another system.
    pub ticket: Option<String>,
}

const COLUMNS: &str = "id, node, severity, began, ended, stage, title_en, title_es, owner, due, ticket";

/// Incidents that go on, then the others, the newest first.
///
/// # Errors
///
/// What the database says.
pub fn recent(connection: &Connection, limit: u32) -> Result<Vec<Incident>> {
    let sql = format!("SELECT {COLUMNS} FROM incident ORDER BY ended IS NOT NULL, began DESC, id DESC LIMIT ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([limit], incident)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// One of them.
///
/// # Errors
///
/// What the database says.
pub fn one(connection: &Connection, id: u64) -> Result<Option<Incident>> {
    let sql = format!("SELECT {COLUMNS} FROM incident WHERE id = ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    let Ok(id) = i64::try_from(id) else { return Ok(None) };
    Ok(statement.query_row([id], incident).optional()?)
}

/// What happened in an incident, the first first: each an [`atalaya_alert::Entry`] as JSON. The last `limit` of it.
///
/// # Errors
///
/// What the database says.
pub fn timeline(connection: &Connection, id: u64, limit: u32) -> Result<Vec<String>> {
    let sql = "SELECT body FROM (SELECT n, body FROM timeline WHERE incident = ?1 ORDER BY n DESC LIMIT ?2) ORDER BY n";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params![i64::try_from(id).unwrap_or(-1), limit], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn incident(row: &SqlRow<'_>) -> rusqlite::Result<Incident> {
    Ok(Incident {
        id: u64::try_from(row.get::<_, i64>(0)?).unwrap_or_default(),
        node: row.get(1)?,
        severity: row.get(2)?,
        began: row.get(3)?,
        ended: row.get(4)?,
        stage: row.get(5)?,
        title_en: row.get(6)?,
        title_es: row.get(7)?,
        owner: row.get(8)?,
        due: row.get(9)?,
        ticket: row.get(10)?,
    })
}
