//! The sidecar's own connection to the broker, built in or not. It never waits for the tower, and the tower never for it:
//! what finds no room is dropped and counted, because streams are asked for again and views are told again.

mod out;
mod session;
pub mod topic;

pub use out::Out;
pub use session::{Terms, keep_up};

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::SyncSender;

use crate::limits::QUEUE_BYTES_MAX;
use crate::tower::Word;

/// A message that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// Where.
    pub topic: String,
    /// What.
    pub payload: Vec<u8>,
    /// Whether the broker had kept it.
    pub retained: bool,
    /// Who sent it, where the broker says so itself.
    pub sender: Option<String>,
}

/// The way to the tower: bounded in messages by the channel, and in bytes by what is counted here.
#[derive(Clone, Debug)]
pub struct Ear {
    tower: SyncSender<Word>,
    bytes: Arc<AtomicUsize>,
    dropped: Arc<AtomicU64>,
}

impl Ear {
    /// Into this channel.
    #[must_use]
    pub fn new(tower: SyncSender<Word>) -> Self {
        Self { tower, bytes: Arc::default(), dropped: Arc::default() }
    }

    /// Hands a message on, or drops it when there is no room; says whether it could.
    pub fn hear(&self, heard: Heard) -> bool {
        let size = heard.payload.len() + heard.topic.len() + 128;
        if self.bytes.fetch_add(size, Ordering::AcqRel) + size > QUEUE_BYTES_MAX {
            self.bytes.fetch_sub(size, Ordering::AcqRel);
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return false;
        }
        let held = Held { bytes: Arc::clone(&self.bytes), size };
        let took = self.tower.try_send(Word::Heard(heard, held)).is_ok();
        if !took {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        took
    }

    /// Something that is not a message of a node: waits for room.
    pub async fn tell(&self, word: Word) {
        let tower = self.tower.clone();
        let _ = tokio::task::spawn_blocking(move || tower.send(word).is_ok()).await;
    }

    /// Messages that found no room so far.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

/// Counts a message's bytes as long as it waits.
#[derive(Debug)]
pub struct Held {
    bytes: Arc<AtomicUsize>,
    size: usize,
}

impl Held {
    /// Of nothing, for tests.
    #[must_use]
    pub fn none() -> Self {
        Self { bytes: Arc::default(), size: 0 }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.bytes.fetch_sub(self.size, Ordering::AcqRel);
    }
}
