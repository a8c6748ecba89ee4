//! Opening the database, whatever state it is in. A damaged one is set aside, never overwritten.

use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::{fmt, fs};

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::damage::{self, Damage};
use super::health::RESERVE;
use super::lock::Lock;
use super::look::{self, Looked};
use super::{APPLICATION_ID, FILE, copy, migrate, rescue};
use crate::error::{Error, Kind, Result};
use crate::limits::START_LOOK_MAX;

/// How the database was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    /// There was none.
    New,
    /// It had been closed properly.
    Clean,
    /// The program or the machine had been stopped in the midst of it; it was looked through and is sound.
    Unclean,
    /// It was damaged, and is kept under another name.
    SetAside(Aside),
}

/// A damaged database that was set aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aside {
    /// The damaged file.
    pub kept: PathBuf,
    /// Why.
    pub why: String,
    /// What it was begun again with.
    #[serde(default)]
    pub from: Again,
}

/// Where accounts, nodes and alerts came from when a database was begun again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Again {
    /// The damaged one itself, which held them whole.
    Itself,
    /// Last night's copy.
    #[default]
    Copy,
    /// There was none.
    Nothing,
}

impl fmt::Display for Aside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the database was damaged ({}) and is kept as {}", self.why, self.kept.display())?;
        match self.from {
            Again::Nothing => f.write_str(
                "; there was no copy: accounts are gone, and pages on this machine are open without a log-in",
            ),
            Again::Itself | Again::Copy => Ok(()),
        }
    }
}

/// The key of `meta` that remembers it until somebody takes note; empty from then on.
pub const ASIDE: &str = "set_aside";

/// An open database and the folder it is in.
#[derive(Debug)]
pub struct Database {
    /// The only connection that writes.
    pub connection: Connection,
    /// The state folder.
    pub folder: PathBuf,
    /// How it was found.
    pub opened: Opened,
    /// Whether every page was looked at, or there was no time for all of them.
    pub looked: Looked,
    /// What is met of damage from now on.
    pub damage: Damage,
    /// The folder is ours.
    pub lock: Lock,
}

/// Opens the database of a state folder, making both if they are not there.
///
/// # Errors
///
/// [`Kind::InUse`], [`Kind::Newer`], [`Kind::Denied`], [`Kind::Full`]; never [`Kind::Damaged`].
pub fn open(folder: &Path, now: i64) -> Result<Database> {
    make(folder)?;
    let lock = Lock::take(folder)?;
    local(folder)?;
    let path = folder.join(FILE);
    let done = |(connection, opened, looked)| {
        let damage = Damage::new(folder);
        Database { connection, folder: folder.to_path_buf(), opened, looked, damage, lock }
    };
    let given_back = |err: &Error| err.kind == Kind::Full && fs::remove_file(folder.join(RESERVE)).is_ok();
    let mut tried = attempt(folder);
    if tried.as_ref().is_err_and(given_back) {
        // Whoever looks at its pages sees why nothing is taken in, which a program that does not start would not show.
        tried = attempt(folder);
    }
    match tried {
        Ok(opened) => Ok(done(opened)),
        Err(err) if err.kind == Kind::Damaged => set_aside(folder, now, err.text).map(done),
        Err(err) => Err(err.while_(&format!("open the database {}", path.display()))),
    }
}

