//! Looking through the database for pages that are not what was written: within a time at a start, whole when something
//! is suspected, and behind everything else now and then, because nobody reads old pages otherwise.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode};

use super::check::connect;
use super::copy::TABLES;
use super::damage::Damage;
use crate::error::{Error, Kind, Result};

/// Steps of the database between two looks at the clock.
const STEPS: i32 = 50;

/// How far it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Looked {
    /// Every page is what it should be.
    Through,
    /// The time was over; what was looked at is sound.
    Begun,
}

/// All of it, with its indexes against what they point at: for a database that gave cause.
pub(super) fn thoroughly(connection: &Connection) -> Result<()> {
    says_ok(connection, "PRAGMA integrity_check(1)")
}

/// All of it.
pub(super) fn whole(connection: &Connection) -> Result<()> {
    says_ok(connection, "PRAGMA quick_check(1)")
}

/// One table with its indexes.
pub(super) fn table(connection: &Connection, schema: &str, table: &str) -> Result<()> {
    says_ok(connection, &format!("PRAGMA {schema}.quick_check('{table}')"))
}

/// What everything hangs on first, then as much of the rest as there is time for.
pub(super) fn within(connection: &mut Connection, time: Duration) -> Result<Looked> {
    let until = Instant::now() + time;
    connection.progress_handler(STEPS, Some(move || Instant::now() > until))?;
    let looked = TABLES.iter().try_for_each(|name| table(connection, "main", name)).and_then(|()| whole(connection));
    connection.progress_handler(0, None::<fn() -> bool>)?;
    match looked {
        Err(err) if err.kind == Kind::InUse => Ok(Looked::Begun),
        looked => looked.map(|()| Looked::Through),
    }
}

/// The database that is in use, behind everything else; what is found is told through `damage`, which also ends it.
pub fn behind(folder: &Path, damage: &Damage) {
    let looked = connect(folder).and_then(|mut connection| {
        connection.pragma_update(None, "query_only", true)?;
        connection.pragma_update(None, "cache_size", -256)?;
        let over = damage.clone();
        connection.progress_handler(STEPS, Some(move || over.is_over()))?;
        whole(&connection)
    });
    let _ = damage.met_in(looked);
}

fn says_ok(connection: &Connection, sql: &str) -> Result<()> {
    let found: String = connection.query_row(sql, [], |row| row.get(0)).map_err(|err| {
        let interrupted = err.sqlite_error_code() == Some(ErrorCode::OperationInterrupted);
        if interrupted { Error::new(Kind::InUse, "the time was over") } else { err.into() }
    })?;
    if found == "ok" { Ok(()) } else { Err(Error::new(Kind::Damaged, found)) }
}
