//! Giving all free space back to the disk, a little between batches, so that nothing waits for it. The file is not written
//! anew, which would take as much room again.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::room::{self, Size};
use super::writer::Chore;
use crate::error::{Error, Kind, Result};

/// Pages that are moved in one transaction.
const STEP_PAGES: i64 = 64;
/// How long batches wait for it.
const STEP_TIME_MAX: Duration = Duration::from_millis(250);

/// What came of it, in bytes of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shrunk {
    /// As large as this.
    pub before: u64,
    /// And now.
    pub after: u64,
}

/// Asks for it.
#[derive(Clone, Debug, Default)]
pub struct Vacuum(Arc<Mutex<Option<Job>>>);

#[derive(Debug)]
struct Job {
    before: Option<u64>,
    answer: oneshot::Sender<Result<Shrunk>>,
}

impl Vacuum {
    /// Begins, and waits until it is done.
    ///
    /// # Errors
    ///
    /// [`Kind::InUse`] if somebody else has begun, or what the database says.
    pub async fn run(&self) -> Result<Shrunk> {
        let (answer, done) = oneshot::channel();
        {
            let mut job = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if job.is_some() {
                return Err(Error::new(Kind::InUse, "somebody has begun it already; wait until it is done"));
            }
            *job = Some(Job { before: None, answer });
        }
        done.await.unwrap_or_else(|_| Err(Error::new(Kind::Internal, "the program is stopping")))
    }
}

impl Vacuum {
    /// What does it, for the writer. Whoever waits hears when that ends.
    #[must_use]
    pub fn chore(&self) -> Doing {
        Doing(self.0.clone())
    }
}

/// See [`Vacuum::chore`].
#[derive(Debug)]
pub struct Doing(Arc<Mutex<Option<Job>>>);

impl Drop for Doing {
    fn drop(&mut self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

impl Chore for Doing {
    fn step(&mut self, connection: &mut Connection, _: i64) -> Result<()> {
        let mut job = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Job { before, .. }) = job.as_mut() else { return Ok(()) };
        match some(connection, before) {
            Ok(None) => {}
            done => {
                if let Some(Job { answer, .. }) = job.take() {
                    let _ = answer.send(done.map(|shrunk| shrunk.unwrap_or(Shrunk { before: 0, after: 0 })));
                }
            }
        }
        Ok(())
    }
}

/// As much as there is time for; what came of it when there is no more to do.
fn some(connection: &Connection, before: &mut Option<u64>) -> Result<Option<Shrunk>> {
    let (mut size, until) = (Size::of(connection)?, Instant::now() + STEP_TIME_MAX);
    let before = *before.get_or_insert(size.file);
    while size.free_pages > 0 {
        if Instant::now() >= until {
            return Ok(None);
        }
        connection.pragma(None, "incremental_vacuum", STEP_PAGES, |_| Ok(()))?;
        let now = Size::of(connection)?;
        if now.free_pages >= size.free_pages {
            break;
        }
        size = now;
    }
    // The file itself is cut when the log is written back; a reader may hold it, and then that comes by itself.
    let _ = room::cut_log(connection);
    Ok(Some(Shrunk { before, after: size.file }))
}
