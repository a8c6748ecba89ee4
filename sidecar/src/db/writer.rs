//! The thread that writes: takes batches in order, commits each as a whole, then lets its effects happen.
//!
//! A batch that cannot be written is not given up: it waits and is tried again, nothing behind it goes first, and nobody
//! hears of what is in it. What a person asked for is refused instead.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::health::Keeper;
use super::{Batch, Damage, Database, Effect, Row, Times, put};
use crate::clock::Clock;
use crate::error::{Error, Kind, Result};
use crate::limits::RETRY_EVERY;

/// Batches that wait: the tower's and people's.
const QUEUE_MAX: usize = 64;
/// Chores have a step so often.
const CHORES_EVERY: Duration = Duration::from_secs(1);

/// How the writer is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Why nothing can be written, as long as that is so.
    pub problem: Option<String>,
    /// Why no history is taken, as long as that is so.
    pub history: Option<String>,
    /// What was met of damage, from then on.
    pub damaged: Option<String>,
    /// Transactions so far.
    pub commits: u64,
    /// Rows so far.
    pub rows: u64,
    /// How long those transactions took.
    pub times: Times,
    /// Size of the write-ahead log in bytes.
    pub wal_bytes: u64,
    /// Size of what is used of the database in bytes.
    pub size_bytes: u64,
    /// Beats of the thread: one that does not grow hangs.
    pub beats: u64,
}

impl Health {
    /// Why the sidecar cannot do what it is for.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        let damaged = || self.damaged.as_ref().map(|why| format!("the database is damaged: {why}"));
        self.problem.clone().or_else(damaged)
    }
}

/// Something done between batches, in short steps.
pub trait Chore: Send {
    /// Does a little; called about once a second. A failure is told and does not end anything.
    ///
    /// # Errors
    ///
    /// Whatever the database says.
    fn step(&mut self, connection: &mut Connection, now: i64) -> Result<()>;

    /// Why it does not do what it is for, if people should know.
    fn problem(&self) -> Option<String> {
        None
    }
}

/// The thread.
#[derive(Debug)]
pub struct Writer {
    desk: Desk,
    thread: Option<JoinHandle<()>>,
}

/// Where batches are handed in.
#[derive(Clone, Debug)]
pub struct Desk {
    queue: SyncSender<Work>,
    waiting: Arc<AtomicUsize>,
    health: Arc<Mutex<Health>>,
    damage: Damage,
}

#[derive(Debug)]
enum Work {
    /// From the tower: never given up.
    Kept(Batch),
    /// From people: refused if it cannot be written now.
    Asked(Batch),
    /// The last thing.
    Stop,
}

impl Writer {
    /// Starts it.
    ///
    /// # Errors
    ///
    /// If there is no thread for it.
    pub fn start(
        database: Database,
        clock: Arc<dyn Clock>,
        chores: Vec<Box<dyn Chore>>,
        after: impl FnMut(Effect) + Send + 'static,
    ) -> Result<Self> {
        let (queue, work) = sync_channel(QUEUE_MAX);
        let health = Arc::new(Mutex::new(Health::default()));
        let waiting = Arc::<AtomicUsize>::default();
        let damage = database.damage.clone();
        let desk = Desk { queue, waiting: Arc::clone(&waiting), health: Arc::clone(&health), damage };
        let keeper = Keeper::new(&database.folder);
        database.connection.set_prepared_statement_cache_capacity(put::STATEMENTS);
        let (full, tried) = (None, Instant::now());
        let desk_of_writer = Writing { database, clock, waiting, health, keeper, full, tried, chores, after };
        let thread = thread::Builder::new().name("writer".into()).spawn(move || desk_of_writer.run(&work))?;
        Ok(Self { desk, thread: Some(thread) })
    }

    /// Where batches are handed in.
    #[must_use]
    pub fn desk(&self) -> Desk {
        self.desk.clone()
    }

