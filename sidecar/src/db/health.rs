//! Keeping the database in shape: the log is written back, room is kept for a bad day.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;

use super::FILE;
use crate::error::Result;
use crate::limits::{CHECKPOINT_EVERY, RESERVE_BYTES, ROOM_BYTES, WAL_BYTES_MAX, WAL_BYTES_SOON};

/// Room in the state folder that is given back on a bad day.
pub(super) const RESERVE: &str = "reserve";

/// Bytes that the file system of a folder has for us; `None` if it does not say.
#[allow(clippy::useless_conversion, reason = "both are narrower where a word has 32 bits")]
pub(crate) fn free_bytes(folder: &Path) -> Option<u64> {
    let stat = nix::sys::statvfs::statvfs(folder).ok()?;
    Some(u64::from(stat.blocks_available()).saturating_mul(u64::from(stat.fragment_size())))
}

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
            reserve: folder.join(RESERVE),
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
        if !self.is_put_aside() && self.fill().is_err() {
            let _ = fs::remove_file(&self.reserve);
        }
        // One of an older version is anybody's to read.
        let _ = fs::set_permissions(&self.reserve, fs::Permissions::from_mode(0o600));
    }

    fn is_put_aside(&self) -> bool {
        fs::metadata(&self.reserve).is_ok_and(|meta| meta.len() >= RESERVE_BYTES)
    }

    /// Whether a disk that was full has room again: for what was given back, so that the next bad day finds it, and for some
    /// more. What was given back is not for more of the same.
    pub(super) fn has_room(&self) -> bool {
        let free = || self.reserve.parent().and_then(free_bytes).unwrap_or(u64::MAX);
        if !self.is_put_aside() && free() > RESERVE_BYTES + ROOM_BYTES {
            self.put_aside();
        }
        self.is_put_aside()
    }

    /// Real blocks: a hole would reserve nothing.
    fn fill(&self) -> std::io::Result<()> {
        let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&self.reserve)?;
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
