//! Whether the parts live that everything hangs on: the tower that decides and the writer that keeps. Pure.

use std::time::Duration;

use crate::limits::HANGS_AFTER;

/// The part that decides.
pub const TOWER: &str = "tower";
/// The part that keeps.
pub const WRITER: &str = "writer";

/// What was felt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Life {
    /// All is well.
    Well,
    /// It lives, and cannot do what it is for.
    Troubled(String),
    /// A part goes round no more.
    Hangs(&'static str),
}

impl Life {
    /// In a word, for topics.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Well => "ok",
            Self::Troubled(_) => "troubled",
            Self::Hangs(_) => "hangs",
        }
    }

    /// What is wrong.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        match self {
            Self::Well => None,
            Self::Troubled(why) => Some(why.clone()),
            Self::Hangs(part) => Some(format!("the {part} has done nothing for {} seconds", HANGS_AFTER.as_secs())),
        }
    }
}

/// How often a part went round, and when that last was another number.
#[derive(Clone, Copy, Debug, Default)]
struct Rounds {
    count: u64,
    since: Duration,
}

impl Rounds {
    fn goes_on(&mut self, count: u64, now: Duration) -> bool {
        if self.count != count {
            *self = Self { count, since: now };
        }
        now.saturating_sub(self.since) < HANGS_AFTER
    }
}

/// See the module.
#[derive(Debug, Default)]
pub struct Pulse {
    tower: Rounds,
    writer: Rounds,
}

impl Pulse {
    /// From the rounds of both so far, and what the writer says is wrong; `now` since the start.
    pub fn feel(&mut self, tower: u64, writer: u64, problem: Option<String>, now: Duration) -> Life {
        let (tower, writer) = (self.tower.goes_on(tower, now), self.writer.goes_on(writer, now));
        match (tower, writer, problem) {
            (false, _, _) => Life::Hangs(TOWER),
            (_, false, _) => Life::Hangs(WRITER),
            (_, _, Some(problem)) => Life::Troubled(problem),
            _ => Life::Well,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_that_goes_round_no_more_hangs_until_it_does_again() {
        let mut pulse = Pulse::default();
        let mut feel = |tower, writer, problem: Option<&str>, second| {
            pulse.feel(tower, writer, problem.map(str::to_owned), Duration::from_secs(second))
        };
        assert_eq!(feel(1, 1, None, 100), Life::Well);
        assert_eq!(feel(2, 1, None, 129), Life::Well);
        assert_eq!(feel(3, 1, None, 130), Life::Hangs("writer"));
        assert_eq!(feel(4, 2, Some("full"), 131), Life::Troubled("full".into()));
        assert_eq!(feel(4, 3, None, 161), Life::Hangs("tower"));
        assert_eq!(feel(5, 4, None, 162), Life::Well);
    }
}
