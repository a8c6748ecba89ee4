//! Incidents, and what happened in them.

use rusqlite::{Connection, OptionalExtension, Row as SqlRow, params};

use crate::error::Result;
use crate::people::Customers;

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

/// Of whose nodes: everybody's without a list.
const THEIRS: &str = "(?1 IS NULL OR node IN (SELECT node.name FROM node JOIN customer ON customer.id = node.customer
    WHERE customer.name IN (SELECT value FROM json_each(?1))))";

/// Incidents of somebody's nodes that go on, then the others, the newest first.
///
/// # Errors
///
/// What the database says.
pub fn recent(connection: &Connection, whose: &Customers, limit: u32) -> Result<Vec<Incident>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM incident WHERE {THEIRS} ORDER BY ended IS NOT NULL, began DESC, id DESC LIMIT ?2"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params![whose.write(), limit], incident)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Incidents of somebody's nodes, the newest first, behind one of that beginning and number; of a node, if one is named;
/// only those that go on, or only those that are over.
///
/// # Errors
///
/// What the database says.
pub fn listed(
    connection: &Connection,
    whose: &Customers,
    (node, over): (Option<&str>, Option<bool>),
    after: Option<(i64, u64)>,
    limit: u32,
) -> Result<Vec<Incident>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM incident WHERE {THEIRS} AND (?2 IS NULL OR node = ?2)
            AND (?3 IS NULL OR (ended IS NOT NULL) = ?3) AND (?4 IS NULL OR (began, id) < (?4, ?5))
            ORDER BY began DESC, id DESC LIMIT ?6"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let (began, id) = after.unzip();
    let id = id.map(|id| i64::try_from(id).unwrap_or(i64::MAX));
    let rows = statement.query_map(params![whose.write(), node, over, began, id, limit], incident)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// One of them; `None` if it is somebody else's.
///
/// # Errors
///
/// What the database says.
pub fn one(connection: &Connection, whose: &Customers, id: u64) -> Result<Option<Incident>> {
    let sql = format!("SELECT {COLUMNS} FROM incident WHERE {THEIRS} AND id = ?2");
    let mut statement = connection.prepare_cached(&sql)?;
    let Ok(id) = i64::try_from(id) else { return Ok(None) };
    Ok(statement.query_row(params![whose.write(), id], incident).optional()?)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn incidents_that_go_on_come_first_and_keep_what_people_wrote() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(include_str!("../schema/0001.sql")).unwrap();
        let sql =
            "INSERT INTO incident (id, node, severity, began, ended, stage, title_en, title_es, owner, due) VALUES
            (1, 'nas', 'high', 10, NULL, 'detected', 'Hot', 'Caliente', 'ana', 99),
            (2, 'nas', 'low', 20, 30, 'solved', 'Slow', 'Lento', NULL, NULL)";
        connection.execute(sql, []).unwrap();
        let sql = "INSERT INTO timeline (incident, n, at, body) VALUES (1, 2, 12, 'b'), (1, 1, 10, 'a'), (1, 3, 13, 'c'), (2, 1, 1, 'x')";
        connection.execute(sql, []).unwrap();
        let all = Customers::All;
        let ids: Vec<u64> = recent(&connection, &all, 10).unwrap().iter().map(|incident| incident.id).collect();
        assert_eq!((ids, recent(&connection, &all, 1).unwrap().len()), (vec![1, 2], 1));
        let first = one(&connection, &all, 1).unwrap().unwrap();
        assert_eq!((first.owner.as_deref(), first.due, first.ended), (Some("ana"), Some(99), None));
        assert_eq!((one(&connection, &all, 3).unwrap(), one(&connection, &all, u64::MAX).unwrap()), (None, None));
        let sql =
            "INSERT INTO customer (id, name) VALUES (2, 'Ana'); INSERT INTO node (id, name, title, customer, state)
            VALUES (1, 'nas', '', 2, 'retired')";
        connection.execute_batch(sql).unwrap();
        let of = |name: &str| Customers::of(&[name.to_owned()]).unwrap();
        assert_eq!(recent(&connection, &of("Ana"), 10).unwrap().len(), 2);
        assert!(recent(&connection, &of("Eva"), 10).unwrap().is_empty());
        assert_eq!(one(&connection, &of("Eva"), 1).unwrap(), None);
        assert_eq!(timeline(&connection, 1, 2).unwrap(), ["b", "c"]);
    }
}
