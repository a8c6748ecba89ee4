//! What is remembered of one connection: what is under way on it, how fast it may be used, whom it met.

use std::time::Duration;

use crate::clock;
use crate::outbox::{Flight, Pace};

/// Frames and records a second: what waited goes out evenly.
const FRAMES_PER_SECOND: u32 = 10;
const RECORDS_PER_SECOND: u32 = 50;
/// A connection that ends sooner, for the reason of the one before, is told no more.
const FLAPPING: Duration = Duration::from_secs(600);

/// See the module. Times are since the start of the machine.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) up: bool,
    /// Why it is not.
    pub(super) why: String,
    since: Duration,
    /// It comes and goes for the same reason again and again: that was told.
    flapping: bool,
    /// When another agent with our id was last heard of.
    rival: Option<Duration>,
    /// The broker showed us what we said of ourselves.
    pub(super) introduced: bool,
    pub(super) records: Flight,
    pub(super) frame_pace: Pace,
    pub(super) record_pace: Pace,
    /// Something waits for its time only.
    pub(super) held: bool,
}

impl Line {
    pub(super) fn new() -> Self {
        Self {
            up: false,
            why: "not connected yet".into(),
            since: Duration::ZERO,
            flapping: false,
            rival: None,
            introduced: false,
            records: Flight::default(),
            frame_pace: Pace::new(FRAMES_PER_SECOND),
            record_pace: Pace::new(RECORDS_PER_SECOND),
            held: false,
        }
    }

    /// It was made; whether that is worth a line in the log.
    pub(super) fn made(&mut self, now: Duration) -> bool {
        (self.up, self.since) = (true, now);
        self.records.begin(clock::real());
        !self.flapping
    }

    /// Another agent with our id is there.
    pub(super) fn met_rival(&mut self, now: Duration) {
        self.rival = Some(now);
    }

    /// Whether there was no such agent for long: both come back again and again while there are two.
    pub(super) fn is_alone(&self, now: Duration) -> bool {
        self.rival.is_none_or(|at| now.saturating_sub(at) > FLAPPING)
    }

    /// It ended, or could not be made; whether that is worth a line: once for each reason, because an outage of a week
    /// is one line, not ten thousand.
    pub(super) fn ended(&mut self, why: String, now: Duration) -> bool {
        let (again, was_up) = (why == self.why, self.up);
        if was_up {
            self.flapping = again && now.saturating_sub(self.since) < FLAPPING;
        }
        (self.up, self.why, self.held) = (false, why, false);
        !self.flapping && (was_up || !again)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn second(at: u64) -> Duration {
        Duration::from_secs(at)
    }

    #[test]
    fn an_outage_is_one_line_and_its_end_another() {
        let mut line = Line::new();
        assert!(line.ended("refused".into(), second(1)));
        assert!(!line.ended("refused".into(), second(2)) && !line.ended("refused".into(), second(9000)));
        assert!(line.ended("silent".into(), second(9001)));
        assert!(line.made(second(9002)));
        assert!(line.ended("silent".into(), second(99_000)));
    }

    #[test]
    fn a_connection_that_comes_and_goes_falls_silent() {
        let mut line = Line::new();
        let mut said = 0;
        for at in 0..50 {
            said +=
                usize::from(line.made(second(at * 10))) + usize::from(line.ended("cut".into(), second(at * 10 + 5)));
        }
        assert_eq!(said, 3);
        line.met_rival(second(500));
        assert!(!line.is_alone(second(1000)) && line.is_alone(second(2000)));
        // One that holds is told of again when it ends.
        assert!(!line.made(second(1000)) && line.ended("cut".into(), second(2000)));
    }
}
