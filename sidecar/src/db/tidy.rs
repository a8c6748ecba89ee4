//! What goes by age alone, a few rows at a time.

use rusqlite::{Connection, Transaction, params};

use crate::error::Result;
use crate::limits::{NOTIFICATIONS_SECONDS, REMOVE_ROWS_MAX};

/// Codes that were used, or ended, are known by that name for a day more.
const ONCE_SECONDS: i64 = 86_400;
/// As the trigger of the table says; by the clock of the machine.
const AUDIT_SECONDS: i64 = 400 * 86_400;

/// How long things are kept, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ages {
    pub(crate) events: i64,
    pub(crate) audit: i64,
    pub(crate) gaps: i64,
}

/// Things that grow old.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Old {
    Sessions,
    Once,
    Records,
    Notifications,
    Incidents,
    Audit,
    /// Of all nodes.
    Gaps,
    /// Of one node.
    Events(u16),
    /// Of one node.
    Runs(u16),
}

/// Those that are of no node.
pub(crate) const ALL: [Old; 7] =
    [Old::Sessions, Old::Once, Old::Records, Old::Notifications, Old::Incidents, Old::Audit, Old::Gaps];

/// Removes some; says whether there may be more.
pub(crate) fn remove(to: &Transaction<'_>, what: Old, ages: &Ages, now: i64) -> Result<bool> {
    let events = now - ages.events;
    let removed = match what {
        Old::Sessions => to.execute("DELETE FROM session WHERE ends <= ?1", [now])?,
        Old::Once => {
            let before = now - ONCE_SECONDS;
            to.execute("DELETE FROM once WHERE ends <= ?1 OR used <= ?1", [before])?
        }
        Old::Records => some(
            to,
            "DELETE FROM record WHERE (node, stream, seq) IN
               (SELECT node, stream, seq FROM record WHERE at < ?1 ORDER BY at LIMIT ?2)",
            events,
        )?,
        Old::Notifications => notifications(to, now - NOTIFICATIONS_SECONDS)?,
        Old::Incidents => incidents(to, events)?,
        Old::Audit => some(
            to,
            "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < ?1 ORDER BY at LIMIT ?2)",
            (now - ages.audit).min(machine(to)? - AUDIT_SECONDS),
        )?,
        Old::Gaps => some(
            to,
            "DELETE FROM gap WHERE (node, since, until) IN (SELECT node, since, until FROM gap WHERE until < ?1 LIMIT ?2)",
            now - ages.gaps,
        )?,
        Old::Events(node) => {
            let sql = "DELETE FROM event WHERE id IN
                (SELECT id FROM event WHERE node = ?3 AND at < ?1 ORDER BY at LIMIT ?2)";
            to.prepare_cached(sql)?.execute(params![events, REMOVE_ROWS_MAX, node])?
        }
        Old::Runs(node) => {
            let sql = "DELETE FROM run WHERE (node, run) IN
                (SELECT node, run FROM run WHERE node = ?3 AND coalesce(ended, began, 0) < ?1 LIMIT ?2)";
            to.prepare_cached(sql)?.execute(params![events, REMOVE_ROWS_MAX, node])?
        }
    };
    Ok(removed >= REMOVE_ROWS_MAX as usize)
}

fn some(to: &Transaction<'_>, sql: &str, before: i64) -> Result<usize> {
    Ok(to.prepare_cached(sql)?.execute(params![before, REMOVE_ROWS_MAX])?)
}

/// The trigger goes by it, whatever ours says.
fn machine(connection: &Connection) -> Result<i64> {
    Ok(connection.query_row("SELECT unixepoch()", [], |row| row.get(0))?)
}

/// With what became of them.
fn notifications(to: &Transaction<'_>, before: i64) -> Result<usize> {
    let old = "SELECT id FROM notification WHERE at < ?1 ORDER BY at LIMIT ?2";
    some(to, &format!("DELETE FROM delivery WHERE notification IN ({old})"), before)?;
    some(to, &format!("DELETE FROM notification WHERE id IN ({old})"), before)
}

/// Those that are over and that the engine knows no more, with their timelines.
fn incidents(to: &Transaction<'_>, before: i64) -> Result<usize> {
    let old = "SELECT id FROM incident WHERE began < ?1 AND ended < ?1
        AND NOT EXISTS (SELECT 1 FROM alert_part WHERE kind = 3 AND key = CAST(incident.id AS TEXT)) ORDER BY began LIMIT ?2";
    some(to, &format!("DELETE FROM timeline WHERE incident IN ({old})"), before)?;
    some(to, &format!("DELETE FROM incident WHERE id IN ({old})"), before)
}
