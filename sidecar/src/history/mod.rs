//! What nodes tell becomes history, in short steps between the writer's batches; and how it is read again. The codec and
//! the decisions are `atalaya-history`'s, the SQL is `db`'s; `docs/history.md` has both.
//!
//! Each step is one transaction: whatever stops the program between two, nothing is lost and nothing is there twice. A
//! step holds one node's hour of readings and what becomes of it: usually below 2 MiB. A node at every limit costs four
//! tables of 24 MiB while it lasts.

mod damage;
mod frame;
mod full;
mod handle;
mod have;
mod head;
mod month;
pub mod read;
mod roll;
mod room;
mod rows;
mod seal;
mod tidy;
mod unit;

pub use full::full;
pub use handle::Handle;
pub use seal::Sealed;
pub use unit::unit;

use atalaya_history::{Decoder, Encoder, Keep, Level, Month, NodeNumber, Tier};
use rusqlite::Connection;

use crate::config;
use crate::db::{self, Chore, tidy::Ages};
use crate::error::{Error, Kind, Result};
use crate::limits::CLOCK_JUMP_SECONDS;
use crate::tower::BUILT;

/// After a failure nothing is done for so many seconds.
const REST_SECONDS: i64 = 60;

/// What is kept for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Numbers, events and their like, the whole database.
    pub keep: Keep,
    /// Who did what, in seconds.
    pub audit: i64,
}

impl From<&config::History> for Terms {
    fn from(config: &config::History) -> Self {
        let seconds = |time: std::time::Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        let keep = Keep {
            raw: seconds(config.raw),
            five_minutes: seconds(config.five_minutes),
            hours: seconds(config.hours),
            events: seconds(config.events),
            size_max: config.size_max,
        };
        Self { keep, audit: seconds(config.audit) }
    }
}

/// What one step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// There is nothing to do.
    Idle,
    /// The clock of this machine says a time before this program was written: nothing is made and nothing removed.
    NoTime,
    /// It says a better time now; so many frames were given theirs.
    Dated(usize),
    /// A node's hour of frames is no more waiting.
    Sealed {
        /// Whose.
        node: u16,
        /// Its first second.
        hour: i64,
        /// What became of it.
        sealed: Sealed,
    },
    /// A row of level 2 or 3 was made anew.
    Rolled {
        /// Its id.
        row: i64,
    },
    /// Series of a month got their rows.
    Closed {
        /// Whose.
        node: u16,
        /// Which.
        month: Month,
    },
    /// Rows were taken away.
    Removed {
        /// Of what.
        tier: Tier,
        /// How many.
        rows: usize,
    },
    /// Frames were dropped: there is no room.
    Dropped {
        /// How many.
        frames: usize,
    },
    /// Something old that is no history went.
    Tidied,
    /// Free pages went back to the disk.
    Shrunk,
}

/// What is done between batches.
pub struct Chores {
    terms: Terms,
    handle: Handle,
    encoder: Encoder,
    decoder: Decoder,
    unpacker: frame::Unpacker,
    /// When a row of a higher level is due, at the earliest.
    roll_at: i64,
    closings: Vec<month::Closing>,
    removing: Option<room::Removing>,
    tidying: Vec<db::tidy::Old>,
    /// Why no history is taken.
    full: Option<String>,
    /// Whether it is to be looked at what is too old.
    aging: bool,
    /// Hour and day of the last look at what is due by the calendar.
    looked: (i64, i64),
    /// The last time the clock said.
    last: Option<i64>,
    /// Before this nothing is removed by age.
    settles_at: i64,
    rests_until: i64,
    /// Which kind of work has its turn.
    turn: usize,
}

impl Chores {
    /// Goes on with whatever the database has.
    ///
    /// # Errors
    ///
    /// If there is no memory for packing.
    pub fn new(terms: Terms, handle: Handle) -> Result<Self> {
        Ok(Self {
            terms,
            handle,
            encoder: Encoder::new()?,
            decoder: Decoder::new()?,
            unpacker: frame::Unpacker::new()?,
            roll_at: 0,
            closings: Vec::new(),
            removing: None,
            tidying: Vec::new(),
            full: None,
            aging: false,
            looked: (0, 0),
            last: None,
            settles_at: 0,
            rests_until: 0,
            turn: 0,
        })
    }

