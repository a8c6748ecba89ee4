//! From a yes to an order: looked at again, written down, sent once.

use super::Work;
use crate::did::Did;
use crate::event::{Action, Ask, Tell};
use crate::key::PlanId;
use crate::limits::{SAME_END_SECONDS, TRIES_MAX};
use crate::plan::{Plan, Stage, Why};
use crate::shop::{Act, Bought, Quote};
use crate::state::Asked;
use crate::trouble::Trouble;

/// Seconds until what was certainly not done is tried again.
const AGAIN_SECONDS: i64 = 600;

impl Work<'_> {
    /// Asks what an approved plan costs now, if it is its time.
    pub(super) fn price(&mut self, id: PlanId) {
        let Some(plan) = self.plan(id) else { return };
        let Stage::Approved { until, next, .. } = plan.stage else { return };
        if self.now >= until {
            return self.move_to(id, Stage::Lapsed, Did::Late.text());
        }
        if self.now >= next {
            let plan = Box::new(plan.clone());
            self.ask(Asked::Plan(id), || Ask::Price(id, plan));
        }
    }

    pub(super) fn priced(&mut self, id: PlanId, quote: Result<Quote, Trouble>) {
        self.state.asked.remove(&Asked::Plan(id));
        let Some(plan) = self.plan(id) else { return };
        // It may have been called back meanwhile.
        let Stage::Approved { who, until, .. } = &plan.stage else { return };
        if self.now >= *until {
            return self.move_to(id, Stage::Lapsed, Did::Late.text());
        }
        match quote {
            Ok(quote) => {
                if let Some(why) = differs(plan, &quote).or_else(|| self.forbids(plan)) {
                    return self.stop(id, why);
                }
                if self.terms.dry_run {
                    return self.move_to(id, Stage::Rehearsed, Did::Rehearsed.text());
                }
                let (stage, order) =
                    (Stage::Sending { who: who.clone(), since: self.now, until: *until }, plan.order());
                let provider = plan.provider.clone();
                self.move_to(id, stage, Did::Sending.text());
                self.state.asked.insert(Asked::Plan(id));
                self.out.push(Action::Ask(Ask::Buy(id, provider, order)));
            }
            Err(why) => self.not_done(id, &why),
        }
    }

    pub(super) fn bought(&mut self, id: PlanId, bought: Bought) {
        self.state.asked.remove(&Asked::Plan(id));
        let Some(Stage::Sending { who, since, until }) = self.plan(id).map(|plan| plan.stage.clone()) else { return };
        match bought {
            Bought::Taken { number, charged } => {
                let receipt =
                    [Some(number.clone()).filter(|number| !number.is_empty()), charged.map(|sum| sum.to_string())];
                let receipt: Vec<String> = receipt.into_iter().flatten().collect();
                let receipt = if receipt.is_empty() { String::new() } else { format!(" ({})", receipt.join(", ")) };
                let line = Did::Taken.with(&receipt);
                let stage = Stage::Looking { who, since, number: Some(number), looks: 0, next: self.now };
                self.move_to(id, stage, line);
                self.look(id);
            }
            Bought::Unclear(why) => {
                let line = Did::Unclear.with(&why);
                let stage = Stage::Looking { who, since, number: None, looks: 0, next: self.now };
                self.move_to(id, stage, line);
                self.look(id);
            }
            Bought::Not(why) => {
                // Back to the approval, so that everything is looked at again before it is sent again.
                let approved = self.approved_again(id, who, until);
                if let (Some(stage), true) = (approved, why.may_pass()) {
                    self.move_to(id, stage, Did::NotTaken.with(&why.to_string()));
                } else {
                    self.stop(id, Why::Failed { text: why.to_string() });
                }
            }
        }
    }

    /// The stage before it was sent, one try more; `None` after too many.
    fn approved_again(&self, id: PlanId, who: String, until: i64) -> Option<Stage> {
        let sent = self.plan(id)?.history.iter().filter(|line| line.what == Did::Sending.text()).count();
        let tries = u32::try_from(sent).unwrap_or(u32::MAX);
        let next = self.now.saturating_add(AGAIN_SECONDS.saturating_mul(i64::from(tries)));
        (tries < TRIES_MAX).then_some(Stage::Approved { who, until, tries, next })
    }

    /// The price could not be had: nothing was sent.
    fn not_done(&mut self, id: PlanId, why: &Trouble) {
        let Some(Stage::Approved { who, until, tries, .. }) = self.plan(id).map(|plan| plan.stage.clone()) else {
            return;
        };
        if !why.may_pass() {
            return self.stop(id, Why::Failed { text: why.to_string() });
        }
        let wait = if let Trouble::Busy { after } = why { i64::from(*after).max(60) } else { AGAIN_SECONDS };
        let stage = Stage::Approved { who, until, tries, next: self.now.saturating_add(wait) };
        self.move_to(id, stage, Did::NoPrice.with(&why.to_string()));
    }

    pub(super) fn stop(&mut self, id: PlanId, why: Why) {
        let line = Did::Stopped.with(&why.text());
        self.move_to(id, Stage::Stopped { why }, line);
        self.tell(Tell::Stopped(id));
        if let Some(key) = self.plan(id).map(|plan| plan.key.clone()) {
            // With a new price, and not at once: whoever said yes reads why first.
            self.pause(&key, crate::limits::DAY_SECONDS);
        }
    }
}

/// What is not as it was approved.
fn differs(plan: &Plan, quote: &Quote) -> Option<Why> {
    if quote.expires.abs_diff(plan.expires) > SAME_END_SECONDS.unsigned_abs() {
        return Some(Why::EndMoved { now: quote.expires });
    }
    if quote.auto_renew && plan.act == Act::AutoRenew {
        return Some(Why::RenewsAlready);
    }
    match (plan.price, quote.price) {
        (Some(approved), Some(now)) if now.is_within(approved) => None,
        (None, None) => None,
        (_, now) => Some(Why::PriceRose { now }),
    }
}
