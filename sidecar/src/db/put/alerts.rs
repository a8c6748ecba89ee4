//! What the engine decided, and who was told.

use rusqlite::{Transaction, params};

use super::{run, signed};
use crate::db::Row;

/// Writes what is about alerts, incidents and notifications.
pub(in crate::db) fn alerts(row: &Row, to: &Transaction<'_>) -> rusqlite::Result<()> {
    match row {
        Row::AlertPart { kind, key, body: Some(body) } => {
            run(to, "INSERT OR REPLACE INTO alert_part (kind, key, body) VALUES (?1, ?2, ?3)", params![kind, key, body])
        }
        Row::AlertPart { kind, key, body: None } => {
            run(to, "DELETE FROM alert_part WHERE kind = ?1 AND key = ?2", params![kind, key])
        }
        Row::Incident { id, node, severity, began, ended, stage, title_en, title_es } => run(
            to,
            "INSERT INTO incident (id, node, severity, began, ended, stage, title_en, title_es) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (id) DO UPDATE SET severity = ?3, ended = ?5, stage = ?6",
            params![signed(*id), node, severity, began, ended, stage, title_en, title_es],
        ),
        Row::IncidentOwner { id, owner, due, ticket } => run(
            to,
            "UPDATE incident SET owner = iif(?2, ?3, owner), due = iif(?4, ?5, due), ticket = iif(?6, ?7, ticket) WHERE id = ?1",
            params![
                signed(*id),
                owner.is_some(),
                owner.as_ref().and_then(Option::as_ref),
                due.is_some(),
                due.flatten(),
                ticket.is_some(),
                ticket.as_ref().and_then(Option::as_ref)
            ],
        ),
        Row::Timeline { incident, number, at, body } => run(
            to,
            "INSERT OR REPLACE INTO timeline (incident, n, at, body) VALUES (?1, ?2, ?3, ?4)",
            params![signed(*incident), signed(*number), at, body],
        ),
        Row::Notification { id, at, kind, severity, body } => run(
            to,
            "INSERT OR IGNORE INTO notification (id, at, kind, severity, body) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![id, at, kind, severity, body],
        ),
        Row::Delivery { notification, channel, next } => run(
            to,
            "INSERT OR IGNORE INTO delivery (notification, channel, state, next) VALUES (?1, ?2, 'waiting', ?3)",
            params![notification, channel, next],
        ),
        Row::Delivered { notification, channel, state, tries, next, done, answer, merged } => run(
            to,
            "UPDATE delivery SET state = ?3, tries = max(tries, ?4), next = ?5, done = ?6, answer = ?7, merged = ?8
             WHERE notification = ?1 AND channel = ?2",
            params![notification, channel, state, tries, next, done, answer, merged],
        ),
        Row::Woken { channel, next } => run(
            to,
            "UPDATE delivery SET next = ?2 WHERE state = 'waiting' AND channel = ?1 AND next > ?2",
            params![channel, next],
        ),
        Row::Maintenance { id, body: Some(body), begun } => run(
            to,
            "INSERT OR REPLACE INTO maintenance (id, body, begun) VALUES (?1, ?2, ?3)",
            params![id, body, begun],
        ),
        Row::Maintenance { id, .. } => run(to, "DELETE FROM maintenance WHERE id = ?1", [id]),
        Row::Renewal { kind, key, body: Some(body) } => {
            run(to, "INSERT OR REPLACE INTO renewal (kind, key, body) VALUES (?1, ?2, ?3)", params![kind, key, body])
        }
        Row::Renewal { kind, key, body: None } => {
            run(to, "DELETE FROM renewal WHERE kind = ?1 AND key = ?2", params![kind, key])
        }
        _ => Ok(()),
    }
}
