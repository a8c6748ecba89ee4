//! What people decide.

use std::cmp::Ordering;

use super::Work;
use crate::did::Did;
use crate::event::{Part, Refused};
use crate::key::PlanId;
use crate::limits::{APPROVAL_SECONDS, PROPOSE_AGAIN_SECONDS};
use crate::money::Money;
use crate::plan::{Plan, Stage, Why};

impl Work<'_> {
    pub(super) fn approve(&mut self, id: PlanId, who: &str) {
        let Some(plan) = self.plan(id) else { return self.refuse(Refused::NoPlan) };
        let Stage::Proposed { until } = plan.stage else {
            let word = plan.stage.word();
            return self.refuse(Refused::Decided(word));
        };
        if self.now >= until {
            self.move_to(id, Stage::Lapsed, Did::Undecided.text());
            return self.refuse(Refused::Decided("lapsed"));
        }
        if let Some(why) = self.forbids(plan) {
            return self.refuse(Refused::Spending(why));
        }
        let until = self.now.saturating_add(APPROVAL_SECONDS);
        let stage = Stage::Approved { who: who.to_owned(), until, tries: 0, next: self.now };
        self.move_to(id, stage, Did::Approved.with(who));
        self.price(id);
    }

    /// Why it may not be bought now, if so: spending is off, or it would be too much.
    pub(super) fn forbids(&self, plan: &Plan) -> Option<Why> {
        if self.state.head.switched_off.is_some() {
            return Some(Why::SwitchedOff);
        }
        match plan.price {
            Some(price) => self.exceeds(price),
            // What is charged later counts for a later month; without any cap nothing is bought at all.
            None => self.terms.caps.is_empty().then_some(Why::NoCap),
        }
    }

    fn exceeds(&self, price: Money) -> Option<Why> {
        let Some(cap) = self.terms.caps.iter().find(|cap| cap.currency() == price.currency()) else {
            return Some(Why::NoCap);
        };
        let spent = self.state.spent(self.terms, price, self.now);
        let fits = spent.and_then(|spent| spent.plus(price)).and_then(|all| all.compare(*cap));
        let too_much = !matches!(fits, Some(Ordering::Less | Ordering::Equal));
        too_much.then(|| Why::Cap { spent: spent.unwrap_or(*cap), cap: *cap })
    }

    pub(super) fn reject(&mut self, id: PlanId, who: String) {
        let Some(plan) = self.plan(id) else { return self.refuse(Refused::NoPlan) };
        // One that was approved can be called back until it is sent.
        if !matches!(plan.stage, Stage::Proposed { .. } | Stage::Approved { .. }) {
            let word = plan.stage.word();
            return self.refuse(Refused::Decided(word));
        }
        let key = plan.key.clone();
        let what = Did::Rejected.with(&who);
        self.move_to(id, Stage::Rejected { who }, what);
        self.pause(&key, PROPOSE_AGAIN_SECONDS);
    }

    pub(super) fn settle(&mut self, id: PlanId, who: String, done: bool) {
        let Some(plan) = self.plan(id) else { return self.refuse(Refused::NoPlan) };
        if !matches!(plan.stage, Stage::Unsettled { .. }) {
            let word = plan.stage.word();
            return self.refuse(Refused::Decided(word));
        }
        let (expires, at, key) = (plan.expires, self.now, plan.key.clone());
        if done {
            let what = Did::SaidDone.with(&who);
            self.move_to(id, Stage::Done { at, expires }, what);
            // Its provider may show it days later, and until then it looks as due as before.
            self.pause(&key, PROPOSE_AGAIN_SECONDS);
        } else {
            let what = Did::SaidNotDone.with(&who);
            self.move_to(id, Stage::Stopped { why: Why::NotDone { who } }, what);
        }
    }

    pub(super) fn switch(&mut self, on: bool, who: String) {
        self.state.head.switched_off = if on { None } else { Some(who) };
        self.save(Part::Head);
        if !on {
            // What was approved before does not come back when it is switched on for something else.
            let approved = |plan: &&Plan| matches!(plan.stage, Stage::Approved { .. });
            let all: Vec<PlanId> = self.state.plans.values().filter(approved).map(|plan| plan.id).collect();
            all.into_iter().for_each(|id| self.stop(id, Why::SwitchedOff));
        }
    }
}
