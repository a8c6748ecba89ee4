//! Why something was not done, for people who read English; pages have their own words.

use crate::found::Flag;
use crate::plan::{Plan, Why};
use crate::shop::Act;

impl Why {
    /// In a sentence's second half.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::PriceRose { now: Some(now) } => format!("it costs {now} now, more than was approved"),
            Self::PriceRose { now: None } => "what it costs now is not what was approved".into(),
            Self::EndMoved { .. } => {
                "it ends at another time than when it was approved; somebody may have renewed it".into()
            }
            Self::RenewsAlready => "its provider renews it already".into(),
            Self::Cap { spent, cap } => format!("{spent} of {cap} a month are spent, and it would be more"),
            Self::SwitchedOff => "spending is switched off".into(),
            Self::NoCap => "no cap is configured in its currency".into(),
            Self::Failed { text } => text.clone(),
            Self::NotDone { who } => format!("{who} looked, and it was not done"),
        }
    }
}

impl Plan {
    /// What is bought, in a few words.
    #[must_use]
    pub fn what(&self) -> String {
        match self.act {
            Act::Renew { years: 1 } => format!("{} for one year", self.key.name),
            Act::Renew { years } => format!("{} for {years} years", self.key.name),
            Act::AutoRenew => format!("automatic renewal of {}", self.key.name),
        }
    }
}

impl Flag {
    /// In a sentence's second half.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Redemption => "it ended, and can be had back for more money",
            Self::PendingDelete => "it ended, and is about to be anybody's",
            Self::Suspended => "it is not answered for, or its provider stopped it",
            Self::AutoRenewPeriod => "its registry prolonged it for a while, and takes that back unless it is paid",
            Self::NotRenewable => "it cannot be renewed there",
            Self::Disabled => "it is disabled",
            Self::WrongName => "it is for another name than it is shown for",
            Self::Untrusted => "nobody who is trusted signed it",
            Self::NotYetValid => "it is not valid yet",
            Self::Partial => "its source answered only in part",
            Self::NotAsked => "its source could not be asked about it",
        }
    }

    /// One word for topics, commands and tables.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Redemption => "redemption",
            Self::PendingDelete => "pending_delete",
            Self::Suspended => "suspended",
            Self::AutoRenewPeriod => "auto_renew_period",
            Self::NotRenewable => "not_renewable",
            Self::Disabled => "disabled",
            Self::WrongName => "wrong_name",
            Self::Untrusted => "untrusted",
            Self::NotYetValid => "not_yet_valid",
            Self::Partial => "partial",
            Self::NotAsked => "not_asked",
        }
    }
}
