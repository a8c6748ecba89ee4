//! What the planner asks for, done: in a thread, because providers take their time.

use std::panic::{AssertUnwindSafe, catch_unwind};

use atalaya_renew::{Ask, Bought, Event, Trouble};

use super::market::Market;

/// The event that answers. Something always does: what nobody answers would stay under way for ever.
pub(super) fn answer(market: &dyn Market, ask: &Ask, now: i64) -> Event {
    catch_unwind(AssertUnwindSafe(|| asked(market, ask, now))).unwrap_or_else(|_| {
        tracing::error!(
            "a provider's answer ended a part of the program that asked; what was asked counts as not answered"
        );
        broken(ask)
    })
}

fn asked(market: &dyn Market, ask: &Ask, now: i64) -> Event {
    match ask {
        Ask::List(name) => Event::Listed(name.clone(), market.list(name, now)),
        Ask::Quote(want) => {
            let quote = market.quote(&want.provider, &want.key.name, want.act);
            Event::Quoted { want: want.clone(), quote }
        }
        Ask::Price(id, plan) => Event::Priced(*id, market.quote(&plan.provider, &plan.key.name, plan.act)),
        Ask::Buy(id, provider, order) => Event::Bought(*id, market.buy(provider, order, now)),
        Ask::Look(id, provider, order) => Event::Looked(*id, market.look(provider, order)),
    }
}

/// What is said where nothing can be: of an order that it may have been done.
fn broken(ask: &Ask) -> Event {
    let why = || "an error inside the program; its log says more".to_owned();
    let trouble = || Trouble::Garbled(why());
    match ask {
        Ask::List(name) => Event::Listed(name.clone(), Err(trouble())),
        Ask::Quote(want) => Event::Quoted { want: want.clone(), quote: Err(trouble()) },
        Ask::Price(id, _) => Event::Priced(*id, Err(trouble())),
        Ask::Buy(id, ..) => Event::Bought(*id, Bought::Unclear(why())),
        Ask::Look(id, ..) => Event::Looked(*id, Err(trouble())),
    }
}
