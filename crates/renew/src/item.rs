//! Something that ends, as all its sources see it together.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::found::{ByItself, Ends, Flag, Found, Kind};
use crate::key::Key;
use crate::limits::{NOIP_CONFIRMATION_SECONDS, YEAR_SECONDS};

/// Whose word counts more, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rank {
    /// Where it was bought, or what shows it.
    Holder,
    /// A registry: it prolongs on its own and takes that back, so its date may be a year too late.
    Registry,
    /// A date that somebody typed.
    Hand,
}

/// What one source said last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sighting {
    /// Whose word it is.
    pub rank: Rank,
    /// When it was said, in seconds since 1970.
    pub at: i64,
    /// What was said.
    pub found: Found,
}

impl Sighting {
    /// Whether its source could still be asked about it.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        !self.found.flags.contains(&Flag::NotAsked)
    }
}

/// A mail of a provider that wants something of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// When the mail came.
    pub at: i64,
    /// By when it is to be done.
    pub deadline: i64,
    /// What it wants, for people.
    pub what: String,
    /// The link for a person to open, sealed by the caller: whoever has it can act.
    pub link: Option<String>,
}

/// All that is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// What it is.
    pub key: Key,
    /// By source.
    pub seen: BTreeMap<String, Sighting>,
    /// What a person is asked for.
    pub task: Option<Task>,
    /// When a person last said that it was confirmed or changed.
    pub confirmed: Option<i64>,
    /// No plan is proposed before: somebody rejected one, or what was asked failed.
    pub propose_after: i64,
    /// Why its price could not be had when it was last asked for.
    #[serde(default)]
    pub no_price: Option<String>,
}

/// From when to when, and who says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Life {
    /// When it began, or is taken to have begun.
    pub begun: i64,
    /// When it ends.
    pub ends: i64,
}

/// Whether a person's word counts for such a thing: its provider's page is the only one that knows.
#[must_use]
pub const fn is_said_by_people(kind: Kind) -> bool {
    matches!(kind, Kind::HostName | Kind::Secret)
}

impl Item {
    /// Of which nothing is known.
    #[must_use]
    pub const fn new(key: Key) -> Self {
        Self { key, seen: BTreeMap::new(), task: None, confirmed: None, propose_after: 0, no_price: None }
    }

    /// The source whose word counts: the best that knows an end, of two of a rank the one that said it last.
    #[must_use]
    pub fn best(&self) -> Option<(&str, &Sighting)> {
        let knows = |seen: &Sighting| !matches!(seen.found.ends, Ends::Unknown(_)) && seen.is_asked();
        let order = |seen: &Sighting| (!knows(seen), seen.rank, std::cmp::Reverse(seen.at));
        self.seen.iter().min_by_key(|(_, seen)| order(seen)).map(|(name, seen)| (name.as_str(), seen))
    }

    /// The longest that is known of it; `None` where nobody knows, and where it does not end.
    #[must_use]
    pub fn life(&self) -> Option<Life> {
        let confirmed = self.confirmed.filter(|_| is_said_by_people(self.key.kind));
        if let Some(at) = confirmed.filter(|at| self.task.as_ref().is_none_or(|task| task.at < *at)) {
            let seen = self.best().and_then(|(_, seen)| life_of(self.key.kind, &seen.found));
            let length = seen.as_ref().map_or_else(|| usual(self.key.kind), |life| life.ends - life.begun);
            if seen.is_none_or(|life| life.begun < at) {
                return Some(Life { begun: at, ends: at.saturating_add(length) });
            }
        }
        let life = self.best().and_then(|(_, seen)| life_of(self.key.kind, &seen.found));
        // Of what is seen elsewhere a mail is a reminder: when it ends, whoever holds it says.
        let Some(task) = self.task.as_ref().filter(|_| is_said_by_people(self.key.kind)) else { return life };
        // Whoever wrote the mail knows the end better than a date that was typed.
        let begun = task.deadline.saturating_sub(usual(self.key.kind));
        Some(Life { begun: life.map_or(begun, |life| life.begun.min(begun)), ends: task.deadline })
    }

