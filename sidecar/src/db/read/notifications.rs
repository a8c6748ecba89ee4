//! What was sent to whom, for people.

use atalaya_alert::rule::Words;
use rusqlite::{Connection, OptionalExtension, Row as SqlRow, params};

use super::outbox::LINKS_MAX;
use crate::error::Result;
use crate::people::Customers;

/// A delivery as people see it. Times are seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The notification's id.
    pub notification: String,
    /// When it was made.
    pub at: i64,
    /// `fired`, `still_firing`, `escalated`, `silence_ended`, `resolved`, `full` or `digest`.
    pub kind: String,
    /// How bad.
    pub severity: String,
    /// What it says, in a line.
    pub subject: Words,
    /// Through which channel.
    pub channel: String,
    /// `waiting`, `sent`, `merged`, `dropped` (its beginning was not told there) or `failed`.
    pub state: String,
    /// How often it was tried.
    pub tries: u32,
    /// When it is tried next, if it waits.
    pub next: i64,
    /// When it was done with.
    pub done: Option<i64>,
    /// The service's last answer, or why there is none.
    pub answer: Option<String>,
    /// The notification that says it instead.
    pub merged: Option<String>,
}

/// The delivery that a page ended with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct After {
    /// See [`Delivery`].
    pub at: i64,
    /// See [`Delivery`].
    pub notification: String,
    /// See [`Delivery`].
    pub channel: String,
}

impl From<&Delivery> for After {
    fn from(last: &Delivery) -> Self {
        Self { at: last.at, notification: last.notification.clone(), channel: last.channel.clone() }
    }
}

/// The newest `limit`, or those that come after a page's last one; of one channel, if one is named. Of some customers those
/// that are about incidents of theirs and nobody else's.
///
/// # Errors
///
/// What the database says.
pub fn deliveries(
    connection: &Connection,
    whose: &Customers,
    after: Option<&After>,
    channel: Option<&str>,
    limit: u32,
) -> Result<Vec<Delivery>> {
    let sql = "SELECT n.id, n.at, n.kind, n.severity, coalesce(json_extract(n.body, '$.subject.en'), ''),
            coalesce(json_extract(n.body, '$.subject.es'), ''), d.channel, d.state, d.tries, d.next, d.done, d.answer, d.merged
        FROM notification n JOIN delivery d ON d.notification = n.id
        WHERE n.at <= ?1 AND (n.at, n.id, d.channel) < (?1, ?2, ?3) AND (?4 IS NULL OR d.channel = ?4)
          AND (?6 IS NULL OR json_array_length(n.body, '$.incidents') > 0 AND NOT EXISTS (
            SELECT 1 FROM json_each(n.body, '$.incidents') AS about WHERE about.value NOT IN (
              SELECT incident.id FROM incident JOIN node ON node.name = incident.node JOIN customer ON customer.id = node.customer
              WHERE customer.name IN (SELECT value FROM json_each(?6)))))
        ORDER BY n.at DESC, n.id DESC, d.channel DESC LIMIT ?5";
    let (at, id, last) =
        after.map_or((i64::MAX, "", ""), |after| (after.at, after.notification.as_str(), after.channel.as_str()));
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params![at, id, last, channel, limit, whose.write()], delivery)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// What came of a notification: channels, and the state of each; `merged` only where what says it instead was sent, else how
/// that stands. `None` if the notification is no longer kept.
///
/// # Errors
///
/// What the database says.
pub fn came_to(connection: &Connection, id: &str) -> Result<Option<Vec<(String, String)>>> {
    let mut known = connection.prepare_cached("SELECT 1 FROM notification WHERE id = ?1")?;
    if !known.exists([id])? {
        return Ok(None);
    }
    // Following what a delivery was merged into, a few links at most.
    let sql = "WITH RECURSIVE link (channel, state, into_, n) AS (
            SELECT channel, state, merged, 0 FROM delivery WHERE notification = ?1
            UNION ALL SELECT link.channel, next.state, next.merged, n + 1 FROM link
            JOIN delivery AS next ON next.notification = link.into_ AND next.channel = link.channel
            WHERE link.state = 'merged' AND n < ?2)
        SELECT channel, CASE WHEN state = 'sent' AND n > 0 THEN 'merged' ELSE state END, max(n) FROM link
        GROUP BY channel ORDER BY channel";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params![id, LINKS_MAX], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(Some(rows.collect::<rusqlite::Result<_>>()?))
}

