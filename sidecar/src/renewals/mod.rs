//! What expires and what becomes of it, around the planner of `atalaya_renew`: it is asked here what follows, what it says
//! is on the disk before anything is done, and providers are asked one thing at a time in threads of their own.

mod ask;
pub mod certificates;
mod keep;
pub mod mailbox;
mod market;
pub mod nodes;
mod own;
mod providers;
mod readings;
pub mod records;
mod run;
mod seal;
mod tell;
#[cfg(test)]
mod tests;

pub use keep::{load, rows};
pub use market::{About, Market};
pub use providers::Providers;
pub use readings::{Asked, FollowedRecord, Readings, Renewal, Waiting, id};
pub use run::{Parts, run};
pub use seal::Seal;
pub use tell::tell;

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

use atalaya_renew::{Event, Refused, State, Terms};
use tokio::sync::{mpsc, oneshot, watch};

use crate::db::Audit;
use crate::error::{Error, Kind};

/// Words that wait: people's, mails', what agents saw.
const QUEUE_MAX: usize = 64;

/// Where everybody else meets it.
#[derive(Clone)]
pub struct Renewals {
    words: mpsc::Sender<Word>,
    seen: Arc<RwLock<Arc<State>>>,
    market: watch::Receiver<Arc<dyn Market>>,
}

/// What it is told.
#[derive(Debug)]
pub enum Word {
    /// Something happened.
    Happened(Event),
    /// A person does something, with the line that stands of it in the audit.
    Done {
        /// What.
        event: Event,
        /// Who, when, from where.
        audit: Audit,
        /// When they said so.
        said: Instant,
        /// What became of it.
        answer: oneshot::Sender<Result<(), Denied>>,
    },
    /// Something happened, and whoever saw it waits until it is on the disk.
    Kept(Event, oneshot::Sender<Result<(), Denied>>),
    /// All providers are to be asked now.
    Check(oneshot::Sender<Result<(), Denied>>),
}

/// Why something a person did was not done.
#[derive(Debug)]
pub enum Denied {
    /// The planner says why.
    Refused(Refused),
    /// It could not be written, so nothing of it happened.
    Failed(Error),
}

/// What its own task hears and shows.
#[derive(Debug)]
pub struct Heard {
    pub(super) words: mpsc::Receiver<Word>,
    pub(super) seen: Arc<RwLock<Arc<State>>>,
}

impl Renewals {
    /// One that knows this, and what hears for it.
    #[must_use]
    pub fn new(state: &State, market: watch::Receiver<Arc<dyn Market>>) -> (Self, Heard) {
        let (words, heard) = mpsc::channel(QUEUE_MAX);
        let seen = Arc::new(RwLock::new(Arc::new(state.clone())));
        (Self { words, seen: Arc::clone(&seen), market }, Heard { words: heard, seen })
    }

    /// All that is known now.
    #[must_use]
    pub fn seen(&self) -> Arc<State> {
        Arc::clone(&self.seen.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What holds for buying.
    #[must_use]
    pub fn terms(&self) -> Terms {
        self.market.borrow().terms()
    }

    /// Who is asked, by name.
    #[must_use]
    pub fn about(&self) -> Vec<About> {
        self.market.borrow().about()
    }

    /// A person does something.
    ///
    /// # Errors
    ///
    /// Why it was not done.
    pub async fn act(&self, event: Event, audit: Audit) -> Result<(), Denied> {
        self.ask(|answer| Word::Done { event, audit, said: Instant::now(), answer }).await
    }

    /// Has all providers asked now, whenever they would have been.
    ///
    /// # Errors
    ///
    /// As [`Self::act`].
    pub async fn check(&self) -> Result<(), Denied> {
        self.ask(Word::Check).await
    }

    /// Something happened; where there is no room it comes again.
    pub fn happened(&self, event: Event) -> bool {
        self.words.try_send(Word::Happened(event)).is_ok()
    }

    /// Something happened; on the disk when this returns.
    ///
    /// # Errors
    ///
    /// The program is stopping.
    pub async fn keep(&self, event: Event) -> Result<(), Denied> {
        self.ask(|answer| Word::Kept(event, answer)).await
    }

    async fn ask(&self, word: impl FnOnce(oneshot::Sender<Result<(), Denied>>) -> Word) -> Result<(), Denied> {
        let stopping = || Denied::Failed(Error::new(Kind::Internal, "the program is stopping"));
        let (answer, done) = oneshot::channel();
        self.words.send(word(answer)).await.map_err(|_| stopping())?;
        done.await.unwrap_or_else(|_| Err(stopping()))
    }
}
