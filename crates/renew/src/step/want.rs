//! From what ends to a plan that a person can say yes to.

use super::Work;
use crate::did::Did;
use crate::event::{Ask, Part, Refused, Tell, Want};
use crate::found::{ByItself, Ends, Flag, Kind};
use crate::item::Item;
use crate::key::{Key, PlanId};
use crate::limits::{
    DAY_SECONDS, PLANS_MAX, PROPOSAL_SECONDS, PROPOSE_AGAIN_SECONDS, QUOTE_AGAIN_SECONDS, SAME_END_SECONDS, YEARS_MAX,
    short,
};
use crate::plan::{Plan, Stage};
use crate::shop::{Act, Quote, Sells};
use crate::standing::standing;
use crate::state::{Asked, Terms};
use crate::trouble::Trouble;

impl Work<'_> {
    /// Plans for what is due, can be bought, and is nobody's plan yet.
    pub(super) fn propose(&mut self) {
        let due: Vec<Want> = self
            .state
            .items
            .values()
            .filter(|item| self.is_to_propose(item))
            .filter_map(|item| {
                let (provider, act) = offered(item, self.terms, self.now)?;
                Some(Want { key: item.key.clone(), provider: provider.to_owned(), act, who: None })
            })
            .collect();
        for want in due {
            self.ask(Asked::Quote(want.key.clone()), || Ask::Quote(want));
        }
    }

    fn is_to_propose(&self, item: &Item) -> bool {
        let open = || self.state.open_plan(&item.key).is_some();
        item.key.kind == Kind::Domain
            && !is_renewed_alone(item)
            // A clock that was ahead would keep it waiting for as long.
            && (self.now >= item.propose_after || item.propose_after - self.now > 2 * PROPOSE_AGAIN_SECONDS)
            && standing(item, self.now).wants()
            && !open()
    }

    pub(super) fn want(&mut self, key: Key, act: Act, who: String) {
        if let Act::Renew { years } = act
            && !(1..=YEARS_MAX).contains(&years)
        {
            return self.refuse(Refused::Years);
        }
        if let Some(plan) = self.state.open_plan(&key) {
            let id = plan.id;
            return self.refuse(Refused::PlanThere(id));
        }
        let Some(item) = self.state.items.get(&key) else { return self.refuse(Refused::NoItem) };
        let sold = |(_, sells): &(&str, Sells)| sells.has(act);
        let provider = sellers(item, self.terms).find(sold).map(|(name, _)| name.to_owned());
        let other = sellers(item, self.terms).find_map(|(_, sells)| sells.usual());
        match (provider, other) {
            (Some(provider), _) => {
                // Why there was none the last time is no answer to this question.
                if let Some(item) = self.state.items.get_mut(&key).filter(|item| item.no_price.is_some()) {
                    item.no_price = None;
                    self.save(Part::Item(key.clone()));
                }
                let want = Want { key: key.clone(), provider, act, who: Some(who) };
                self.ask(Asked::Quote(key), || Ask::Quote(want));
            }
            (None, Some(other)) => self.refuse(Refused::OnlySold(other)),
            (None, None) => self.refuse(Refused::NotSold),
        }
    }

    pub(super) fn quoted(&mut self, want: Want, quote: Result<Quote, Trouble>) {
        self.state.asked.remove(&Asked::Quote(want.key.clone()));
        // It went, or somebody was faster, while the provider was asked.
        if !self.state.items.contains_key(&want.key) || self.state.open_plan(&want.key).is_some() {
            return;
        }
        if let Ok(quote) = &quote
            && self.is_elsewhere(&want, quote)
        {
            // What it said before is old, perhaps from before it was renewed: nobody is asked because of that.
            self.unpriced(&want.key, "its provider says two different ends", QUOTE_AGAIN_SECONDS);
            return self.ask(Asked::List(want.provider.clone()), || Ask::List(want.provider));
        }
        match quote {
            Ok(quote) if quote.act == want.act && is_priced(&quote) => self.make(want, &quote),
            Ok(_) => self.unpriced(&want.key, "its provider does not say", PROPOSE_AGAIN_SECONDS),
            Err(why) => {
                let for_good = matches!(why, Trouble::Refused(_) | Trouble::NotThere(_));
                // What a person was curious about says nothing of what is proposed.
                let again = match &want.who {
                    Some(_) => 0,
                    None if for_good => PROPOSE_AGAIN_SECONDS,
                    None => QUOTE_AGAIN_SECONDS,
                };
                self.unpriced(&want.key, &why.to_string(), again);
            }
        }
    }

    /// Whether it ends at another time than its provider said when it was asked for all it has.
    fn is_elsewhere(&self, want: &Want, quote: &Quote) -> bool {
        let seen = self.state.items.get(&want.key).and_then(|item| item.seen.get(&want.provider));
        let Some(Ends::At(ends)) = seen.map(|seen| &seen.found.ends) else { return false };
        ends.abs_diff(quote.expires) > SAME_END_SECONDS.unsigned_abs()
    }

    /// Makes room: the oldest that is over, and that no cap counts any more, goes.
    fn forget_one(&mut self) -> bool {
        let counts = |plan: &Plan| plan.spent_at().is_some_and(|at| self.now.saturating_sub(at) < 62 * DAY_SECONDS);
        let oldest = self.state.plans.values().find(|plan| !plan.is_open() && !counts(plan)).map(|plan| plan.id);
        let Some(id) = oldest else { return false };
        self.state.plans.remove(&id);
        self.save(Part::Plan(id));
        true
    }

    /// Whoever asked reads why beside it.
    fn unpriced(&mut self, key: &Key, why: &str, again: i64) {
        if let Some(item) = self.state.items.get_mut(key) {
            item.no_price = Some(short(why));
        }
        if again > 0 {
            self.pause(key, again);
        } else {
            self.save(Part::Item(key.clone()));
        }
    }

    fn make(&mut self, want: Want, quote: &Quote) {
        if self.state.plans.len() >= PLANS_MAX && !self.forget_one() {
            return self.unpriced(&want.key, "there are too many plans", PROPOSE_AGAIN_SECONDS);
        }
        let id = PlanId(self.state.head.next_plan.max(1));
        self.state.head.next_plan = id.0 + 1;
        let mut plan = Plan {
            id,
            key: want.key,
            provider: want.provider,
            act: want.act,
            price: quote.price,
            expires: quote.expires,
            made: self.now,
            wanted_by: want.who,
            stage: Stage::Proposed { until: self.now.saturating_add(PROPOSAL_SECONDS) },
            history: Vec::new(),
        };
        let line = plan.wanted_by.as_deref().map_or_else(|| Did::Due.text().into(), |who| Did::Proposed.with(who));
        plan.note(self.now, line);
        if let Some(item) = self.state.items.get_mut(&plan.key) {
            item.no_price = None;
            self.save(Part::Item(plan.key.clone()));
        }
        self.state.plans.insert(id, plan);
        self.save(Part::Head);
        self.save(Part::Plan(id));
        self.tell(Tell::Proposed(id));
    }
}

