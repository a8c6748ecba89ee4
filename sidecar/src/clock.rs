//! What time it is: people's, which may jump, and the program's, which does not.

use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A moment by both clocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// Milliseconds since 1970 by the wall clock.
    pub wall_millis: i64,
    /// Since the program started; never goes back.
    pub since_start: Duration,
}

impl Now {
    /// Seconds since 1970.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.wall_millis.div_euclid(1000)
    }
}

/// Where time comes from.
pub trait Clock: Send + Sync + 'static {
    /// This moment.
    fn now(&self) -> Now;
}

/// The machine's clocks.
#[derive(Debug)]
pub struct System(Instant);

impl Default for System {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Clock for System {
    fn now(&self) -> Now {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH);
        let wall_millis = match wall {
            Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
            Err(before) => -i64::try_from(before.duration().as_millis()).unwrap_or(i64::MAX),
        };
        Now { wall_millis, since_start: self.0.elapsed() }
    }
}

/// One that stands still until it is moved: for tests and simulations.
#[derive(Debug)]
pub struct Simulated(Mutex<Now>);

impl Simulated {
    /// Begins at this second since 1970.
    #[must_use]
    pub fn at(seconds: i64) -> Self {
        Self(Mutex::new(Now { wall_millis: seconds * 1000, since_start: Duration::ZERO }))
    }

    /// Time passes, on both clocks.
    pub fn pass(&self, time: Duration) {
        let mut now = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        now.wall_millis += i64::try_from(time.as_millis()).unwrap_or(0);
        now.since_start += time;
    }

    /// The wall clock jumps.
    pub fn jump(&self, millis: i64) {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).wall_millis += millis;
    }
}

impl Clock for Simulated {
    fn now(&self) -> Now {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
