//! A copy of everything but history, made each night beside the database: what a damaged one is begun again with.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::writer::Chore;
use super::{APPLICATION_ID, migrate};
use crate::error::Result;

/// What is copied. History is too large, and what else is missing is told again by agents or made again by people.
pub(super) const TABLES: [&str; 17] = [
    "meta",
    "customer",
    "node",
    "stream",
    "request",
    "series",
    "run_total",
    "alert_part",
    "incident",
    "timeline",
    "maintenance",
    "renewal",
    "account",
    "token",
    "audit",
    "notification",
    "delivery",
];
/// Seconds between two copies.
const EVERY: i64 = 86_400;
/// The file in the state folder.
pub(super) const FILE: &str = "kept.db";

/// Makes the copy when it is time.
#[derive(Debug)]
pub struct Copying {
    folder: PathBuf,
    next: i64,
}

impl Copying {
    /// Of the database in this folder. The first copy is a day after the last one, or soon if there is none.
    #[must_use]
    pub fn new(folder: &Path, now: i64) -> Self {
        let made = fs::metadata(folder.join(FILE)).and_then(|meta| meta.modified()).ok();
        let age = made.and_then(|made| made.elapsed().ok()).and_then(|age| i64::try_from(age.as_secs()).ok());
        let wait = age.map_or(600, |age| (EVERY - age).clamp(600, EVERY));
        Self { folder: folder.to_path_buf(), next: now.saturating_add(wait) }
    }
}

impl Chore for Copying {
    fn step(&mut self, connection: &mut Connection, now: i64) -> Result<()> {
        if now < self.next && self.next - now <= EVERY {
            return Ok(());
        }
        self.next = now.saturating_add(EVERY);
        make(connection, &self.folder)
    }
}

/// Writes the copy beside, then puts it in the place of the last one.
///
/// # Errors
///
/// What the database or the disk says; then the last one stays.
pub(super) fn make(connection: &Connection, folder: &Path) -> Result<()> {
    let part = folder.join(format!("{FILE}.part"));
    let _ = fs::remove_file(&part);
    let made = fill(connection, &part);
    if made.is_err() {
        let _ = fs::remove_file(&part);
        return made;
    }
    File::open(&part)?.sync_all()?;
    fs::rename(&part, folder.join(FILE))?;
    File::open(folder)?.sync_all()?;
    Ok(())
}

fn fill(connection: &Connection, part: &Path) -> Result<()> {
    begin(part)?;
    connection.execute("ATTACH DATABASE ?1 AS kept", [part.to_string_lossy()])?;
    let copied = copy(connection, &TABLES, "main", "kept");
    connection.execute("DETACH DATABASE kept", [])?;
    copied
}

/// An empty database.
pub(super) fn begin(path: &Path) -> Result<()> {
    let fresh = Connection::open(path)?;
    fresh.pragma_update(None, "application_id", APPLICATION_ID)?;
    migrate::run(&fresh)?;
    fresh.close().map_err(|(_, err)| err)?;
    Ok(())
}

/// These tables, from one attached database to another: all of them or none.
pub(super) fn copy(connection: &Connection, tables: &[&str], from: &str, to: &str) -> Result<()> {
    let transaction = connection.unchecked_transaction()?;
    for table in tables {
        transaction.execute_batch(&format!(
            "DELETE FROM {to}.{table}; INSERT INTO {to}.{table} SELECT * FROM {from}.{table}"
        ))?;
    }
    transaction.commit()?;
    Ok(())
}
