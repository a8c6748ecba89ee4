//! One step: an event goes in, the state changes, actions come out.
//!
//! `see` hears sources, `want` makes plans, `decide` hears people, `buy` carries out what was approved, `look` finds out
//! what became of it, `tick` lets time pass.

mod buy;
mod decide;
mod look;
mod see;
mod tick;
mod want;

pub(crate) use want::{is_renewed_alone, offered};

use std::collections::BTreeSet;

use crate::event::{Action, Ask, Event, Part, Refused, Tell};
use crate::key::{Key, PlanId};
use crate::plan::{Plan, Stage};
use crate::state::{Asked, State, Terms};
use crate::trouble::Trouble;

/// What follows from an event at a time, in seconds since 1970. [`Event::Tick`] should come every minute.
///
/// The caller keeps what is to be saved before it does anything behind it, and one asks for one thing at a time: an order
/// is sent only after its plan is on the disk as [`Stage::Sending`], and a plan that is found so after a start is never sent
/// again.
pub fn step(state: &mut State, terms: &Terms, event: Event, now: i64) -> Vec<Action> {
    let mut work = Work { state, terms, now, saved: BTreeSet::new(), out: Vec::new() };
    work.take(event);
    let mut actions: Vec<Action> = work.saved.into_iter().map(Action::Save).collect();
    actions.append(&mut work.out);
    actions
}

/// Why an order that was to be sent now is not, if so: it waited for its turn while spending was switched off, or for so long
/// that all has to be looked at again. What is answered then is that it was certainly not done.
#[must_use]
pub fn withheld(state: &State, terms: &Terms, plan: PlanId, now: i64) -> Option<Trouble> {
    let Some(Stage::Sending { since, .. }) = state.plans.get(&plan).map(|plan| &plan.stage) else {
        return Some(Trouble::Refused("its plan is not being sent".into()));
    };
    if state.head.switched_off.is_some() || terms.dry_run {
        return Some(Trouble::Refused("spending was switched off before it was sent".into()));
    }
    let waited = now.saturating_sub(*since);
    (waited > crate::limits::SEND_SECONDS).then(|| Trouble::Unreachable("it waited too long for its turn".into()))
}

/// A step that is under way.
struct Work<'a> {
    state: &'a mut State,
    terms: &'a Terms,
    now: i64,
    saved: BTreeSet<Part>,
    out: Vec<Action>,
}

impl Work<'_> {
    fn take(&mut self, event: Event) {
        match event {
            Event::Tick => self.tick(),
            Event::Listed(provider, found) => self.listed(&provider, found),
            Event::Told { source, rank, found } => self.all_of(&source, rank, found.into()),
            Event::Seen { source, rank, found } => self.seen(&source, rank, found),
            Event::Mail(key, task) => self.mail(key, task),
            Event::Confirm { key, who } => self.confirm(&key, &who),
            Event::Want { key, act, who } => self.want(key, act, who),
            Event::Quoted { want, quote } => self.quoted(want, quote),
            Event::Approve { plan, who } => self.approve(plan, &who),
            Event::Reject { plan, who } => self.reject(plan, who),
            Event::Settle { plan, who, done } => self.settle(plan, who, done),
            Event::Priced(plan, quote) => self.priced(plan, quote),
            Event::Bought(plan, bought) => self.bought(plan, bought),
            Event::Looked(plan, looked) => self.looked(plan, looked),
            Event::Switch { on, who } => self.switch(on, who),
        }
    }

    fn save(&mut self, part: Part) {
        self.saved.insert(part);
    }

    fn refuse(&mut self, why: Refused) {
        self.out.push(Action::Refused(why));
    }

    fn tell(&mut self, what: Tell) {
        self.out.push(Action::Tell(what));
    }

    /// Unless the same is under way.
    fn ask(&mut self, asked: Asked, ask: impl FnOnce() -> Ask) {
        if self.state.asked.insert(asked) {
            self.out.push(Action::Ask(ask()));
        }
    }

    /// Moves a plan on, with a line in its history.
    fn move_to(&mut self, id: PlanId, stage: Stage, what: impl Into<String>) {
        let now = self.now;
        if let Some(plan) = self.state.plans.get_mut(&id) {
            plan.stage = stage;
            plan.note(now, what);
            self.save(Part::Plan(id));
        }
    }

    fn plan(&self, id: PlanId) -> Option<&Plan> {
        self.state.plans.get(&id)
    }

    /// No plan for it is proposed for a while.
    fn pause(&mut self, key: &Key, seconds: i64) {
        let until = self.now.saturating_add(seconds);
        if let Some(item) = self.state.items.get_mut(key) {
            item.propose_after = until;
            self.save(Part::Item(key.clone()));
        }
    }
}
