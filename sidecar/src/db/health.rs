//! Keeping the database in shape: the log is written back, room is kept for a bad day.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;

use super::FILE;
use crate::error::Result;
use crate::limits::{CHECKPOINT_EVERY, RESERVE_BYTES, WAL_BYTES_MAX, WAL_BYTES_SOON};

/// See the module.
#[derive(Debug)]
pub(super) struct Keeper {
    wal: PathBuf,
    reserve: PathBuf,
    /// When the log was last written back.
    last: Duration,
    size: (u64, Duration),
}

impl Keeper {
    pub(super) fn new(folder: &Path) -> Self {
        let keeper = Self {
            wal: folder.join(format!("{FILE}-wal")),
            reserve: folder.join("reserve"),
            last: Duration::ZERO,
            size: (0, Duration::ZERO),
        };
        keeper.put_aside();
        keeper
    }

    /// Writes the log back when it is long or old; gives the sizes of the log and of the database in bytes.
    pub(super) fn step(&mut self, connection: &Connection, now: Duration) -> Result<(u64, u64)> {
        let wal = fs::metadata(&self.wal).map_or(0, |meta| meta.len());
        let is_due = wal > WAL_BYTES_SOON || wal > 0 && now.saturating_sub(self.last) >= CHECKPOINT_EVERY;
        if is_due {
            self.last = now;
            let mode = match wal {
                wal if wal > 2 * WAL_BYTES_MAX => "TRUNCATE",
                wal if wal > WAL_BYTES_MAX => "RESTART",
                _ => "PASSIVE",
            };
            connection.pragma(None, "wal_checkpoint", mode, |_| Ok(()))?;
        }
        if self.size.0 == 0 || now.saturating_sub(self.size.1) >= Duration::from_secs(10) {
            self.size = (used(connection)?, now);
        }
        Ok((wal, self.size.0))
    }

    /// Room that nobody else takes: without it a full disk would keep even what frees space from being written.
    fn put_aside(&self) {
        let there = fs::metadata(&self.reserve).is_ok_and(|meta| meta.len() >= RESERVE_BYTES);
        if there || self.fill().is_ok() {
            return;
        }
        let _ = fs::remove_file(&self.reserve);
    }

    /// Real blocks: a hole would reserve nothing.
    fn fill(&self) -> std::io::Result<()> {
        let mut file = OpenOptions::new().create(true).truncate(true).write(true).open(&self.reserve)?;
        let block = [0; 64 << 10];
        for _ in 0..RESERVE_BYTES / block.len() as u64 {
            file.write_all(&block)?;
        }
        file.sync_all()
    }

    /// The disk is full: gives back what was put aside, and writes the log back into the pages that are there.
    pub(super) fn make_room(&self, connection: &Connection) {
        if fs::remove_file(&self.reserve).is_ok() {
            let _ = connection.pragma(None, "wal_checkpoint", "TRUNCATE", |_| Ok(()));
        }
    }

    /// Nothing is left in the log, and the next start need not look through everything.
    pub(super) fn close(&self, connection: &Connection) -> Result<()> {
        connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('clean', 1)", [])?;
        connection.pragma(None, "wal_checkpoint", "TRUNCATE", |_| Ok(()))?;
        self.put_aside();
        Ok(())
    }
}

/// Bytes in pages that hold something.
fn used(connection: &Connection) -> Result<u64> {
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (pages, free, size) = (number("page_count")?, number("freelist_count")?, number("page_size")?);
    Ok(u64::try_from((pages - free) * size).unwrap_or(0))
}
