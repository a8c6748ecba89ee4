//! The schema, forward only: each step in a transaction of its own.

use std::fs;
use std::path::Path;

use rusqlite::Connection;

use super::look;
use crate::error::{Error, Kind, Result};

const STEPS: &[&str] = &[
    include_str!("schema/0001.sql"),
    include_str!("schema/0002.sql"),
    include_str!("schema/0003.sql"),
    include_str!("schema/0004.sql"),
    include_str!("schema/0005.sql"),
    include_str!("schema/0006.sql"),
];

/// Brings a database to this version's schema.
///
/// # Errors
///
/// [`Kind::Newer`] if a later version wrote it.
pub(super) fn run(connection: &Connection) -> Result<()> {
    let has = refuse_newer(connection)?;
    for (at, step) in STEPS.iter().enumerate().skip(has) {
        let transaction = connection.unchecked_transaction()?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", (at + 1) as i64)?;
        transaction.commit()?;
    }
    let version = env!("CARGO_PKG_VERSION");
    connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('version', ?1)", [version])?;
    Ok(())
}

/// How many steps a database has behind it.
///
/// # Errors
///
/// [`Kind::Newer`] if there are more than this version knows.
pub(super) fn refuse_newer(connection: &Connection) -> Result<usize> {
    let has: usize =
        connection.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))?.try_into().unwrap_or(0);
    if has > STEPS.len() {
        let by: Option<String> =
            connection.query_row("SELECT value FROM meta WHERE key = 'version'", [], |row| row.get(0)).ok();
        let by = by.map_or_else(String::new, |version| format!(" {version}"));
        let why = format!("a newer atalaya-sidecar{by} wrote it; install that version, or give another --state-dir");
        return Err(Error::new(Kind::Newer, why));
    }
    Ok(has)
}

/// Whether there is a copy, and every page of it is sound.
pub(super) fn is_sound(copy: &Path) -> bool {
    let opened = Connection::open_with_flags(copy, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY);
    opened.is_ok_and(|connection| look::whole(&connection).is_ok())
}

/// Puts last night's copy in the place of a database that was set aside; `false` if there is none that is sound.
pub(super) fn from_copy(copy: &Path, to: &Path) -> bool {
    if !is_sound(copy) {
        return false;
    }
    let done = fs::copy(copy, to).is_ok();
    if !done {
        let _ = fs::remove_file(to);
    }
    done
}
