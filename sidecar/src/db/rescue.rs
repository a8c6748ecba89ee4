//! What a damaged database still holds whole is newer than last night's copy.

use std::fs;
use std::path::Path;

use rusqlite::Connection;

use super::copy::{self, TABLES};
use super::look;
use crate::error::Result;

/// Taken along where they are whole; the others do without.
const ALSO: [&str; 6] = ["record", "event", "run", "session", "once", "retained"];
/// The file in the state folder while it is made.
pub(super) const FILE: &str = "rescued.db";

/// Makes a new database of what is whole in a damaged one, all but history: either everything that belongs together or
/// nothing. Whether it is there now.
///
/// The damaged one is only read.
pub(super) fn rescue(damaged: &Path, to: &Path) -> bool {
    let _ = fs::remove_file(to);
    let done = take(damaged, to);
    if done.is_err() {
        let _ = fs::remove_file(to);
    }
    done.is_ok()
}

fn take(damaged: &Path, to: &Path) -> Result<()> {
    copy::begin(to)?;
    let connection = Connection::open(to)?;
    connection.execute("ATTACH DATABASE ?1 AS damaged", [uri(damaged)])?;
    connection.pragma_update(Some("damaged"), "cell_size_check", true)?;
    // One that is half read is no node's.
    TABLES.iter().try_for_each(|table| look::table(&connection, "damaged", table))?;
    copy::copy(&connection, &TABLES, "damaged", "main")?;
    for table in ALSO {
        if look::table(&connection, "damaged", table).is_ok() {
            let _ = copy::copy(&connection, &[table], "damaged", "main");
        }
    }
    connection.execute("DETACH DATABASE damaged", [])?;
    connection.close().map_err(|(_, err)| err)?;
    Ok(())
}

/// Read-only: what is kept stays as it was found.
fn uri(path: &Path) -> String {
    let path = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    format!("file:{path}?mode=ro")
}