/// Whether it is renewed, or replaced, without anybody being asked.
pub(crate) fn is_renewed_alone(item: &Item) -> bool {
    matches!(item.by_itself(), ByItself::ProviderRenews | ByItself::Renewed)
}

/// Where it can be bought: providers that have it, sell something, and do not say that it cannot be renewed.
fn sellers<'a>(item: &'a Item, terms: &'a Terms) -> impl Iterator<Item = (&'a str, Sells)> {
    let fit = |flags: &[Flag]| !flags.contains(&Flag::NotRenewable);
    let here = item.seen.iter().filter(move |(_, seen)| item.key.kind == Kind::Domain && fit(&seen.found.flags));
    here.filter_map(|(name, _)| {
        Some((name.as_str(), terms.providers.get(name)?.sells)).filter(|(_, sells)| sells.any())
    })
}

/// What is proposed, and where: what is really sold there. What has ended is not turned on any more: nobody says that it
/// would bring it back.
pub(crate) fn offered<'a>(item: &'a Item, terms: &'a Terms, now: i64) -> Option<(&'a str, Act)> {
    let over = item.life().is_none_or(|life| now >= life.ends);
    let usual = |(name, sells): (&'a str, Sells)| Some((name, sells.usual()?));
    sellers(item, terms).filter_map(usual).find(|(_, act)| !(over && *act == Act::AutoRenew))
}

/// Nobody can say yes to a renewal without knowing what it costs.
const fn is_priced(quote: &Quote) -> bool {
    quote.price.is_some() || matches!(quote.act, Act::AutoRenew)
}
