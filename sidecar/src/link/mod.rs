//! The sidecar's own connection to the broker, built in or not. It waits for the tower, which waits for nobody: so a fleet
//! that comes at once is read as fast as it can be taken in, and the broker holds it back. Should the tower hang, messages
//! are dropped and counted, and the connection lives: streams are asked for again and views are told again.
//!
//! What the built-in broker has retained is read from it directly, when the connection is made and whenever messages to it
//! had to queue: so its lane can be short, and a view that was lost on the way is told again. That something is retained no
//! more is not told again: what a node gave up meanwhile is shown until the node says something of it.

mod out;
mod recall;
mod session;
pub mod topic;

pub use out::Out;
pub(crate) use out::Receipt;
pub use session::{Terms, keep_up};

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError};
use std::time::Duration;

use crate::limits::{HEAR_LOOK, HEAR_WAIT_MAX, QUEUE_BYTES_MAX};
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
    waiting: Arc<AtomicUsize>,
    dropped: Arc<AtomicU64>,
    /// It waited in vain; until something is taken in again nothing waits any more, so that the connection lives.
    deaf: Arc<AtomicBool>,
}

impl Ear {
    /// Into this channel.
    #[must_use]
    pub fn new(tower: SyncSender<Word>) -> Self {
        let (bytes, waiting, dropped, deaf) = Default::default();
        Self { tower, bytes, waiting, dropped, deaf }
    }

    /// Hands a message on, once there is room; drops it if there is none for as long as [`HEAR_WAIT_MAX`].
    pub async fn hear(&self, heard: Heard) {
        self.hear_within(heard, HEAR_WAIT_MAX).await;
    }

    async fn hear_within(&self, heard: Heard, wait: Duration) {
        let size = heard.payload.len() + heard.topic.len() + 128;
        let mut word = heard;
        let begun = tokio::time::Instant::now();
        while let Err(back) = self.offer(word, size) {
            let may_wait = !self.deaf.load(Ordering::Relaxed) && begun.elapsed() < wait;
            let Some(back) = back.filter(|_| may_wait) else {
                self.dropped.fetch_add(1, Ordering::Relaxed);
                if !self.deaf.swap(true, Ordering::Relaxed) {
                    tracing::warn!("the tower takes nothing in; messages of nodes are dropped until it does");
                }
                return;
            };
            word = back;
            tokio::time::sleep(HEAR_LOOK).await;
        }
        if self.deaf.swap(false, Ordering::Relaxed) {
            tracing::info!(dropped = self.dropped(), "the tower takes messages in again");
        }
    }

    /// Gives the message back if there is no room, and nothing if there is no tower.
    fn offer(&self, heard: Heard, size: usize) -> Result<(), Option<Heard>> {
        if self.bytes.fetch_add(size, Ordering::AcqRel) + size > QUEUE_BYTES_MAX {
            self.bytes.fetch_sub(size, Ordering::AcqRel);
            return Err(Some(heard));
        }
        self.waiting.fetch_add(1, Ordering::AcqRel);
        let held = Held { bytes: Arc::clone(&self.bytes), waiting: Arc::clone(&self.waiting), size };
        self.tower.try_send(Word::Heard(heard, held)).map_err(|err| match err {
            TrySendError::Full(Word::Heard(heard, _)) => Some(heard),
            _ => None,
        })
    }

    /// Something that is not a message of a node: waits for room.
    pub async fn tell(&self, word: Word) {
        let tower = self.tower.clone();
        let _ = tokio::task::spawn_blocking(move || tower.send(word).is_ok()).await;
    }

    /// The same, for so long; whether there was room.
    pub async fn tell_within(&self, word: Word, wait: Duration) -> bool {
        let (mut word, begun) = (word, tokio::time::Instant::now());
        loop {
            word = match self.tower.try_send(word) {
                Ok(()) => return true,
                Err(TrySendError::Full(back)) if begun.elapsed() < wait => back,
                Err(_) => return false,
            };
            tokio::time::sleep(HEAR_LOOK).await;
        }
    }

    /// Messages that wait for the tower.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Acquire)
    }

    /// Messages that found no room so far.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

/// Counts a message and its bytes as long as it waits.
#[derive(Debug)]
pub struct Held {
    bytes: Arc<AtomicUsize>,
    waiting: Arc<AtomicUsize>,
    size: usize,
}

impl Held {
    /// Of nothing, for tests.
    #[must_use]
    pub fn none() -> Self {
        Self { bytes: Arc::default(), waiting: Arc::new(AtomicUsize::new(1)), size: 0 }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.bytes.fetch_sub(self.size, Ordering::AcqRel);
        self.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use super::*;

    fn heard(n: u8, bytes: usize) -> Heard {
        Heard { topic: n.to_string(), payload: vec![n; bytes], retained: false, sender: None }
    }

    /// Says `count` messages of `bytes` to a tower with room for two, which takes them when all but those wait.
    fn play(count: u8, bytes: usize) -> (Vec<String>, u64) {
        let (tower, words) = sync_channel(2);
        let ear = Ear::new(tower);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let all = async {
                for n in 0..count {
                    ear.hear(heard(n, bytes)).await;
                }
            };
            let take = async {
                let mut took = Vec::new();
                while took.len() < usize::from(count) {
                    tokio::time::sleep(HEAR_LOOK / 5).await;
                    if let Ok(Word::Heard(heard, _)) = words.try_recv() {
                        took.push(heard.topic);
                    }
                }
                took
            };
            let ((), took) = tokio::join!(all, take);
            (took, ear.dropped())
        })
    }

    #[test]
    fn what_finds_no_room_waits_and_nothing_is_lost() {
        let all = |count: u8| (0..count).map(|n| n.to_string()).collect::<Vec<_>>();
        assert_eq!(play(100, 10), (all(100), 0), "messages");
        assert_eq!(play(20, QUEUE_BYTES_MAX * 2 / 3), (all(20), 0), "bytes");
    }

    #[test]
    fn a_tower_that_hangs_costs_a_message_and_not_the_connection() {
        let (tower, words) = sync_channel(1);
        let ear = Ear::new(tower);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            ear.hear(heard(0, 1)).await;
            ear.hear_within(heard(1, 1), HEAR_LOOK).await;
            assert_eq!(ear.dropped(), 1);
            // The next do not wait as long again one after another, or the connection would not live.
            let next = async {
                for n in 2..50 {
                    ear.hear(heard(n, 1)).await;
                }
            };
            tokio::time::timeout(HEAR_WAIT_MAX / 2, next).await.expect("each waited");
            assert_eq!(ear.dropped(), 49);
            drop(words.try_recv());
            ear.hear(heard(50, 1)).await;
            assert!(!ear.deaf.load(Ordering::Relaxed), "from here on they wait again");
        });
        assert!(!runtime.block_on(ear.tell_within(Word::Up, HEAR_LOOK)), "there is no room");
    }
}
