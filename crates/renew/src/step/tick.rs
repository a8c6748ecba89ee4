//! What follows from time alone.

use super::Work;
use crate::did::Did;
use crate::event::{Ask, Part};
use crate::found::{Ends, Found, Kind};
use crate::item::Item;
use crate::key::{Key, PlanId};
use crate::limits::{APPROVAL_SECONDS, CONFIRMED_SECONDS, DAY_SECONDS, KEPT_SECONDS, PROPOSAL_SECONDS, short};
use crate::plan::{Plan, Stage};
use crate::state::Asked;

impl Work<'_> {
    pub(super) fn tick(&mut self) {
        self.resume();
        self.ask_providers();
        self.expect();
        for id in self.open() {
            self.lapse(id);
            self.price(id);
            self.look(id);
        }
        self.propose();
        self.forget();
    }

    fn open(&self) -> Vec<PlanId> {
        self.state.plans.values().filter(|plan| plan.is_open()).map(|plan| plan.id).collect()
    }

    /// What is being sent and was not sent by this run was, perhaps, by the one before.
    fn resume(&mut self) {
        let lost = |plan: &&Plan| {
            matches!(plan.stage, Stage::Sending { .. }) && !self.state.asked.contains(&Asked::Plan(plan.id))
        };
        let lost: Vec<(PlanId, Stage)> =
            self.state.plans.values().filter(lost).map(|plan| (plan.id, plan.stage.clone())).collect();
        for (id, stage) in lost {
            let Stage::Sending { who, since, .. } = stage else { continue };
            let stage = Stage::Looking { who, since, number: None, looks: 0, next: self.now };
            self.move_to(id, stage, "the program ended while it was being sent");
        }
    }

    fn ask_providers(&mut self) {
        let (now, every) = (self.now, self.terms.every);
        let names: Vec<String> = self.terms.providers.keys().cloned().collect();
        for name in names {
            let next = self.state.providers.get(&name).map_or(0, |provider| provider.next);
            // A clock that went back would keep it waiting for as long.
            if now >= next || next - now > (2 * every).max(2 * DAY_SECONDS) {
                self.ask(Asked::List(name.clone()), || Ask::List(name));
            }
        }
        // Whoever is not configured any more says nothing any more.
        let gone: Vec<String> =
            self.state.providers.keys().filter(|name| !self.terms.providers.contains_key(*name)).cloned().collect();
        for name in gone {
            self.state.providers.remove(&name);
            self.save(Part::Provider(name.clone()));
            self.drop_source(&name);
        }
    }

    /// What is configured and was never heard of is there all the same, and unknown; an account that never answered, too.
    fn expect(&mut self) {
        let terms = self.terms;
        for (name, seller) in &terms.providers {
            let provider = self.state.providers.get(name);
            let never = provider.is_none_or(|provider| provider.listed.is_none());
            let trouble = provider.and_then(|provider| provider.trouble.as_ref());
            let why = trouble.map_or_else(|| "never checked yet".into(), |(why, _)| format!("never seen yet: {why}"));
            let account = Key::new(Kind::Token, name);
            let account = (never && seller.expects.is_empty()).then_some(&account);
            for key in account.into_iter().chain(&seller.expects) {
                let found = Found::new(key.kind, key.name.as_str(), Ends::Unknown(short(&why)));
                let seen = self.state.items.get(key).and_then(|item| item.seen.get(name));
                if seen.is_none_or(|seen| never && seen.found.ends != found.ends) {
                    self.seen(name, seller.rank, found);
                }
            }
        }
    }

    fn drop_source(&mut self, source: &str) {
        let touched: Vec<_> = self
            .state
            .items
            .values_mut()
            .filter_map(|item| {
                item.seen.remove(source).map(|_| (item.key.clone(), item.seen.is_empty() && item.task.is_none()))
            })
            .collect();
        for (key, unseen) in touched {
            if unseen && self.state.open_plan(&key).is_none() {
                self.state.items.remove(&key);
            }
            self.save(Part::Item(key));
        }
    }

    /// Nobody decided, or it was not carried out, in time. One that counts for longer than any may was made by a clock that was
    /// ahead.
    fn lapse(&mut self, id: PlanId) {
        let (until, most, did) = match self.plan(id).map(|plan| &plan.stage) {
            Some(Stage::Proposed { until }) => (*until, PROPOSAL_SECONDS, Did::Undecided),
            Some(Stage::Approved { until, .. }) => (*until, APPROVAL_SECONDS, Did::Late),
            _ => return,
        };
        if self.now >= until || until - self.now > most + DAY_SECONDS {
            self.move_to(id, Stage::Lapsed, did.text());
        }
    }

    /// Plans that were over long ago.
    fn forget(&mut self) {
        let last = |plan: &Plan| plan.history.last().map_or(plan.made, |line| line.at);
        let old = |plan: &&Plan| !plan.is_open() && self.now.saturating_sub(last(plan)) > KEPT_SECONDS;
        let old: Vec<PlanId> = self.state.plans.values().filter(old).map(|plan| plan.id).collect();
        for id in old {
            self.state.plans.remove(&id);
            self.save(Part::Plan(id));
        }
        // What went while it had a plan, or while a person's word held.
        let held = |item: &Item| {
            let said = item.confirmed.is_some_and(|at| self.now.saturating_sub(at) < CONFIRMED_SECONDS);
            !item.seen.is_empty() || item.task.is_some() || said || self.state.open_plan(&item.key).is_some()
        };
        let gone: Vec<_> = self.state.items.values().filter(|item| !held(item)).map(|item| item.key.clone()).collect();
        for key in gone {
            self.state.items.remove(&key);
            self.save(Part::Item(key));
        }
    }
}
