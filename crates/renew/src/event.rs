//! What happens, and what follows.

use crate::found::{Found, List};
use crate::item::Task;
use crate::key::{Key, PlanId};
use crate::plan::Plan;
use crate::shop::{Act, Bought, Looked, Order, Quote};
use crate::trouble::Trouble;

/// What happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// Time passed.
    Tick,
    /// A provider said all that it has, or why not.
    Listed(String, Result<List, Trouble>),
    /// Somebody who is not asked said all that they have, such as a node.
    Told {
        /// Who.
        source: String,
        /// How much their word counts.
        rank: crate::item::Rank,
        /// All of it.
        found: Vec<Found>,
    },
    /// Somebody else saw something: an agent's report, a certificate that was installed.
    Seen {
        /// Who.
        source: String,
        /// How much their word counts.
        rank: crate::item::Rank,
        /// What.
        found: Found,
    },
    /// A mail asks for something.
    Mail(Key, Task),
    /// A person did what was asked for.
    Confirm {
        /// Of what.
        key: Key,
        /// Who.
        who: String,
    },
    /// A person wants to know what it costs, and to be asked.
    Want {
        /// What.
        key: Key,
        /// What is to be bought.
        act: Act,
        /// Who.
        who: String,
    },
    /// What it costs, as was asked with [`Ask::Quote`].
    Quoted {
        /// What was asked about.
        want: Want,
        /// The answer.
        quote: Result<Quote, Trouble>,
    },
    /// A person says yes.
    Approve {
        /// To which plan.
        plan: PlanId,
        /// Who: a name, for good.
        who: String,
    },
    /// A person says no.
    Reject {
        /// To which plan.
        plan: PlanId,
        /// Who.
        who: String,
    },
    /// A person found out what became of a plan that is not settled.
    Settle {
        /// Which.
        plan: PlanId,
        /// Who.
        who: String,
        /// Whether it was done.
        done: bool,
    },
    /// What it costs right before it is bought, as was asked with [`Ask::Price`].
    Priced(PlanId, Result<Quote, Trouble>),
    /// What became of an order.
    Bought(PlanId, Bought),
    /// How it stands after an order.
    Looked(PlanId, Result<Looked, Trouble>),
    /// A person switches spending off, or on again.
    Switch {
        /// Whether it is on.
        on: bool,
        /// Who.
        who: String,
    },
}

/// Who wants which plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Want {
    /// For what.
    pub key: Key,
    /// At whom.
    pub provider: String,
    /// What is bought.
    pub act: Act,
    /// Who wants it; nobody if it is time.
    pub who: Option<String>,
}

/// What is to be done. In this order: what is saved is on the disk before anything behind it is done.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// This part of the state is to be kept as it is now.
    Save(Part),
    /// Somebody is to be asked, and the answer comes as an event.
    Ask(Ask),
    /// What a person did is refused.
    Refused(Refused),
    /// People are to be told.
    Tell(Tell),
}

/// A part of the state.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// What there is one of.
    Head,
    /// One thing that ends; gone if it is not there any more.
    Item(Key),
    /// One plan; gone as well.
    Plan(PlanId),
    /// One provider.
    Provider(String),
}

/// Who is asked what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// All that a provider has: [`Event::Listed`].
    List(String),
    /// What something costs: [`Event::Quoted`].
    Quote(Want),
    /// What a plan costs now: [`Event::Priced`].
    Price(PlanId, Box<Plan>),
    /// To do it, once: [`Event::Bought`]. Its plan was saved as being sent.
    Buy(PlanId, String, Order),
    /// How it stands: [`Event::Looked`].
    Look(PlanId, String, Order),
}

/// What people are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tell {
    /// A plan waits for a yes or a no.
    Proposed(PlanId),
    /// It was done, and shows.
    Done(PlanId),
    /// It was not done.
    Stopped(PlanId),
    /// Somebody has to find out what became of it.
    Unsettled(PlanId),
    /// A mail asks for something.
    Task(Key),
}

/// Why what a person did is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// There is no such plan.
    NoPlan,
    /// There is no such thing.
    NoItem,
    /// It was decided before, or is over; how it stands.
    Decided(&'static str),
    /// There is a plan for it already.
    PlanThere(PlanId),
    /// Nobody sells it.
    NotSold,
    /// Where it can be bought, only this is sold.
    OnlySold(Act),
    /// It would be more than may be spent, or spending is off.
    Spending(crate::plan::Why),
    /// A number of years that cannot be.
    Years,
    /// When it ends is seen, and not said.
    NotSaid,
}
