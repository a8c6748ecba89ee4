//! What sources say.

use std::collections::BTreeSet;

use super::Work;
use crate::event::{Part, Refused, Tell};
use crate::found::{Ends, Flag, Found, Kind, List};
use crate::item::{Item, Rank, Sighting, Task, is_said_by_people};
use crate::key::Key;
use crate::limits::{DAY_SECONDS, FOUND_MAX, ITEMS_MAX, MOVED_SECONDS, short};
use crate::state::Asked;
use crate::trouble::Trouble;

/// After a failure a provider is asked again after so many seconds, then twice as many, up to how often it is asked anyway.
const AGAIN_SECONDS: i64 = 300;

impl Work<'_> {
    pub(super) fn listed(&mut self, name: &str, found: Result<List, Trouble>) {
        self.state.asked.remove(&Asked::List(name.to_owned()));
        let Some(rank) = self.terms.providers.get(name).map(|terms| terms.rank) else { return };
        let (now, every) = (self.now, self.terms.every);
        let provider = self.state.providers.entry(name.to_owned()).or_default();
        match found {
            Ok(list) => {
                provider.listed = Some(now);
                (provider.trouble, provider.failed) = (None, 0);
                provider.next = now.saturating_add(every);
                self.all_of(name, rank, list);
                self.propose();
            }
            Err(why) => {
                let since = provider.trouble.as_ref().map_or(now, |(_, since)| *since);
                let wait = AGAIN_SECONDS.saturating_mul(1 << provider.failed.min(20)).min(every);
                let wait = match why {
                    Trouble::Busy { after } => i64::from(after).clamp(60, 2 * DAY_SECONDS),
                    _ if why.may_pass() => wait,
                    // A person has to do something, and it does not matter when that is seen.
                    _ => every,
                };
                provider.next = now.saturating_add(wait);
                provider.failed = provider.failed.saturating_add(1);
                provider.trouble = Some((why, since));
            }
        }
        self.save(Part::Provider(name.to_owned()));
    }

    /// What a provider does not name any more, it does not have any more; unless it could not be asked for all of that kind.
    pub(super) fn all_of(&mut self, source: &str, rank: Rank, list: List) {
        let mut there = BTreeSet::new();
        for found in list.found.into_iter().take(FOUND_MAX) {
            let key = Key::new(found.kind, &found.name);
            // Of two that it calls the same the one that ends first counts: the other must not hide it.
            let other = self.state.items.get(&key).and_then(|item| item.seen.get(source)).map(|seen| &seen.found);
            if there.insert(key) || other.is_none_or(|other| ends_first(&found, other)) {
                self.seen(source, rank, found);
            }
        }
        self.keep_unasked(source, &there, &list.not_asked);
        let is_asked = |key: &Key| list.not_asked.iter().all(|(kind, _)| *kind != key.kind);
        let gone: Vec<Key> = self
            .state
            .items
            .values_mut()
            .filter(|item| !there.contains(&item.key) && is_asked(&item.key))
            .filter_map(|item| item.seen.remove(source).map(|_| item.key.clone()))
            .collect();
        for key in gone {
            let unseen = self.state.items.get(&key).is_some_and(|item| item.seen.is_empty() && item.task.is_none());
            // One with a plan stays: what became of that is somebody's business.
            if unseen && self.state.open_plan(&key).is_none() {
                self.state.items.remove(&key);
            }
            self.save(Part::Item(key));
        }
    }

    /// What a source named before and could not be asked about: it stays with its date, and nobody takes it for fine.
    fn keep_unasked(&mut self, source: &str, there: &BTreeSet<Key>, not_asked: &[(Kind, String)]) {
        let mut changed = Vec::new();
        for item in self.state.items.values_mut().filter(|item| !there.contains(&item.key)) {
            let Some((_, why)) = not_asked.iter().find(|(kind, _)| *kind == item.key.kind) else { continue };
            let Some(seen) = item.seen.get_mut(source) else { continue };
            if !seen.found.flags.contains(&Flag::NotAsked) {
                seen.found.flags.push(Flag::NotAsked);
                seen.found.flags.sort_unstable();
                seen.found.note = short(&format!("could not be asked: {why}; {}", seen.found.note));
                changed.push(item.key.clone());
            }
        }
        changed.into_iter().for_each(|key| self.save(Part::Item(key)));
    }

    pub(super) fn seen(&mut self, source: &str, rank: Rank, mut found: Found) {
        let key = Key::new(found.kind, &found.name);
        if key.name.is_empty() || (self.state.items.len() >= ITEMS_MAX && !self.state.items.contains_key(&key)) {
            return;
        }
        found.note = short(&found.note);
        found.next.failed = found.next.failed.as_deref().map(short);
        found.name.clone_from(&key.name);
        found.flags.sort_unstable();
        let item = self.state.items.entry(key.clone()).or_insert_with(|| Item::new(key.clone()));
        if item.task.as_ref().is_some_and(|task| is_answered(&found, task)) {
            item.task = None;
        }
        // A clock that was set back makes no source a prophet.
        let at = found.told.map_or(self.now, |told| told.min(self.now));
        item.seen.insert(source.to_owned(), Sighting { rank, at, found });
        self.save(Part::Item(key));
    }

    pub(super) fn mail(&mut self, key: Key, mut task: Task) {
        task.what = short(&task.what);
        let item = self.state.items.entry(key.clone()).or_insert_with(|| Item::new(key.clone()));
        let newer = item.task.as_ref().is_none_or(|old| old.at < task.at);
        // A mail that was read again after it was done asks for nothing new.
        if !newer || item.confirmed.is_some_and(|at| at >= task.at && at <= self.now) {
            return;
        }
        item.task = Some(task);
        self.save(Part::Item(key.clone()));
        self.tell(Tell::Task(key));
    }

    pub(super) fn confirm(&mut self, key: &Key, _who: &str) {
        let now = self.now;
        // A person's word counts where nobody else can know; elsewhere only that what a mail asks for was done.
        if !is_said_by_people(key.kind) {
            let Some(item) = self.state.items.get_mut(key).filter(|item| item.task.is_some()) else {
                return self.refuse(Refused::NotSaid);
            };
            (item.task, item.confirmed) = (None, Some(now));
            return self.save(Part::Item(key.clone()));
        }
        let Some(item) = self.state.items.get_mut(key) else { return self.refuse(Refused::NoItem) };
        item.task = None;
        item.confirmed = Some(now);
        self.save(Part::Item(key.clone()));
    }
}

/// Whether what is seen shows that what a mail asked for was done: its end has moved.
fn is_answered(found: &Found, task: &Task) -> bool {
    let moved = matches!(found.ends, Ends::At(ends) if ends.saturating_sub(task.deadline) >= MOVED_SECONDS);
    moved && !is_said_by_people(found.kind)
}

/// Whether `one` ends before `other`; what nobody knows comes before everything.
fn ends_first(one: &Found, other: &Found) -> bool {
    let order = |found: &Found| match found.ends {
        Ends::Unknown(_) => (0, 0),
        Ends::At(at) => (1, at),
        Ends::Never => (2, 0),
    };
    order(one) < order(other)
}
