//! Connections that read. A read runs where it may wait, and ends after a while even if the disk hangs in it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use rusqlite::{Connection, OpenFlags};
use tokio::sync::Semaphore;

use super::{Damage, FILE};
use crate::error::{Error, Kind, Result};
use crate::limits::{READ_TIME_MAX, READERS};

/// See the module.
#[derive(Clone, Debug)]
pub struct Readers {
    path: PathBuf,
    idle: Arc<Mutex<Vec<Connection>>>,
    places: Arc<Semaphore>,
    damage: Damage,
}

impl Readers {
    /// Of the database in this state folder.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        let places = Arc::new(Semaphore::new(READERS));
        Self { path: folder.join(FILE), idle: Arc::default(), places, damage: Damage::default() }
    }

    /// Damage that a read meets is told here.
    #[must_use]
    pub fn telling(self, damage: Damage) -> Self {
        Self { damage, ..self }
    }

    /// Reads something.
    ///
    /// # Errors
    ///
    /// What the database says, or that it took too long.
    pub async fn with<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let stopping = |_| Error::new(Kind::Internal, "the program is stopping");
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(stopping)?;
        let readers = self.clone();
        let done = tokio::task::spawn_blocking(move || {
            let _place = place;
            readers.now(read)
        });
        done.await.map_err(|err| Error::new(Kind::Internal, format!("a read failed: {err}")))?
    }

    /// The same, in this thread.
    ///
    /// # Errors
    ///
    /// What the database says, or that it took too long.
    pub fn now<T>(&self, read: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        self.damage.met_in(self.read(read))
    }

    fn read<T>(&self, read: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut connection = kept.map_or_else(|| connect(&self.path), Ok)?;
        let until = Instant::now() + READ_TIME_MAX;
        connection.progress_handler(10_000, Some(move || Instant::now() > until))?;
        let read = read(&connection);
        if read.is_ok() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
        read
    }
}

fn connect(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.pragma_update(None, "query_only", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cache_size", -1024)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(connection)
}
