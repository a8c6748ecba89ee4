//! Looking a database through, also beside a sidecar that runs.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::lock::Lock;
use super::{APPLICATION_ID, FILE, copy, load, migrate, read, room};
use crate::error::{Error, Kind, Result};

/// What is told of what is wrong.
const FOUND_MAX: i64 = 20;

/// A database that is in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Bytes in use.
    pub bytes: u64,
    /// Whether a sidecar runs with it.
    pub in_use: bool,
}

/// Looks through the database of a state folder; with `full`, also whether indexes and contents agree, which reads
/// everything.
///
/// # Errors
///
/// [`Kind::Damaged`], [`Kind::Newer`], [`Kind::Missing`], [`Kind::Refused`] for somebody else's, or what the system says.
pub fn check(folder: &Path, full: bool) -> Result<Checked> {
    let connection = connect(folder)?;
    connection.pragma_update(None, "query_only", true)?;
    // Without one that runs, none is to start meanwhile.
    let lock = match Lock::take(folder) {
        Ok(lock) => Some(lock),
        Err(err) if err.kind == Kind::InUse => None,
        Err(err) => return Err(err),
    };
    let checked = look(&connection, full).map_err(|err| match err.kind {
        Kind::Damaged => {
            let text = format!("{} is damaged: {}; {}", folder.join(FILE).display(), err.text, after(folder));
            Error { text, ..err }
        }
        _ => err.while_(&format!("check {}", folder.join(FILE).display())),
    });
    checked.map(|bytes| Checked { bytes, in_use: lock.is_none() })
}

/// What a start goes on with.
fn after(folder: &Path) -> &'static str {
    if migrate::is_sound(&folder.join(copy::FILE)) {
        "the sidecar sets it aside when it starts, and goes on with all but history: what is whole in it, else last night's copy"
    } else {
        "the sidecar sets it aside when it starts, and there is no sound copy of last night: unless all but history is whole in it, everything begins anew, without accounts; if you have a copy, bring it back first"
    }
}

/// Whether somebody has an account in the database of a state folder, which may be an older version's.
///
/// # Errors
///
/// As [`check`], without looking through all of it.
pub fn has_accounts(folder: &Path) -> Result<bool> {
    let connection = connect(folder)?;
    connection.pragma_update(None, "query_only", true)?;
    let found =
        mine(&connection).and_then(|schema| if schema == 0 { Ok(false) } else { read::people::any(&connection) });
    found.map_err(|err| err.while_(&format!("use {}", folder.join(FILE).display())))
}

/// To read; nothing is made that is not there.
pub(super) fn connect(folder: &Path) -> Result<Connection> {
    let path = folder.join(FILE);
    if !path.exists() {
        let why = format!("there is no database in {}; name the folder with --state-dir", folder.display());
        return Err(Error::new(Kind::Missing, why));
    }
    let connection = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    Ok(connection)
}

/// How many steps of the schema it has behind it, if it is ours and not a newer version's.
fn mine(connection: &Connection) -> Result<usize> {
    let id: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if id != APPLICATION_ID {
        return Err(Error::new(Kind::Refused, "it is a database of another program"));
    }
    migrate::refuse_newer(connection)
}

fn look(connection: &Connection, full: bool) -> Result<u64> {
    mine(connection)?;
    let how = if full { "integrity_check" } else { "quick_check" };
    let mut found = Vec::new();
    connection.pragma(None, how, FOUND_MAX, |row| {
        found.push(row.get::<_, String>(0)?);
        Ok(())
    })?;
    if found != ["ok"] {
        return Err(Error::new(Kind::Damaged, found.join("; ")));
    }
    if full {
        load(connection)?;
        read::people::load(connection, 0)?;
    }
    Ok(room::Size::of(connection)?.used)
}
