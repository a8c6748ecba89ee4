//! Nodes.

use rusqlite::{Transaction, params};

use super::run;
use crate::db::Row;

/// Writes what is about a node itself.
pub(in crate::db) fn nodes(row: &Row, to: &Transaction<'_>) -> rusqlite::Result<()> {
    match row {
        Row::Node(node) => {
            run(to, "INSERT OR IGNORE INTO customer (name) VALUES (?1)", [&node.customer])?;
            let sql = "INSERT INTO node (id, name, title, customer, site, parent, state, joined)
                VALUES (?1, ?2, ?3, (SELECT id FROM customer WHERE name = ?4), ?5, ?6, ?7, ?8)
                ON CONFLICT (id) DO UPDATE SET title = excluded.title, customer = excluded.customer, site = excluded.site,
                  parent = excluded.parent, state = excluded.state";
            run(
                to,
                sql,
                params![node.id, node.name, node.title, node.customer, node.site, node.parent, node.state, node.joined],
            )
        }
        Row::NodeGone { node, at, forget: false } => {
            run(to, "DELETE FROM request WHERE node = ?1", [node])?;
            run(
                to,
                "UPDATE node SET state = 'retired', retired = ?2, cert = NULL, secret = NULL WHERE id = ?1",
                params![node, at],
            )
        }
        Row::NodeGone { node, .. } => {
            for sql in [
                "DELETE FROM record WHERE node = ?1",
                "DELETE FROM event WHERE node = ?1",
                "DELETE FROM request WHERE node = ?1",
                "DELETE FROM run WHERE node = ?1",
                "DELETE FROM run_total WHERE node = ?1",
                "DELETE FROM frame WHERE node = ?1",
                "DELETE FROM gap WHERE node = ?1",
                "DELETE FROM block WHERE id BETWEEN ?1 << 40 AND ((?1 + 1) << 40) - 1",
                "DELETE FROM month WHERE (id >> 16) IN (SELECT id FROM series WHERE node = ?1)",
                "DELETE FROM series WHERE node = ?1",
                "DELETE FROM stale WHERE id BETWEEN ?1 << 40 AND ((?1 + 1) << 40) - 1",
                "DELETE FROM closed WHERE node = ?1",
                "DELETE FROM stream WHERE node = ?1",
                "UPDATE node SET parent = NULL WHERE parent = ?1",
                "DELETE FROM node WHERE id = ?1",
            ] {
                run(to, sql, [node])?;
            }
            Ok(())
        }
        Row::NodeCert { node, cert, secret } => {
            run(to, "UPDATE node SET cert = ?2, secret = ?3 WHERE id = ?1", params![node, cert, secret])
        }
        Row::Boot { node, boot, at_millis, seen } => run(
            to,
            "UPDATE node SET boot = ?2, boot_at_millis = ?3, seen = ?4 WHERE id = ?1",
            params![node, boot, at_millis, seen],
        ),
        _ => Ok(()),
    }
}
