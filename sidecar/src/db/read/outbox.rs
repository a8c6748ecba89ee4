//! What waits to be sent.

use atalaya_notify::turn::Earlier;
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::Result;

/// A chain of what was merged into what has no more links: a delivery becomes a digest, and that one another, seldom.
pub(super) const LINKS_MAX: i64 = 16;

/// Ids of deliveries that wait, as notification and channel: ends last, then the oldest first.
///
/// # Errors
///
/// What the database says.
pub fn waiting(connection: &Connection, limit: usize) -> Result<Vec<(String, String)>> {
    let sql = "SELECT d.notification, d.channel FROM delivery d JOIN notification n ON n.id = d.notification
        WHERE d.state = 'waiting' ORDER BY n.kind = 'resolved', n.at, n.id, d.channel LIMIT ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([i64::try_from(limit).unwrap_or(i64::MAX)], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// A notification as it is kept, and how far one of its deliveries is. Times are seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// When it was made.
    pub at: i64,
    /// As the engine names it, or `digest`.
    pub kind: String,
    /// JSON.
    pub body: String,
    /// How often it was tried.
    pub tries: u32,
    /// Not before.
    pub next: i64,
}

/// A delivery; `None` if there is no such one.
///
/// # Errors
///
/// What the database says.
pub fn delivery(connection: &Connection, notification: &str, channel: &str) -> Result<Option<Stored>> {
    let sql =
        "SELECT n.at, n.kind, n.body, d.tries, d.next FROM delivery d JOIN notification n ON n.id = d.notification
        WHERE d.notification = ?1 AND d.channel = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let read = statement.query_row([notification, channel], |row| {
        Ok(Stored { at: row.get(0)?, kind: row.get(1)?, body: row.get(2)?, tries: row.get(3)?, next: row.get(4)? })
    });
    Ok(read.optional()?)
}

/// What became of the earlier notifications about the incidents of this one: on this channel, and whether other channels
/// had any.
///
/// # Errors
///
/// What the database says.
pub fn earlier(connection: &Connection, notification: &str, channel: &str) -> Result<(Vec<Earlier>, bool)> {
    let sql = "SELECT DISTINCT d.notification, d.channel
        FROM notification AS own, json_each(own.body, '$.incidents') AS mine
        JOIN incident ON incident.id = mine.value
        JOIN notification AS n ON n.at >= incident.began AND n.id <> own.id AND n.kind NOT IN ('resolved', 'digest')
        JOIN delivery AS d ON d.notification = n.id
        WHERE own.id = ?1 AND EXISTS (SELECT 1 FROM json_each(n.body, '$.incidents') AS theirs WHERE theirs.value = mine.value)";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([notification])?;
    let (mut here, mut others) = (Vec::new(), false);
    while let Some(row) = rows.next()? {
        let (id, to): (String, String) = (row.get(0)?, row.get(1)?);
        match to == channel {
            true => here.push(came_of(connection, id, channel, notification)?),
            false => others = true,
        }
    }
    Ok((here, others))
}

/// Through what it was merged into.
fn came_of(connection: &Connection, mut id: String, channel: &str, asked: &str) -> Result<Earlier> {
    let sql = "SELECT state, merged FROM delivery WHERE notification = ?1 AND channel = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    for _ in 0..LINKS_MAX {
        let read = statement.query_row(params![id, channel], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        let (state, merged): (String, Option<String>) = read.unwrap_or_default();
        match (state.as_str(), merged) {
            ("sent", _) => return Ok(Earlier::Sent),
            ("waiting", _) => return Ok(Earlier::Waiting),
            ("merged", Some(into)) if into == asked => return Ok(Earlier::Folded),
            ("merged", Some(into)) => id = into,
            _ => break,
        }
    }
    Ok(Earlier::Failed)
}
