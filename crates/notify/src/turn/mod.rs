//! What is sent next, and when: severity first, then age; a channel that waits lets others pass; one delivery is under way
//! at a time.
//!
//! Nothing here reads a clock, sends or stores. Who uses it commits what a step decided before it asks for the next one:
//! then a crash repeats the one delivery that was under way, and loses none.

mod begun;
mod bucket;
mod decide;
mod delivery;
mod full;
mod hours;
mod lane;
mod rest;
mod settle;

use std::collections::BTreeMap;
use std::time::Duration;

use atalaya_alert::{Severity, Wall};

pub use begun::{Begun, Earlier, begun};
pub use delivery::{Delivery, DeliveryId, Episode};
pub use hours::Hours;

use crate::Rate;
use lane::Lane;

/// The time of a step.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// Since any moment, by a clock that never goes back: delays and rates.
    pub moment: Duration,
    /// People's clock: quiet hours, and what outlives a restart.
    pub wall: Wall,
}

/// What is to be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Send this one, and hand [`Turn::result`] what came of it.
    Send {
        /// Which.
        id: DeliveryId,
        /// It is the end of something whose beginning was never told there.
        over: bool,
    },
    /// Make one delivery of these, which then waits like any other.
    Merge(Digest),
    /// Tell people about a channel, through others.
    Trouble(Trouble),
    /// Nothing before this moment, or until something comes.
    Wait(Option<Duration>),
}

/// One delivery instead of several: its notification is to be made and stored, and those that it stands for are settled as
/// [`Settled::Merged`] into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    /// Made from what it stands for: the same ones have the same id.
    pub id: DeliveryId,
    /// The highest of them.
    pub severity: Severity,
    /// The notifications, the worst first.
    pub of: Vec<String>,
    /// Whose quiet hours it keeps.
    pub sets: Vec<String>,
}

/// How a channel is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Which channel.
    pub channel: String,
    /// How it is.
    pub state: State,
}

/// How a channel is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Its settings or its certificate are wrong, and why.
    WrongSetUp(String),
    /// It has failed for [`crate::limits::TROUBLE_SECONDS`], and why.
    Failing(String),
    /// It works again.
    Works,
}

/// What changed for a delivery, to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is done with.
    Settled {
        /// Which.
        id: DeliveryId,
        /// How.
        how: Settled,
    },
    /// It is tried again.
    Again {
        /// Which.
        id: DeliveryId,
        /// How often it was tried.
        tries: u32,
        /// Not before, by the wall clock.
        next: Wall,
        /// Why it was not taken.
        why: String,
    },
    /// There were more than fit.
    Digest(Digest),
}

/// How a delivery ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// The service has it; its answer.
    Sent(String),
    /// It will not be tried again, and why. To be told through other channels.
    Failed(String),
    /// Another notification says it too: which.
    Merged(String),
    /// Its beginning was not told there, so its end is not.
    Untold,
}

/// What waits, for which channel.
#[derive(Debug, Default)]
pub struct Turn {
    lanes: BTreeMap<String, Lane>,
    hours: BTreeMap<String, Hours>,
    under_way: Option<DeliveryId>,
}

impl Turn {
    /// Nothing waits.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the channels with their rates, and the quiet hours of sets that have some. What waits for a channel that is no
    /// longer there has failed.
    pub fn configure(
        &mut self,
        channels: impl IntoIterator<Item = (String, Vec<Rate>)>,
        hours: BTreeMap<String, Hours>,
    ) -> Vec<Change> {
        let mut before = std::mem::take(&mut self.lanes);
        for (name, rates) in channels {
            let lane = before.remove(&name).unwrap_or_default();
            self.lanes.insert(name, lane.with(&rates));
        }
        self.hours = hours;
        self.under_way = self.under_way.take().filter(|id| self.lanes.contains_key(&id.channel));
        before.into_values().flat_map(Lane::gone).collect()
    }

    /// Counts a message that is sent outside the order, such as a test.
    pub fn spend(&mut self, channel: &str, now: Now) {
        if let Some(lane) = self.lanes.get_mut(channel) {
            lane.spend(now.moment);
        }
    }

    /// Whether it waits, or is under way.
    #[must_use]
    pub fn has(&self, id: &DeliveryId) -> bool {
        self.lanes.get(&id.channel).is_some_and(|lane| lane.get(&id.notification).is_some())
    }

    /// How many deliveries wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.lanes.values().map(Lane::len).sum()
    }
}

#[cfg(test)]
mod tests;
