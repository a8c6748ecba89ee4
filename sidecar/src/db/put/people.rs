//! Accounts, sessions, tokens, links, the audit; and what the broker keeps.

use rusqlite::{Transaction, params};

use super::run;
use crate::db::Row;

/// Writes what is about people and their tools.
pub(in crate::db) fn people(row: &Row, to: &Transaction<'_>) -> rusqlite::Result<()> {
    match row {
        Row::Account(account) => run(
            to,
            "INSERT INTO account (name, hash, role, customers, language, zone, made) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (name) DO UPDATE SET hash = ?2, role = ?3, customers = ?4, gone = NULL",
            params![account.name, account.hash, account.role, account.customers, account.language, account.zone, account.made],
        ),
        Row::AccountGone { name, at } => {
            run(to, "DELETE FROM session WHERE account = (SELECT id FROM account WHERE name = ?1)", [name])?;
            run(to, "UPDATE account SET gone = ?2, hash = '' WHERE name = ?1", params![name, at])
        }
        Row::Password { name, hash } => run(to, "UPDATE account SET hash = ?2 WHERE name = ?1", params![name, hash]),
        Row::Preferences { name, language, zone } => {
            run(to, "UPDATE account SET language = ?2, zone = ?3 WHERE name = ?1", params![name, language, zone])
        }
        Row::Token(token) => run(
            to,
            "INSERT INTO token (name, hash, scopes, customers, made, ends) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![token.name, token.hash, token.scopes, token.customers, token.made, token.ends],
        ),
        Row::TokenSeen { hash, seen } => run(to, "UPDATE token SET seen = ?2 WHERE hash = ?1", params![hash, seen]),
        Row::TokenGone { name, at } => {
            run(to, "UPDATE token SET gone = ?2, name = name || ' (' || id || ')' WHERE name = ?1 AND gone IS NULL", params![name, at])
        }
        Row::Once { hash, what, body, ends } => run(
            to,
            "INSERT INTO once (hash, what, body, ends) VALUES (?1, ?2, ?3, ?4)",
            params![hash, what, body, ends],
        ),
        Row::OnceUsed { hash, at } => run(to, "UPDATE once SET used = ?2 WHERE hash = ?1", params![hash, at]),
        Row::Audit(line) => run(
            to,
            "INSERT INTO audit (at, who, how, peer, what, target, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![line.at, line.who, line.how, line.peer, line.what, line.target, line.detail],
        ),
        _ => sessions(row, to),
    }
}

fn sessions(row: &Row, to: &Transaction<'_>) -> rusqlite::Result<()> {
    match row {
        Row::Session { hash, account, csrf, made, ends, peer } => run(
            to,
            "INSERT INTO session (hash, account, csrf, made, seen, ends, peer)
             VALUES (?1, (SELECT id FROM account WHERE name = ?2 AND gone IS NULL), ?3, ?4, ?4, ?5, ?6)",
            params![hash, account, csrf, made, ends, peer],
        ),
        Row::SessionSeen { hash, seen } => run(to, "UPDATE session SET seen = ?2 WHERE hash = ?1", params![hash, seen]),
        Row::SessionGone { hash } => run(to, "DELETE FROM session WHERE hash = ?1", [hash]),
        Row::SessionsGone { account, but } => run(
            to,
            "DELETE FROM session WHERE account = (SELECT id FROM account WHERE name = ?1) AND hash IS NOT ?2",
            params![account, but],
        ),
        Row::Retained { topic, qos, expires, props, payload } => run(
            to,
            "INSERT OR REPLACE INTO retained (topic, qos, expires, props, payload) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![topic, qos, expires, props, payload],
        ),
        Row::RetainedGone { topic } => run(to, "DELETE FROM retained WHERE topic = ?1", [topic]),
        Row::Meta { key, value } => {
            run(to, "INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)", params![key, value])
        }
        _ => Ok(()),
    }
}