    /// What happens without a person.
    #[must_use]
    pub fn by_itself(&self) -> ByItself {
        self.best().map_or(ByItself::Unknown, |(_, seen)| seen.found.by_itself)
    }

    /// When anybody last said anything of it.
    #[must_use]
    pub fn last_seen(&self) -> Option<i64> {
        self.seen.values().map(|seen| seen.at).chain(self.confirmed).max()
    }
}

/// Where nobody says when a life began, it is taken to be as long as is usual.
fn life_of(kind: Kind, found: &Found) -> Option<Life> {
    let Ends::At(ends) = found.ends else { return None };
    let begun = found.begun.filter(|begun| *begun < ends).unwrap_or_else(|| ends.saturating_sub(usual(kind)));
    // A domain that was bought years ago is renewed year by year: what is left is measured against one of them.
    let begun = if kind == Kind::Domain { begun.max(ends.saturating_sub(YEAR_SECONDS)) } else { begun };
    Some(Life { begun, ends })
}

const fn usual(kind: Kind) -> i64 {
    match kind {
        Kind::HostName => NOIP_CONFIRMATION_SECONDS,
        Kind::Domain | Kind::Token | Kind::Secret => YEAR_SECONDS,
        Kind::Certificate => YEAR_SECONDS / 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = crate::limits::DAY_SECONDS;

    fn seen(rank: Rank, at: i64, ends: Ends) -> Sighting {
        Sighting { rank, at, found: Found::new(Kind::Domain, "example.com", ends) }
    }

    #[test]
    fn the_registrar_counts_more_than_a_registry_that_prolongs_by_itself() {
        let mut item = Item::new(Key::new(Kind::Domain, "example.com"));
        item.seen.insert("rdap".into(), seen(Rank::Registry, 900, Ends::At(730 * DAY)));
        assert_eq!(item.best().unwrap().0, "rdap");
        item.seen.insert("shop".into(), seen(Rank::Holder, 10, Ends::At(365 * DAY)));
        assert_eq!((item.best().unwrap().0, item.life().unwrap().ends), ("shop", 365 * DAY));
        item.seen.insert("shop".into(), seen(Rank::Holder, 10, Ends::Unknown("down".into())));
        assert_eq!(item.best().unwrap().0, "rdap", "one that does not know is asked last");
        let mut closed = seen(Rank::Holder, 10, Ends::At(365 * DAY));
        closed.found.flags.push(Flag::NotAsked);
        item.seen.insert("shop".into(), closed);
        assert_eq!(item.best().unwrap().0, "rdap", "nor one that could not be asked");
    }

    #[test]
    fn years_that_were_bought_at_once_are_one_year_s_life() {
        let mut found = Found::new(Kind::Domain, "example.com", Ends::At(3_650 * DAY));
        found.begun = Some(0);
        assert_eq!(life_of(Kind::Domain, &found).unwrap().begun, 3_285 * DAY);
        found.begun = Some(4_000 * DAY);
        assert_eq!(life_of(Kind::Domain, &found).unwrap().begun, 3_285 * DAY, "a beginning behind the end is none");
    }

    #[test]
    fn a_mail_says_when_and_a_person_says_that_it_was_done() {
        let mut item = Item::new(Key::new(Kind::HostName, "nas.ddns.net"));
        assert_eq!(item.life(), None);
        item.task = Some(Task { at: 23 * DAY, deadline: 30 * DAY, what: String::new(), link: None });
        assert_eq!(item.life(), Some(Life { begun: 0, ends: 30 * DAY }));
        item.confirmed = Some(24 * DAY);
        assert_eq!(item.life(), Some(Life { begun: 24 * DAY, ends: 54 * DAY }));
        item.task = Some(Task { at: 47 * DAY, deadline: 54 * DAY, what: String::new(), link: None });
        assert_eq!(item.life().unwrap().ends, 54 * DAY, "the next mail comes after it");
    }
}
