//! How large the database is, and making it smaller.

use std::fs;
use std::time::Duration;

use rusqlite::Connection;

use crate::error::Result;

/// Free pages above which the file is made smaller: 8 MiB are used again sooner or later.
const FREE_PAGES_MAX: i64 = 1_000;
/// Pages that one step gives back.
const STEP_PAGES: i64 = 64;

/// In bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Size {
    /// Pages that hold something.
    pub(crate) used: u64,
    /// The file.
    pub(crate) file: u64,
    /// The write-ahead log.
    pub(crate) log: u64,
    pub(super) free_pages: i64,
}

impl Size {
    pub(crate) fn of(connection: &Connection) -> Result<Self> {
        let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        let (pages, free_pages, page) = (number("page_count")?, number("freelist_count")?, number("page_size")?);
        let log = connection.path().and_then(|path| fs::metadata(format!("{path}-wal")).ok());
        let bytes = |pages: i64| u64::try_from(pages * page).unwrap_or(0);
        let log = log.map_or(0, |meta| meta.len());
        Ok(Self { used: bytes(pages - free_pages), file: bytes(pages), log, free_pages })
    }

    /// What counts against the limit.
    pub(crate) const fn bytes(&self) -> u64 {
        self.used + self.log
    }
}

/// Gives free pages back to the disk, a few; says whether there were too many.
pub(crate) fn shrink(connection: &Connection, size: &Size, limit: u64) -> Result<bool> {
    let many = size.free_pages > FREE_PAGES_MAX || size.free_pages > 0 && size.file + size.log > limit;
    if many {
        connection.pragma(None, "incremental_vacuum", STEP_PAGES, |_| Ok(()))?;
    }
    Ok(many)
}

/// Writes the log back and cuts it off, unless somebody reads in it just now.
pub(crate) fn cut_log(connection: &Connection) -> Result<()> {
    connection.busy_timeout(Duration::ZERO)?;
    let cut = connection.pragma(None, "wal_checkpoint", "TRUNCATE", |_| Ok(()));
    connection.busy_timeout(Duration::from_secs(5))?;
    Ok(cut?)
}
