//! What became of an order. It is never sent again; it shows, or a person finds out.

use super::Work;
use crate::did::Did;
use crate::event::{Ask, Part, Tell};
use crate::found::{ByItself, Ends};
use crate::key::PlanId;
use crate::limits::{DAY_SECONDS, MOVED_SECONDS, SHOWS_SECONDS};
use crate::plan::{Plan, Stage, Why};
use crate::shop::{Act, Looked};
use crate::state::Asked;
use crate::trouble::Trouble;

/// Seconds between looks, the last one for all that follow.
const LOOKS: [i64; 6] = [10, 30, 60, 300, 900, 3_600];

impl Work<'_> {
    /// Looks, if it is time.
    pub(super) fn look(&mut self, id: PlanId) {
        let Some(plan) = self.plan(id) else { return };
        let (Stage::Looking { next, .. } | Stage::Unsettled { next, .. }) = plan.stage else { return };
        // A clock that went back would keep it waiting for as long.
        if self.now >= next || next - self.now > 2 * DAY_SECONDS {
            let (provider, order) = (plan.provider.clone(), plan.order());
            self.ask(Asked::Plan(id), || Ask::Look(id, provider, order));
        }
    }

    pub(super) fn looked(&mut self, id: PlanId, looked: Result<Looked, Trouble>) {
        self.state.asked.remove(&Asked::Plan(id));
        let Some(plan) = self.plan(id) else { return };
        if !matches!(plan.stage, Stage::Looking { .. } | Stage::Unsettled { .. }) {
            return;
        }
        match looked {
            Ok(looked) if shows(plan, &looked) => self.shown(id, &looked),
            Ok(Looked { failed: Some(why), under_way, .. }) if under_way != Some(true) && self.was_taken(id) => {
                let why = crate::limits::short(&why);
                self.stop(id, Why::Failed { text: why });
            }
            Ok(looked) => {
                self.not_yet(id, if looked.under_way == Some(true) { "it is under way" } else { "it does not show" })
            }
            Err(why) => self.not_yet(id, &why.to_string()),
        }
    }

    /// Whether the provider gave it a number: only then what it says failed is this order.
    fn was_taken(&self, id: PlanId) -> bool {
        matches!(self.plan(id).map(|plan| &plan.stage), Some(Stage::Looking { number: Some(_), .. }))
    }

    fn shown(&mut self, id: PlanId, looked: &Looked) {
        self.move_to(id, Stage::Done { at: self.now, expires: looked.expires }, Did::Shows.text());
        self.tell(Tell::Done(id));
        self.renewed(id, looked);
        // All that its provider says of it is worth knowing now.
        if let Some(provider) = self.plan(id).map(|plan| plan.provider.clone()) {
            self.ask(Asked::List(provider.clone()), || Ask::List(provider));
        }
    }

    /// What was seen of it is true at once: otherwise it would be due until its provider is asked for all it has.
    fn renewed(&mut self, id: PlanId, looked: &Looked) {
        let Some(plan) = self.state.plans.get(&id) else { return };
        let Some(item) = self.state.items.get_mut(&plan.key) else { return };
        let Some(seen) = item.seen.get_mut(&plan.provider) else { return };
        seen.found.ends = Ends::At(looked.expires);
        if looked.auto_renew {
            seen.found.by_itself = ByItself::ProviderRenews;
        }
        self.save(Part::Item(plan.key.clone()));
    }

    fn not_yet(&mut self, id: PlanId, why: &str) {
        match self.plan(id).map(|plan| plan.stage.clone()) {
            Some(Stage::Looking { since, .. }) if self.now.saturating_sub(since) >= SHOWS_SECONDS => {
                let why = crate::limits::short(why);
                let line = Did::Unsettled.with(&why);
                let next = self.now.saturating_add(DAY_SECONDS);
                self.move_to(id, Stage::Unsettled { since, why, next }, line);
                self.tell(Tell::Unsettled(id));
            }
            Some(Stage::Looking { who, since, number, looks, .. }) => {
                let wait = LOOKS.get(looks as usize).or(LOOKS.last()).copied().unwrap_or(DAY_SECONDS);
                let next = self.now.saturating_add(wait);
                let looks = looks.saturating_add(1);
                self.stay(id, Stage::Looking { who, since, number, looks, next });
            }
            Some(Stage::Unsettled { since, why, .. }) => {
                let next = self.now.saturating_add(DAY_SECONDS);
                self.stay(id, Stage::Unsettled { since, why, next });
            }
            _ => {}
        }
    }

    /// The same again, and no line in its history for that.
    fn stay(&mut self, id: PlanId, stage: Stage) {
        if let Some(plan) = self.state.plans.get_mut(&id) {
            plan.stage = stage;
            self.save(Part::Plan(id));
        }
    }
}

/// Whether what was ordered is there.
fn shows(plan: &Plan, looked: &Looked) -> bool {
    match plan.act {
        Act::Renew { .. } => looked.expires.saturating_sub(plan.expires) >= MOVED_SECONDS,
        Act::AutoRenew => looked.auto_renew,
    }
}
