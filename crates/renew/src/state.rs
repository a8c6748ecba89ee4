//! What is remembered.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::did::Did;
use crate::item::{Item, Rank};
use crate::key::{Key, PlanId};
use crate::money::Money;
use crate::plan::{Plan, Stage};
use crate::shop::Sells;
use crate::trouble::Trouble;

/// More than are made between two copies: a number means one plan for good, also in mails and audits that a copy forgot.
const PLANS_SINCE: u64 = 1_000;

/// What is remembered of one provider.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provider {
    /// When it last said all that it has.
    pub listed: Option<i64>,
    /// Why it did not the last time, since when.
    pub trouble: Option<(Trouble, i64)>,
    /// How often in a row.
    pub failed: u32,
    /// When it is asked next.
    pub next: i64,
}

/// What is remembered that there is one of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The number of the next plan.
    pub next_plan: u64,
    /// Who switched spending off, if it is.
    pub switched_off: Option<String>,
}

/// All that is remembered. What of it is to be kept is said by [`crate::Action::Save`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// What there is one of.
    pub head: Head,
    /// What ends.
    pub items: BTreeMap<Key, Item>,
    /// What was proposed, approved and bought.
    pub plans: BTreeMap<PlanId, Plan>,
    /// Who is asked.
    pub providers: BTreeMap<String, Provider>,
    /// What was asked for and not answered yet: gone after a restart.
    pub(crate) asked: BTreeSet<Asked>,
}

/// What is under way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Asked {
    List(String),
    Quote(Key),
    Plan(PlanId),
}

/// What holds for all, as it was configured.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Whose months the cap is for.
    pub zone: TimeZone,
    /// What may be spent in a month, an amount for each currency. Nothing is bought in another.
    pub caps: Vec<Money>,
    /// Look at everything, buy nothing.
    pub dry_run: bool,
    /// How often providers are asked, in seconds.
    pub every: i64,
    /// The providers, by name.
    pub providers: BTreeMap<String, Seller>,
}

/// What holds for one provider.
#[derive(Clone, Debug)]
pub struct Seller {
    /// How much its word counts.
    pub rank: Rank,
    /// What it sells.
    pub sells: Sells,
    /// What it is configured to look at. It is listed, as unknown, also before anybody answered for it.
    pub expects: Vec<Key>,
}

impl Seller {
    /// One that sells nothing and says by itself what it has.
    #[must_use]
    pub const fn new(rank: Rank) -> Self {
        Self { rank, sells: Sells::NOTHING, expects: Vec::new() }
    }
}

impl State {
    /// What was kept, as it is after a start: what was being sent may have been, so it is only looked for.
    #[must_use]
    pub fn restart(head: Head, items: Vec<Item>, plans: Vec<Plan>, providers: BTreeMap<String, Provider>) -> Self {
        let items = items.into_iter().map(|item| (item.key.clone(), item)).collect();
        let plans = plans.into_iter().map(|plan| (plan.id, plan)).collect();
        Self { head, items, plans, providers, asked: BTreeSet::new() }
    }

    /// What was kept in a copy that is older than what happened: whatever waited then may have been bought since, so a person
    /// has to look before another is planned.
    #[must_use]
    pub fn is_of_a_copy(mut self, now: i64) -> (Self, Vec<PlanId>) {
        let waits = |plan: &&mut Plan| matches!(plan.stage, Stage::Proposed { .. } | Stage::Approved { .. });
        // What was spent and decided since is not in it.
        self.head.switched_off.get_or_insert_with(|| "the database was replaced by its copy".to_owned());
        self.head.next_plan = self.head.next_plan.saturating_add(PLANS_SINCE);
        let mut changed = Vec::new();
        for plan in self.plans.values_mut().filter(waits) {
            let why = Did::Copy.text().to_owned();
            plan.stage = Stage::Unsettled { since: now, why: why.clone(), next: now };
            plan.note(now, why);
            changed.push(plan.id);
        }
        (self, changed)
    }

    /// The plan of which something may still become, if there is one.
    #[must_use]
    pub fn open_plan(&self, key: &Key) -> Option<&Plan> {
        self.plans.values().find(|plan| plan.is_open() && plan.key == *key)
    }

    /// What was spent in a currency, or may have been, in the month of `now`. What is said to be spent later than now
    /// counts, too: a clock that went back makes no room.
    #[must_use]
    pub fn spent(&self, terms: &Terms, like: Money, now: i64) -> Option<Money> {
        let begin = month_of(&terms.zone, now);
        let this_month = |plan: &&Plan| plan.spent_at().is_some_and(|at| at >= begin);
        let none = Money::of_micros(crate::Micros(0), like.currency())?;
        let prices = self.plans.values().filter(this_month).filter_map(|plan| plan.price);
        prices.filter(|price| price.currency() == like.currency()).try_fold(none, Money::plus)
    }
}

/// When the month of a time began.
fn month_of(zone: &TimeZone, now: i64) -> i64 {
    let begin = jiff::Timestamp::from_second(now)
        .ok()
        .and_then(|now| now.to_zoned(zone.clone()).first_of_month().ok())
        .and_then(|first| first.start_of_day().ok());
    begin.map_or(i64::MIN, |begin| begin.timestamp().as_second())
}