    /// Whether its thread has ended, which nobody told it to.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Writes what was handed in, and closes the database.
    pub fn stop(mut self) {
        let _ = self.desk.queue.send(Work::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Desk {
    /// Hands in a batch of the tower's, or gives it back when there is no room.
    ///
    /// # Errors
    ///
    /// The batch; `None` if there is nobody any more who writes.
    pub fn keep(&self, batch: Batch) -> std::result::Result<(), Option<Batch>> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        self.queue.try_send(Work::Kept(batch)).map_err(|err| {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            match err {
                TrySendError::Full(Work::Kept(batch)) => Some(batch),
                _ => None,
            }
        })
    }

    /// Writes what somebody wants, and waits until it is on the disk.
    ///
    /// # Errors
    ///
    /// Why it is not written; then nothing of it is.
    pub async fn write(&self, rows: Vec<Row>) -> Result<()> {
        let mut batch = Batch::default();
        rows.into_iter().for_each(|row| batch.push(row));
        let (answer, done) = tokio::sync::oneshot::channel();
        batch.effects.push(Effect::Answer(answer, serde_json::Value::Null));
        let busy = |_| {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            Error::new(Kind::Full, "the database does not keep up; try again in a moment")
        };
        self.waiting.fetch_add(1, Ordering::Relaxed);
        self.queue.try_send(Work::Asked(batch)).map_err(busy)?;
        done.await.unwrap_or_else(|_| Err(Error::new(Kind::Internal, "the program is stopping"))).map(drop)
    }

    /// Batches that are handed in and neither written nor refused.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// How the writer is.
    #[must_use]
    pub fn health(&self) -> Health {
        let health = self.health.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Health { damaged: self.damage.met(), ..health }
    }
}

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    GoOn,
    Stop,
}

struct Writing<F> {
    database: Database,
    clock: Arc<dyn Clock>,
    waiting: Arc<AtomicUsize>,
    health: Arc<Mutex<Health>>,
    keeper: Keeper,
    /// What the database said when the disk was full, as long as there is not room enough.
    full: Option<Error>,
    /// When something that could not be written was last tried.
    tried: Instant,
    chores: Vec<Box<dyn Chore>>,
    after: F,
}

impl<F: FnMut(Effect)> Writing<F> {
    fn run(mut self, work: &Receiver<Work>) {
        let mut done = Instant::now();
        loop {
            match work.recv_timeout(Duration::from_secs(1)) {
                Ok(Work::Kept(batch)) => {
                    if self.until_written(batch, work) == Then::Stop {
                        break;
                    }
                }
                Ok(Work::Asked(batch)) => self.now_or_not(batch),
                Ok(Work::Stop) | Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {}
            }
            // A busy fleet leaves no second free, and has the most to seal.
            if done.elapsed() >= CHORES_EVERY {
                self.between();
                done = Instant::now();
            }
            self.look_again();
            self.keep_house();
        }
        let _ = self.keeper.close(&self.database.connection);
    }