    /// One step. `now` is seconds since 1970.
    ///
    /// # Errors
    ///
    /// What the database says; then nothing of the step is written.
    pub fn work(&mut self, connection: &mut Connection, now: i64) -> Result<Step> {
        if let Some(step) = self.by_the_clock(connection, now)? {
            return Ok(step);
        }
        self.handle.head().look(connection, now)?;
        self.by_the_calendar(connection, now)?;
        // Each kind in turn, so that none keeps another waiting.
        for _ in 0..6 {
            let turn = self.turn;
            self.turn = (turn + 1) % 6;
            let step = match turn {
                0 => self.room(connection, now)?,
                1 => self.seal(connection, now)?,
                2 => self.roll(connection, now)?,
                3 => self.close(connection)?,
                4 => self.tidy(connection, now)?,
                _ => self.shrink(connection)?,
            };
            if let Some(step) = step {
                return Ok(step);
            }
        }
        Ok(Step::Idle)
    }

    /// Nothing is done by a clock that is wrong. What came meanwhile gets its time when it is right.
    fn by_the_clock(&mut self, connection: &mut Connection, now: i64) -> Result<Option<Step>> {
        let last = match self.last {
            Some(last) => last,
            None => newest(connection)?.unwrap_or(now),
        };
        if now < BUILT {
            self.last = Some(now);
            return Ok(Some(Step::NoTime));
        }
        if self.last.is_some() && last < BUILT {
            let transaction = db::history::begin(connection)?;
            let frames = db::history::shift_frames(&transaction, BUILT * 1000, (now - last) * 1000)?;
            transaction.commit()?;
            self.last = Some(now);
            return Ok(Some(Step::Dated(frames)));
        }
        if now - last > CLOCK_JUMP_SECONDS {
            self.settles_at = now + CLOCK_JUMP_SECONDS;
        }
        self.last = Some(now);
        Ok(None)
    }

    /// Once an hour and once a day it is seen what is due.
    fn by_the_calendar(&mut self, connection: &Connection, now: i64) -> Result<()> {
        let (hour, day) = (now / Level::Raw.span(), now / Level::Hours.span());
        if hour != self.looked.0 {
            let nodes = db::history::nodes(connection)?;
            self.aging = true;
            self.closings = month::due(connection, &nodes, now)?;
            if day != self.looked.1 {
                self.tidying = tidy::all(&nodes);
            }
            self.looked = (hour, day);
        }
        Ok(())
    }

    fn shrink(&self, connection: &Connection) -> Result<Option<Step>> {
        let size = db::room::Size::of(connection)?;
        Ok(db::room::shrink(connection, &size, self.terms.keep.size_max)?.then_some(Step::Shrunk))
    }

    const fn ages(&self) -> Ages {
        Ages { events: self.terms.keep.events, audit: self.terms.audit, gaps: self.terms.keep.hours }
    }
}

/// When the newest block ends.
fn newest(connection: &Connection) -> Result<Option<i64>> {
    let mut newest = None;
    for node in db::history::nodes(connection)? {
        let last = db::history::last_block(connection, &db::history::all_of(NodeNumber(node), Level::Raw))?;
        newest = newest.max(last.map(|id| id.end()));
    }
    Ok(newest)
}

impl Chore for Chores {
    fn step(&mut self, connection: &mut Connection, now: i64) -> Result<()> {
        if now < self.rests_until && self.rests_until <= now + REST_SECONDS {
            return Ok(());
        }
        let done = self.work(connection, now);
        if done.is_err() {
            self.rests_until = now + REST_SECONDS;
        }
        done.map(drop)
    }

    fn problem(&self) -> Option<String> {
        self.full.clone()
    }
}

impl From<atalaya_history::Error> for Error {
    fn from(err: atalaya_history::Error) -> Self {
        Self::new(Kind::Internal, err.to_string())
    }
}

#[cfg(test)]
mod tests;
