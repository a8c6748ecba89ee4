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

use tokio::sync::watch;
use tokio::task::JoinHandle;

pub(crate) use channels::language;
pub use states::States;
pub use test::test;
pub use worker::Parts;

use worker::Worker;

/// The worker, as it runs.
#[derive(Debug)]
pub struct Sending {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Sending {
    /// Begins with what waits in the database. On the runtime that calls it.
    #[must_use]
    pub fn start(parts: Parts) -> Self {
        let (stop, stopping) = watch::channel(false);
        Self { stop, task: tokio::spawn(Worker::new(parts, stopping).run()) }
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