    fn health(&self, change: impl FnOnce(&mut Health)) {
        change(&mut self.health.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Tries until it is done. Meanwhile people are refused, so that nobody waits for a disk to get room.
    fn until_written(&mut self, mut batch: Batch, work: &Receiver<Work>) -> Then {
        let mut behind = Vec::new();
        loop {
            match self.commit(&batch) {
                Ok(()) => break,
                Err(err) if lasting(err.kind) => self.stuck(&err, &mut batch),
                Err(err) => {
                    tracing::error!(why = %err, "a batch was refused as a whole; its rows are written one by one");
                    self.one_by_one(&mut batch);
                    break;
                }
            }
            let until = Instant::now() + RETRY_EVERY;
            while let Some(left) = until.checked_duration_since(Instant::now()) {
                self.health(|health| health.beats += 1);
                match work.recv_timeout(left.min(Duration::from_secs(1))) {
                    Ok(Work::Asked(asked)) => self.refuse(asked),
                    Ok(Work::Kept(next)) => behind.push(next),
                    Ok(Work::Stop) | Err(RecvTimeoutError::Disconnected) => {
                        tracing::error!(
                            "stopping while the database cannot be written: agents send again what is not in it"
                        );
                        return Then::Stop;
                    }
                    Err(RecvTimeoutError::Timeout) => {}
                }
            }
        }
        self.written(batch);
        let mut behind = behind.into_iter();
        if behind.any(|next| self.until_written(next, work) == Then::Stop) { Then::Stop } else { Then::GoOn }
    }

    fn stuck(&mut self, err: &Error, batch: &mut Batch) {
        let why = format!("cannot write to the database: {err}");
        let news = self.health.lock().unwrap_or_else(PoisonError::into_inner).problem.as_deref() != Some(&why);
        if news {
            tracing::error!(why, "nothing is acknowledged until this works again");
            (self.after)(Effect::Live("database".into()));
        }
        self.health(|health| health.problem = Some(why.clone()));
        self.full = (err.kind == Kind::Full).then(|| err.clone());
        self.tried = Instant::now();
        if self.full.is_some() {
            self.keeper.make_room(&self.database.connection);
        }
        for effect in std::mem::take(&mut batch.effects) {
            match effect {
                Effect::Answer(answer, _) => {
                    let _ = answer.send(Err(Error::new(err.kind, why.clone())));
                }
                other => batch.effects.push(other),
            }
        }
    }

    fn now_or_not(&mut self, batch: Batch) {
        match self.commit(&batch) {
            Ok(()) => self.written(batch),
            Err(err) => {
                self.waiting.fetch_sub(1, Ordering::Relaxed);
                let mut batch = batch;
                if lasting(err.kind) {
                    self.stuck(&err, &mut batch);
                }
                for effect in batch.effects {
                    if let Effect::Answer(answer, _) = effect {
                        let _ = answer.send(Err(err.clone()));
                    }
                }
            }
        }
    }

    /// People were refused, and nothing waits that would show that it works again.
    fn look_again(&mut self) {
        let troubled = self.health.lock().unwrap_or_else(PoisonError::into_inner).problem.is_some();
        if troubled && self.tried.elapsed() >= RETRY_EVERY {
            let mut batch = Batch::default();
            batch.push(Row::Meta { key: "tried", value: self.clock.now().seconds().to_string() });
            self.now_or_not(batch);
        }
    }

    fn refuse(&mut self, batch: Batch) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        let problem = self.health.lock().unwrap_or_else(PoisonError::into_inner).problem.clone();
        for effect in batch.effects {
            if let Effect::Answer(answer, _) = effect {
                let _ = answer.send(Err(Error::new(Kind::Full, problem.clone().unwrap_or_default())));
            }
        }
    }

    fn commit(&mut self, batch: &Batch) -> Result<()> {
        if let Some(full) = &self.full {
            if !self.keeper.has_room() {
                return Err(full.clone());
            }
            self.full = None;
        }
        let begun = Instant::now();
        let committed = batch.commit(&mut self.database.connection);
        self.database.damage.met_in(committed)?;
        self.health(|health| health.times.add(begun.elapsed()));
        Ok(())
    }

    /// What one row of a thousand does wrong must not cost the others.
    fn one_by_one(&mut self, batch: &mut Batch) {
        for row in std::mem::take(&mut batch.rows) {
            let mut one = Batch { durable: true, ..Batch::default() };
            one.rows.push(row);
            if let Err(err) = self.commit(&one) {
                tracing::error!(row = ?one.rows, why = %err, "a row cannot be written and is left out");
            }
        }
    }

    fn written(&mut self, batch: Batch) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        let rows = batch.rows.len() as u64;
        self.health(|health| {
            if health.problem.take().is_some() {
                tracing::info!("the database can be written again");
            }
            health.commits += 1;
            health.rows += rows;
        });
        for effect in batch.effects {
            match effect {
                Effect::Answer(answer, value) => {
                    let _ = answer.send(Ok(value));
                }
                other => (self.after)(other),
            }
        }
    }

    fn between(&mut self) {
        let now = self.clock.now().seconds();
        for chore in &mut self.chores {
            let done = chore.step(&mut self.database.connection, now);
            if let Err(err) = self.database.damage.met_in(done) {
                tracing::warn!(why = %err, "a chore of the database failed");
            }
        }
        let problem = self.chores.iter().find_map(|chore| chore.problem());
        self.health(|health| health.history = problem);
    }

    fn keep_house(&mut self) {
        let now = self.clock.now().since_start;
        let sizes = self.database.damage.met_in(self.keeper.step(&self.database.connection, now));
        self.health(|health| {
            health.beats += 1;
            if let Ok((wal, size)) = sizes {
                (health.wal_bytes, health.size_bytes) = (wal, size);
            }
        });
    }
}

/// What may be over by itself or by somebody's hand, rather than wrong with the rows.
const fn lasting(kind: Kind) -> bool {
    matches!(kind, Kind::Full | Kind::Denied | Kind::InUse | Kind::Damaged)
}
