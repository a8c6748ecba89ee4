//! A registrar that renews domains, and misbehaves as it is told.

use std::collections::{BTreeMap, VecDeque};

use atalaya_renew::{Act, Bought, ByItself, Ends, Found, Kind, Looked, Money, Order, Quote, Trouble};

use crate::world::YEAR;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    Well,
    /// Nothing gets through to it.
    Away,
    /// It takes the order, and no answer comes.
    Silent,
    /// The order is lost on its way, and nobody can tell.
    Lossy,
    /// It says no.
    Refuses,
    /// It takes the order and never carries it out.
    Forgets,
}

pub(crate) struct Domain {
    pub(crate) expires: i64,
    pub(crate) auto_renew: bool,
}

pub(crate) struct Shop {
    pub(crate) domains: BTreeMap<String, Domain>,
    pub(crate) price: Money,
    /// What it does next, then what it does always.
    pub(crate) moods: VecDeque<Mood>,
    pub(crate) mood: Mood,
    /// Every order that was carried out.
    pub(crate) bought: Vec<Order>,
    pub(crate) quotes: usize,
    pub(crate) lists: usize,
}

impl Shop {
    pub(crate) fn new() -> Self {
        Self {
            domains: BTreeMap::new(),
            price: Money::parse("20 EUR").unwrap(),
            moods: VecDeque::new(),
            mood: Mood::Well,
            bought: Vec::new(),
            quotes: 0,
            lists: 0,
        }
    }

    pub(crate) fn has(&mut self, name: &str, expires: i64) {
        self.domains.insert(name.into(), Domain { expires, auto_renew: false });
    }

    fn reached(&self) -> Result<(), Trouble> {
        if self.mood == Mood::Away { Err(Trouble::Unreachable("no route".into())) } else { Ok(()) }
    }

    pub(crate) fn list(&mut self) -> Result<Vec<Found>, Trouble> {
        self.lists += 1;
        self.reached()?;
        let found = self.domains.iter().map(|(name, domain)| {
            let mut found = Found::new(Kind::Domain, name.as_str(), Ends::At(domain.expires));
            found.by_itself = if domain.auto_renew { ByItself::ProviderRenews } else { ByItself::Nothing };
            found
        });
        Ok(found.collect())
    }

    pub(crate) fn quote(&mut self, name: &str, act: Act) -> Result<Quote, Trouble> {
        self.quotes += 1;
        self.reached()?;
        let domain = self.domains.get(name).ok_or_else(|| Trouble::NotThere(name.into()))?;
        Ok(Quote { act, price: Some(self.price), expires: domain.expires, auto_renew: domain.auto_renew })
    }

    pub(crate) fn buy(&mut self, order: &Order) -> Bought {
        let mood = self.moods.pop_front().unwrap_or(self.mood);
        match mood {
            Mood::Away => return Bought::Not(Trouble::Unreachable("no route".into())),
            Mood::Refuses => return Bought::Not(Trouble::Refused("agreement missing".into())),
            Mood::Lossy => return Bought::Unclear("no answer in time".into()),
            Mood::Well | Mood::Silent | Mood::Forgets => {}
        }
        self.bought.push(order.clone());
        let domain = self.domains.get_mut(&order.name).unwrap();
        if mood != Mood::Forgets {
            match order.act {
                Act::Renew { years } => domain.expires += i64::from(years) * YEAR,
                Act::AutoRenew => domain.auto_renew = true,
            }
        }
        if mood == Mood::Silent {
            Bought::Unclear("cut".into())
        } else {
            Bought::Taken { number: "4711".into(), charged: order.price }
        }
    }

    pub(crate) fn look(&self, order: &Order) -> Result<Looked, Trouble> {
        self.reached()?;
        let domain = &self.domains[&order.name];
        Ok(Looked { expires: domain.expires, auto_renew: domain.auto_renew, under_way: Some(false), failed: None })
    }
}
