//! The outbox: sends what waits in the database, one delivery at a time, and writes down what came of each.
//!
//! What is next is decided by [`atalaya_notify::turn`]. Everything that it decides is committed before it is asked again:
//! so a crash repeats at most the one delivery that was under way, and loses none.

mod body;
mod channels;
mod mqtt;
mod outbox;
mod states;
mod test;
mod worker;

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;
use tokio::task::JoinHandle;

pub(crate) use channels::language;
pub use states::States;
pub use test::{test, works};
pub use worker::Parts;

use worker::Worker;

/// The worker, as it runs.
pub struct Sending {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
    next: Next,
}

/// What it is to go on with; the newest counts.
pub(super) type Next = Arc<Mutex<Option<Parts>>>;

impl Sending {
    /// Begins with what waits in the database. On the runtime that calls it.
    #[must_use]
    pub fn start(parts: Parts) -> Self {
        let (stop, stopping) = watch::channel(false);
        let next = Next::default();
        let worker = Worker::new(parts, stopping, Arc::clone(&next));
        Self { stop, task: tokio::spawn(worker.run()), next }
    }

    /// From the next notification on others are told, or otherwise.
    pub fn renew(&self, parts: Parts) {
        let news = Arc::clone(&parts.news);
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = Some(parts);
        news.notify_one();
    }

    /// Ends it: what is under way may end within [`crate::limits::LAST_TRY_MAX`], and is written down. What takes longer
    /// is sent again after the next start.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        let _ = self.task.await;
    }
}

#[cfg(test)]
pub(crate) mod tests;
