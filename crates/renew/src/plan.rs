//! Something that costs money, from the day it is proposed to the day it shows.

use serde::{Deserialize, Serialize};

use crate::key::{Key, PlanId};
use crate::money::Money;
use crate::shop::{Act, Order};

/// What is bought, frozen when it is proposed: nothing but its stage ever changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Its number.
    pub id: PlanId,
    /// For what.
    pub key: Key,
    /// At whom.
    pub provider: String,
    /// What is bought.
    pub act: Act,
    /// For what price; `None` where the provider says none.
    pub price: Option<Money>,
    /// When it ended as it was proposed, in seconds since 1970.
    pub expires: i64,
    /// When it was proposed.
    pub made: i64,
    /// Who wanted it; nobody if it was time.
    pub wanted_by: Option<String>,
    /// How far it is.
    pub stage: Stage,
    /// What happened, oldest first.
    pub history: Vec<Line>,
}

/// One thing that happened to a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// When, in seconds since 1970.
    pub at: i64,
    /// What, for people.
    pub what: String,
}

/// How far a plan is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "stage")]
pub enum Stage {
    /// It waits for a person.
    Proposed {
        /// After that it is made anew.
        until: i64,
    },
    /// Somebody said yes; nothing was sent yet.
    Approved {
        /// Who.
        who: String,
        /// After that it needs another approval.
        until: i64,
        /// How often it was sent and certainly not taken.
        tries: u32,
        /// Not before.
        next: i64,
    },
    /// It is being sent, or was when the program ended. From here on it is never sent again.
    Sending {
        /// Who approved it.
        who: String,
        /// Since when.
        since: i64,
        /// How long the approval counts, if it is certainly not taken.
        until: i64,
    },
    /// It was sent, and what it did is looked for.
    Looking {
        /// Who approved it.
        who: String,
        /// When it was sent.
        since: i64,
        /// The provider's number; `None` where no answer came that can be read.
        number: Option<String>,
        /// How often was looked.
        looks: u32,
        /// When is looked next.
        next: i64,
    },
    /// It shows.
    Done {
        /// When that was seen.
        at: i64,
        /// When it ends now.
        expires: i64,
    },
    /// A person has to find out, and say what became of it.
    Unsettled {
        /// When it was sent.
        since: i64,
        /// What is known.
        why: String,
        /// When is looked next whether it shows after all.
        next: i64,
    },
    /// Somebody said no.
    Rejected {
        /// Who.
        who: String,
    },
    /// Nobody decided in time.
    Lapsed,
    /// It was certainly not done.
    Stopped {
        /// Why.
        why: Why,
    },
    /// All was looked at, and it would have been sent: a dry run.
    Rehearsed,
}

/// Why a plan was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "why")]
pub enum Why {
    /// It costs more than was approved.
    PriceRose {
        /// What it costs now.
        now: Option<Money>,
    },
    /// It ends at another time than when it was approved: somebody else was there first.
    EndMoved {
        /// When it ends now.
        now: i64,
    },
    /// The provider renews it by now.
    RenewsAlready,
    /// It would be more than may be spent in a month.
    Cap {
        /// What was spent already.
        spent: Money,
        /// What may be.
        cap: Money,
    },
    /// Spending is switched off.
    SwitchedOff,
    /// It needs a cap in its currency, and there is none.
    NoCap,
    /// Its provider said no.
    Failed {
        /// In its words.
        text: String,
    },
    /// Somebody looked, and it was not done.
    NotDone {
        /// Who.
        who: String,
    },
}

impl Plan {
    /// Whether something may still become of it without another plan.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(
            self.stage,
            Stage::Proposed { .. }
                | Stage::Approved { .. }
                | Stage::Sending { .. }
                | Stage::Looking { .. }
                | Stage::Unsettled { .. }
        )
    }

    /// When money was spent, or may have been; `None` as long as that is certain not to be so.
    #[must_use]
    pub fn spent_at(&self) -> Option<i64> {
        match self.stage {
            Stage::Sending { since, .. } | Stage::Looking { since, .. } | Stage::Unsettled { since, .. } => Some(since),
            Stage::Done { at, .. } => Some(at),
            _ => None,
        }
    }

    /// Until when it is to be decided, or to be carried out if it was approved.
    #[must_use]
    pub const fn until(&self) -> Option<i64> {
        match self.stage {
            Stage::Proposed { until } | Stage::Approved { until, .. } => Some(until),
            _ => None,
        }
    }

    /// When it would end afterwards, by the calendar; `None` of what moves no end.
    #[must_use]
    pub fn would_end(&self) -> Option<i64> {
        let Act::Renew { years } = self.act else { return None };
        let ends = jiff::Timestamp::from_second(self.expires).ok()?.to_zoned(jiff::tz::TimeZone::UTC);
        let later = ends.checked_add(jiff::Span::new().years(i64::from(years))).ok()?;
        Some(later.timestamp().as_second())
    }

    /// As the provider is told.
    #[must_use]
    pub fn order(&self) -> Order {
        Order {
            name: self.key.name.clone(),
            act: self.act,
            price: self.price,
            expires: self.expires,
            reference: format!("atalaya-{}-{}", self.id, self.made),
        }
    }

    pub(crate) fn note(&mut self, at: i64, what: impl Into<String>) {
        self.history.push(Line { at, what: what.into() });
    }
}

impl Stage {
    /// One word for topics, commands and tables.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Proposed { .. } => "proposed",
            Self::Approved { .. } => "approved",
            Self::Sending { .. } => "sending",
            Self::Looking { .. } => "looking",
            Self::Done { .. } => "done",
            Self::Unsettled { .. } => "unsettled",
            Self::Rejected { .. } => "rejected",
            Self::Lapsed => "lapsed",
            Self::Stopped { .. } => "stopped",
            Self::Rehearsed => "rehearsed",
        }
    }
}
