//! What was not taken, and why: counted for each node, shown, and told once an hour.

use std::time::Duration;

/// Why a message was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// Its bytes are no message.
    Garbled,
    /// Of a later version of the layout.
    Newer,
    /// Longer than any message may be.
    TooLong,
    /// Somebody else sent it in this node's name.
    NotItself,
    /// More than one node may send.
    Flood,
    /// It has more objects than are watched.
    Objects,
    /// A view that is none.
    View,
}

impl Why {
    /// All of them, as they stand in counters.
    pub const ALL: [Self; 7] =
        [Self::Garbled, Self::Newer, Self::TooLong, Self::NotItself, Self::Flood, Self::Objects, Self::View];

    /// As it is written in metrics and in the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Garbled => "garbled",
            Self::Newer => "newer",
            Self::TooLong => "too_long",
            Self::NotItself => "not_itself",
            Self::Flood => "flood",
            Self::Objects => "objects",
            Self::View => "view",
        }
    }
}

/// How often, by reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusals {
    counts: [u64; Why::ALL.len()],
    /// When the log was last told.
    told: Option<Duration>,
}

impl Refusals {
    /// How often for this reason.
    #[must_use]
    pub const fn of(&self, why: Why) -> u64 {
        self.counts[why as usize]
    }

    /// One more; says whether the log is to be told.
    pub fn count(&mut self, why: Why, now: Duration) -> bool {
        self.counts[why as usize] += 1;
        let tell = self.told.is_none_or(|told| now.saturating_sub(told) >= Duration::from_secs(3600));
        if tell {
            self.told = Some(now);
        }
        tell
    }

    /// Those that happened.
    pub fn iter(&self) -> impl Iterator<Item = (Why, u64)> + '_ {
        Why::ALL.into_iter().map(|why| (why, self.counts[why as usize])).filter(|(_, count)| *count > 0)
    }

    /// All together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }
}
