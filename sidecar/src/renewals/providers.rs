//! The providers of a configuration, and the sources that are always there.

use std::collections::BTreeMap;

use atalaya_provider::{Provider, Shop, Zone};
use atalaya_renew::{Act, Bought, List, Looked, Order, Quote, Rank, Seller, Terms, Trouble};

use super::certificates::{ACME, Issued};
use super::mailbox::{MAILBOX, Post};
use super::market::Market;
use crate::config::Config;

/// See the module.
pub struct Providers {
    all: BTreeMap<String, Box<dyn Provider>>,
    issued: Issued,
    post: Post,
    terms: Terms,
}

impl Providers {
    /// Those of a configuration. Nothing is read or asked yet.
    #[must_use]
    pub fn new(config: &Config, issued: Issued, post: Post) -> Self {
        let renewals = &config.renewals;
        let mut terms = BTreeMap::new();
        if !config.certificates.all.is_empty() {
            terms.insert(ACME.to_owned(), Seller { rank: Rank::Holder, sells: false });
        }
        if config.mailbox.is_some() {
            terms.insert(MAILBOX.to_owned(), Seller { rank: Rank::Holder, sells: false });
        }
        let mut all = BTreeMap::new();
        // Where there are providers there is a contact: the configuration was checked.
        for (settings, outgoing) in renewals.providers.iter().zip(renewals.outgoing.iter().cycle()) {
            let (name, own) = (settings.0.name.clone(), settings.0.own.clone());
            let rank = rank(own.kind());
            let provider = own.open(outgoing);
            terms.insert(name.clone(), Seller { rank, sells: provider.shop().is_some() });
            all.insert(name, provider);
        }
        let every = i64::try_from(renewals.every.as_secs()).unwrap_or(i64::MAX);
        let (zone, caps) = (config.state.zone.clone(), renewals.caps.clone());
        Self { all, issued, post, terms: Terms { zone, caps, dry_run: renewals.dry_run, every, providers: terms } }
    }

    fn named(&self, provider: &str) -> Result<&dyn Provider, Trouble> {
        let found = self.all.get(provider).map(Box::as_ref);
        found.ok_or_else(|| Trouble::SetUp(format!("the provider {provider:?} is not configured any more")))
    }

    fn shop(&self, provider: &str) -> Result<&dyn Shop, Trouble> {
        let shop = self.named(provider)?.shop();
        shop.ok_or_else(|| Trouble::SetUp(format!("the provider {provider:?} is not set up to buy anything")))
    }
}

/// Whose word counts more.
fn rank(kind: &str) -> Rank {
    match kind {
        "rdap" => Rank::Registry,
        "hand" | "noip" => Rank::Hand,
        _ => Rank::Holder,
    }
}

impl Market for Providers {
    fn terms(&self) -> Terms {
        self.terms.clone()
    }

    fn list(&self, provider: &str, now: i64) -> Result<List, Trouble> {
        match provider {
            ACME => Ok(self.issued.list().into()),
            MAILBOX => self.post.list(),
            other => self.named(other)?.list(now),
        }
    }

    fn zone(&self, provider: &str, what: &mut dyn FnMut(&dyn Zone) -> Result<(), Trouble>) -> Result<(), Trouble> {
        let zone = self.named(provider)?.zone();
        what(zone.ok_or_else(|| Trouble::SetUp(format!("the provider {provider:?} holds no zones")))?)
    }

    fn quote(&self, provider: &str, name: &str, act: Act) -> Result<Quote, Trouble> {
        self.shop(provider)?.quote(name, act)
    }

    fn buy(&self, provider: &str, order: &Order, now: i64) -> Bought {
        match self.shop(provider) {
            Ok(shop) => shop.buy(order, now),
            Err(why) => Bought::Not(why),
        }
    }

    fn look(&self, provider: &str, order: &Order) -> Result<Looked, Trouble> {
        self.shop(provider)?.look(order)
    }
}
