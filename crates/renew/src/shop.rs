//! What costs money: what is asked, answered, done, and looked at afterwards.

use serde::{Deserialize, Serialize};

use crate::money::Money;
use crate::trouble::Trouble;

/// What may be bought. Each costs money, now or later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Prolong by so many years.
    Renew {
        /// 1 to 10.
        years: u8,
    },
    /// Let the provider renew it, and charge, from now on.
    AutoRenew,
}

/// Which acts somebody sells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sells {
    /// A renewal when it is asked for, with its price said before.
    pub renewal: bool,
    /// To be renewed, and charged, without being asked from then on.
    pub auto_renew: bool,
}

impl Sells {
    /// Both.
    pub const ALL: Self = Self { renewal: true, auto_renew: true };
    /// Neither.
    pub const NOTHING: Self = Self { renewal: false, auto_renew: false };

    /// Whether it sells this.
    #[must_use]
    pub const fn has(self, act: Act) -> bool {
        match act {
            Act::Renew { .. } => self.renewal,
            Act::AutoRenew => self.auto_renew,
        }
    }

    /// Whether it sells anything.
    #[must_use]
    pub const fn any(self) -> bool {
        self.renewal || self.auto_renew
    }

    /// What is proposed: the renewal of which the price is known before, where it is sold.
    #[must_use]
    pub const fn usual(self) -> Option<Act> {
        match self {
            Self { renewal: true, .. } => Some(Act::Renew { years: 1 }),
            Self { auto_renew: true, .. } => Some(Act::AutoRenew),
            Self::NOTHING => None,
        }
    }
}

/// What it would cost now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// What would be bought.
    pub act: Act,
    /// For all of its years together. `None` where the provider does not say, as for turning on renewal.
    pub price: Option<Money>,
    /// When it ends now, in seconds since 1970.
    pub expires: i64,
    /// Whether the provider renews it already.
    pub auto_renew: bool,
}

/// What is to be done, as it was approved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The domain.
    pub name: String,
    /// What is bought.
    pub act: Act,
    /// What may be paid at most.
    pub price: Option<Money>,
    /// When it ends now: a provider that is told refuses if it moved meanwhile.
    pub expires: i64,
    /// The plan's id, for the provider's log where it takes one.
    pub reference: String,
}

/// What became of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bought {
    /// Taken; the provider's number for it, and what it says it charged.
    Taken {
        /// May be empty where there is none.
        number: String,
        /// `None` where it does not say.
        charged: Option<Money>,
    },
    /// It was certainly not done.
    Not(Trouble),
    /// It may have been done: never sent again, only looked at.
    Unclear(String),
}

/// How it stands after an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Looked {
    /// When it ends now.
    pub expires: i64,
    /// Whether the provider renews it.
    pub auto_renew: bool,
    /// Whether the provider says that something is under way; `None` where it cannot tell.
    pub under_way: Option<bool>,
    /// What the provider says failed.
    pub failed: Option<String>,
}
