//! Accounts, sessions, tokens, what is good once, what nodes show; and the audit.

use rusqlite::{Connection, Params, Row as SqlRow, params};

use crate::db::{AccountRow, Audit, TokenRow};
use crate::error::Result;

/// What was good once longer ago is not told apart from what never was.
const ONCE_KEPT_SECONDS: i64 = 30 * 86_400;

/// Everything about people that is looked up in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// Accounts that are not gone.
    pub accounts: Vec<AccountRow>,
    /// Sessions, also those that are over.
    pub sessions: Vec<SessionRow>,
    /// Tokens that are not revoked, and when each was last shown.
    pub tokens: Vec<(TokenRow, Option<i64>)>,
    /// Links and join codes of the last weeks.
    pub once: Vec<OnceRow>,
    /// Nodes of every state.
    pub nodes: Vec<NodeKeys>,
}

/// A session as it is kept. Times are seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are the columns of schema/0001.sql")]
pub struct SessionRow {
    pub hash: [u8; 32],
    pub account: String,
    pub csrf: [u8; 32],
    pub made: i64,
    pub seen: i64,
    pub ends: i64,
    pub peer: String,
}

/// Something that is good once.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are the columns of schema/0001.sql")]
pub struct OnceRow {
    pub hash: [u8; 32],
    pub what: String,
    pub body: String,
    pub ends: i64,
    pub used: Option<i64>,
}

/// What a node shows to be let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeKeys {
    /// As in topics.
    pub name: String,
    /// `new`, `member` or `retired`.
    pub state: String,
    /// SHA-256 of its certificate.
    pub cert: Option<[u8; 32]>,
    /// SHA-256 of its token.
    pub secret: Option<[u8; 32]>,
}

/// Whether there is an account.
///
/// # Errors
///
/// What the database says.
pub fn any(connection: &Connection) -> Result<bool> {
    Ok(connection.query_row("SELECT EXISTS (SELECT 1 FROM account WHERE gone IS NULL)", [], |row| row.get(0))?)
}

/// Reads it.
///
/// # Errors
///
/// What the database says.
pub fn load(connection: &Connection, now: i64) -> Result<Loaded> {
    Ok(Loaded {
        accounts: all(
            connection,
            "SELECT name, hash, role, customers, language, zone, made FROM account WHERE gone IS NULL",
            [],
            account,
        )?,
        sessions: all(
            connection,
            "SELECT session.hash, account.name, csrf, session.made, seen, ends, peer
             FROM session JOIN account ON account.id = session.account",
            [],
            session,
        )?,
        tokens: all(
            connection,
            "SELECT name, hash, scopes, customers, made, ends, seen FROM token WHERE gone IS NULL",
            [],
            token,
        )?,
        once: all(
            connection,
            "SELECT hash, what, body, ends, used FROM once WHERE ends > ?1",
            [now - ONCE_KEPT_SECONDS],
            once,
        )?,
        nodes: all(connection, "SELECT name, state, cert, secret FROM node", [], node)?,
    })
}

/// Which lines of the audit are wanted. The newest come first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Done by whom; anybody without.
    pub who: Option<String>,
    /// What was done, or the beginning of it before a dot: `account` finds `account.add`.
    pub what: Option<String>,
    /// Not before, in seconds since 1970.
    pub since: Option<i64>,
    /// Only those before this one, for the next page.
    pub before: Option<i64>,
}

/// Lines of the audit with their numbers, the newest first.
///
/// # Errors
///
/// What the database says.
pub fn audit(connection: &Connection, filter: &AuditFilter, limit: u32) -> Result<Vec<(i64, Audit)>> {
    let sql = "SELECT id, at, who, how, peer, what, target, detail FROM audit
        WHERE (?1 IS NULL OR who = ?1 COLLATE NOCASE)
          AND (?2 IS NULL OR what = ?2 OR substr(what, 1, length(?2) + 1) = ?2 || '.')
          AND (?3 IS NULL OR at >= ?3) AND (?4 IS NULL OR id < ?4)
        ORDER BY id DESC LIMIT ?5";
    let AuditFilter { who, what, since, before } = filter;
    all(connection, sql, params![who, what, since, before, limit], line)
}

fn all<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: fn(&SqlRow<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params, read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn account(row: &SqlRow<'_>) -> rusqlite::Result<AccountRow> {
    Ok(AccountRow {
        name: row.get(0)?,
        hash: row.get(1)?,
        role: row.get(2)?,
        customers: row.get(3)?,
        language: row.get(4)?,
        zone: row.get(5)?,
        made: row.get(6)?,
    })
}

fn session(row: &SqlRow<'_>) -> rusqlite::Result<SessionRow> {
    Ok(SessionRow {
        hash: row.get(0)?,
        account: row.get(1)?,
        csrf: row.get(2)?,
        made: row.get(3)?,
        seen: row.get(4)?,
        ends: row.get(5)?,
        peer: row.get(6)?,
    })
}

fn token(row: &SqlRow<'_>) -> rusqlite::Result<(TokenRow, Option<i64>)> {
    let token = TokenRow {
        name: row.get(0)?,
        hash: row.get(1)?,
        scopes: row.get(2)?,
        customers: row.get(3)?,
        made: row.get(4)?,
        ends: row.get(5)?,
    };
    Ok((token, row.get(6)?))
}

fn once(row: &SqlRow<'_>) -> rusqlite::Result<OnceRow> {
    Ok(OnceRow { hash: row.get(0)?, what: row.get(1)?, body: row.get(2)?, ends: row.get(3)?, used: row.get(4)? })
}

fn node(row: &SqlRow<'_>) -> rusqlite::Result<NodeKeys> {
    Ok(NodeKeys { name: row.get(0)?, state: row.get(1)?, cert: row.get(2)?, secret: row.get(3)? })
}

fn line(row: &SqlRow<'_>) -> rusqlite::Result<(i64, Audit)> {
    let line = Audit {
        at: row.get(1)?,
        who: row.get(2)?,
        how: row.get(3)?,
        peer: row.get(4)?,
        what: row.get(5)?,
        target: row.get(6)?,
        detail: row.get(7)?,
    };
    Ok((row.get(0)?, line))
}