fn make(folder: &Path) -> Result<()> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|err| Error::from(err).while_(&format!("make the state folder {}", folder.display())))?;
    let meta = fs::metadata(folder)?;
    if meta.permissions().mode() & 0o077 != 0 {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// The write-ahead log needs memory that its processes share, which file systems over the network do not give.
fn local(folder: &Path) -> Result<()> {
    const NFS: i64 = 0x6969;
    const SMB: [i64; 3] = [0x517b, 0xff53_4d42_u32 as i64, 0xfe53_4d42_u32 as i64];
    let Ok(stat) = nix::sys::statfs::statfs(folder) else { return Ok(()) };
    #[allow(clippy::useless_conversion, clippy::unnecessary_cast, reason = "the type differs between platforms")]
    let kind = stat.filesystem_type().0 as i64;
    if kind == NFS || SMB.contains(&(kind & 0xffff_ffff)) {
        let why =
            format!("{} is on a network share, where a database cannot be kept; set [state] dir", folder.display());
        return Err(Error::new(Kind::Config, why));
    }
    Ok(())
}

fn attempt(folder: &Path) -> Result<(Connection, Opened, Looked)> {
    let path = &folder.join(FILE);
    let is_new = !path.exists();
    let mut connection = Connection::open(path)?;
    let _ = fs::set_permissions(path, fs::Permissions::from_mode(0o600));
    settings(&connection)?;
    let opened = if is_new || is_empty(&connection)? {
        connection.pragma_update(None, "application_id", APPLICATION_ID)?;
        Opened::New
    } else {
        let id: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
        if id != APPLICATION_ID {
            return Err(Error::new(Kind::Refused, "it is a database of another program; move it away"));
        }
        if was_clean(&connection)? { Opened::Clean } else { Opened::Unclean }
    };
    migrate::run(&connection)?;
    let looked = look(folder, &mut connection, &opened)?;
    connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('clean', 0)", [])?;
    Ok((connection, opened, looked))
}

/// As thoroughly as there is cause to.
fn look(folder: &Path, connection: &mut Connection, opened: &Opened) -> Result<Looked> {
    if let Some(why) = damage::remembered(folder) {
        look::thoroughly(connection)?;
        tracing::warn!(why, "damage was met, and every page is sound now: look at the machine's memory and disk");
        damage::forget(folder);
        return Ok(Looked::Through);
    }
    match opened {
        Opened::Clean => look::within(connection, START_LOOK_MAX),
        _ => look::whole(connection).map(|()| Looked::Through),
    }
}

fn is_empty(connection: &Connection) -> Result<bool> {
    Ok(connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0))?)
}

fn was_clean(connection: &Connection) -> Result<bool> {
    let sql = "SELECT coalesce((SELECT value FROM meta WHERE key = 'clean'), 0) = 1";
    Ok(connection.query_row(sql, [], |row| row.get(0))?)
}

/// What every connection that writes has set.
fn settings(connection: &Connection) -> Result<()> {
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    // Before anything is written: frames and blocks take some kilobytes each, and half as many seeks find them.
    connection.pragma_update(None, "page_size", 8192)?;
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    // With a map, a disk that fails would kill the program.
    connection.pragma_update_and_check(None, "mmap_size", 0, |_| Ok(())).or_else(none)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_size", -2048)?;
    connection.pragma_update_and_check(None, "wal_autocheckpoint", 0, |_| Ok(()))?;
    connection.pragma_update_and_check(None, "journal_size_limit", 16 << 20, |_| Ok(()))?;
    Ok(())
}

/// Where maps are left out of the build, nothing is answered.
fn none(err: rusqlite::Error) -> rusqlite::Result<()> {
    if err == rusqlite::Error::QueryReturnedNoRows { Ok(()) } else { Err(err) }
}

fn set_aside(folder: &Path, now: i64, why: String) -> Result<(Connection, Opened, Looked)> {
    let rescued = folder.join(rescue::FILE);
    let itself = rescue::rescue(&folder.join(FILE), &rescued);
    let kept = folder.join(format!("{FILE}.corrupt-{now}"));
    for suffix in ["", "-wal", "-shm"] {
        let from = folder.join(format!("{FILE}{suffix}"));
        let to = folder.join(format!("{FILE}.corrupt-{now}{suffix}"));
        match fs::rename(&from, &to) {
            Err(err) if err.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::from(err).while_(&format!("set the damaged {} aside", from.display())));
            }
            _ => {}
        }
    }
    let path = folder.join(FILE);
    let from = match () {
        () if itself && fs::rename(&rescued, &path).is_ok() => Again::Itself,
        () if migrate::from_copy(&folder.join(copy::FILE), &path) => Again::Copy,
        () => Again::Nothing,
    };
    damage::forget(folder);
    let (connection, _, looked) = attempt(folder)?;
    let aside = Aside { kept, why, from };
    let said = serde_json::to_string(&aside).unwrap_or_default();
    connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)", [ASIDE, &said])?;
    Ok((connection, Opened::SetAside(aside), looked))
}