/// When something was last sent through a channel.
///
/// # Errors
///
/// What the database says.
pub fn last_sent(connection: &Connection, channel: &str) -> Result<Option<i64>> {
    let sql = "SELECT d.done FROM notification n JOIN delivery d ON d.notification = n.id
        WHERE d.channel = ?1 AND d.state = 'sent' ORDER BY n.at DESC LIMIT 1";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row([channel], |row| row.get(0)).optional()?.flatten())
}

fn delivery(row: &SqlRow<'_>) -> rusqlite::Result<Delivery> {
    Ok(Delivery {
        notification: row.get(0)?,
        at: row.get(1)?,
        kind: row.get(2)?,
        severity: row.get(3)?,
        subject: Words { en: row.get(4)?, es: row.get(5)? },
        channel: row.get(6)?,
        state: row.get(7)?,
        tries: row.get(8)?,
        next: row.get(9)?,
        done: row.get(10)?,
        answer: row.get(11)?,
        merged: row.get(12)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_of_a_notification_is_told_through_what_says_it_instead() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(include_str!("../schema/0001.sql")).unwrap();
        let sql = "INSERT INTO notification (id, at, kind, severity, body) SELECT value, 1, 'fired', 'low', '{}'
              FROM json_each('[\"a\", \"b\", \"c\", \"d\", \"e\"]');
            INSERT INTO delivery (notification, channel, state, next, merged) VALUES
              ('a', 'mail', 'merged', 1, 'b'), ('b', 'mail', 'merged', 1, 'c'), ('c', 'mail', 'sent', 1, NULL),
              ('a', 'phone', 'waiting', 1, NULL), ('b', 'phone', 'failed', 1, NULL), ('e', 'mail', 'merged', 1, 'c')";
        connection.execute_batch(sql).unwrap();
        let came = |id: &str| {
            let came = came_to(&connection, id).unwrap()?;
            Some(came.into_iter().map(|(channel, state)| format!("{channel} {state}")).collect::<Vec<_>>().join(", "))
        };
        assert_eq!(came("a").as_deref(), Some("mail merged, phone waiting"));
        assert_eq!(came("b").as_deref(), Some("mail merged, phone failed"));
        assert_eq!(came("c").as_deref(), Some("mail sent"));
        assert_eq!((came("d").as_deref(), came("x")), (Some(""), None));
        connection.execute("UPDATE delivery SET state = 'waiting' WHERE notification = 'c'", []).unwrap();
        assert_eq!(came("e").as_deref(), Some("mail waiting"));
    }

    #[test]
    fn who_is_limited_to_a_customer_reads_what_is_about_that_one_alone() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(include_str!("../schema/0001.sql")).unwrap();
        let sql = r#"INSERT INTO customer (id, name) VALUES (2, 'Olmos'), (3, 'Ruiz');
            INSERT INTO node (id, name, title, customer, state) VALUES (1, 'o', '', 2, 'member'), (2, 'r', '', 3, 'member');
            INSERT INTO incident (id, node, severity, began, stage, title_en, title_es) VALUES
              (1, 'o', 'low', 1, 'detected', '', ''), (2, 'r', 'low', 1, 'detected', '', '');
            INSERT INTO notification (id, at, kind, severity, body) VALUES
              ('a', 1, 'fired', 'low', '{"incidents":[1]}'), ('b', 2, 'fired', 'low', '{"incidents":[2]}'),
              ('c', 3, 'fired', 'low', '{"incidents":[1,2]}'), ('d', 4, 'digest', 'low', '{}'),
              ('e', 5, 'fired', 'low', '{"incidents":[9]}');
            INSERT INTO delivery (notification, channel, state, next, done) SELECT id, 'mail', 'sent', at, at + 60 FROM notification"#;
        connection.execute_batch(sql).unwrap();
        let of = |whose: &Customers| {
            let all = deliveries(&connection, whose, None, None, 10).unwrap();
            all.into_iter().map(|one| one.notification).collect::<String>()
        };
        let some = |name: &str| Customers::of(&[name.to_owned()]).unwrap();
        assert_eq!(
            (of(&Customers::All), of(&some("Olmos")), of(&some("Ruiz"))),
            ("edcba".into(), "a".into(), "b".into())
        );
        assert_eq!(of(&Customers::Some([].into())), "");
        assert_eq!(
            (last_sent(&connection, "mail").unwrap(), last_sent(&connection, "none").unwrap()),
            (Some(65), None)
        );
    }
}
