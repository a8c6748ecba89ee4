//! What nodes tell.

use rusqlite::{Transaction, params};

use super::{run, signed};
use crate::db::{Row, Run};

/// Writes what came in a stream, and how far it is.
pub(in crate::db) fn streams(row: &Row, to: &Transaction<'_>) -> rusqlite::Result<()> {
    match row {
        Row::Stream { node, kind, stream, seq, missing, heard } => run(
            to,
            "INSERT OR REPLACE INTO stream (node, kind, stream, seq, missing, heard) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![node, kind, stream.0, signed(*seq), missing, heard],
        ),
        Row::Frame { node, at_millis, flags, body } => run(
            to,
            "INSERT INTO frame (node, at_millis, flags, body) VALUES (?1, ?2, ?3, ?4)",
            params![node, at_millis, flags, body],
        ),
        Row::Record { node, stream, seq, at, wall_millis, body } => run(
            to,
            "INSERT OR IGNORE INTO record (node, stream, seq, at, wall_millis, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![node, stream.0, signed(*seq), at, wall_millis, body],
        ),
        Row::Event { node, at, kind, object, body } => run(
            to,
            "INSERT INTO event (node, at, kind, object, body) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![node, at, kind, object, body],
        ),
        Row::Request { node, certificate, at, installed, body } => run(
            to,
            "INSERT OR REPLACE INTO request (node, certificate, at, installed, body) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![node, certificate, at, installed, body],
        ),
        Row::Run(row) => a_run(row, to),
        Row::Gap { node, since, until, why } => run(
            to,
            "INSERT OR REPLACE INTO gap (node, since, until, why) VALUES (?1, ?2, ?3, ?4)",
            params![node, since, until, why],
        ),
        _ => Ok(()),
    }
}

/// Beginning and end come apart, each perhaps without the other.
fn a_run(row: &Run, to: &Transaction<'_>) -> rusqlite::Result<()> {
    let sql = "INSERT INTO run (node, run, job, cause, began, ended, result, exit, problem, view)
        VALUES (?1, ?2, ?3, coalesce(?4, ''), ?5, ?6, ?7, ?8, ?9, ?10)
        ON CONFLICT (node, run) DO UPDATE SET cause = coalesce(?4, cause), began = coalesce(?5, began),
          ended = coalesce(?6, ended), result = coalesce(?7, result), exit = coalesce(?8, exit),
          problem = coalesce(?9, problem), view = coalesce(?10, view)";
    let Run { node, run: id, job, cause, began, ended, result, exit, problem, view } = row;
    run(to, sql, params![node, id, job, cause, began, ended, result, exit, problem, view])
}
