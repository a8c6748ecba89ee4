//! The providers of a configuration, and the sources that are always there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use atalaya_provider::{Provider, Shop, Zone};
use atalaya_renew::{Act, Bought, Key, Kind, List, Looked, Order, Quote, Rank, Seller, Sells, Terms, Trouble};

use super::certificates::{ACME, Issued};
use super::mailbox::{MAILBOX, Post};
use super::market::{About, Market};
use crate::config::Config;
use crate::private_file;

/// See the module.
pub struct Providers {
    all: BTreeMap<String, Box<dyn Provider>>,
    issued: Issued,
    post: Post,
    terms: Terms,
    about: Vec<About>,
    /// Where what providers know of their last answers is kept.
    folder: Option<PathBuf>,
}

impl Providers {
    /// Those of a configuration. Nothing is read or asked yet.
    #[must_use]
    pub fn new(config: &Config, issued: Issued, post: Post) -> Self {
        let renewals = &config.renewals;
        let (mut terms, mut about) = (BTreeMap::new(), Vec::new());
        let always = |name: &str, kind| About { name: name.into(), kind, sells: Sells::NOTHING, holds_records: false };
        if !config.certificates.all.is_empty() {
            let expects = certificates(config).map(|name| Key::new(Kind::Certificate, name)).collect();
            about.push(always(ACME, ACME));
            terms.insert(ACME.to_owned(), Seller { expects, ..Seller::new(Rank::Holder) });
        }
        if config.mailbox.is_some() {
            about.push(always(MAILBOX, MAILBOX));
            terms.insert(MAILBOX.to_owned(), Seller::new(Rank::Holder));
        }
        let mut all = BTreeMap::new();
        // Where there are providers there is a contact: the configuration was checked.
        for (settings, outgoing) in renewals.providers.iter().zip(renewals.outgoing.iter().cycle()) {
            let (name, own) = (settings.0.name.clone(), settings.0.own.clone());
            let kind = own.kind();
            let rank = rank(kind);
            let provider = own.open(outgoing);
            let sells = provider.shop().map_or(Sells::NOTHING, Shop::sells);
            let expects = provider.names().into_iter().map(|(kind, name)| Key::new(kind, &name)).collect();
            about.push(About { name: name.clone(), kind, sells, holds_records: provider.zone().is_some() });
            terms.insert(name.clone(), Seller { rank, sells, expects });
            all.insert(name, provider);
        }
        let every = i64::try_from(renewals.every.as_secs()).unwrap_or(i64::MAX);
        let (zone, caps) = (config.state.zone.clone(), renewals.caps.clone());
        let terms = Terms { zone, caps, dry_run: renewals.dry_run, every, providers: terms };
        about.sort_by(|one, other| one.name.cmp(&other.name));
        Self { all, issued, post, terms, about, folder: None }
    }

    /// The same, with what they knew before, and kept in this folder from now on: a start asks nobody again too early.
    #[must_use]
    pub fn remembering(mut self, folder: &Path) -> Self {
        for (name, provider) in &self.all {
            if let Ok(Some(kept)) = private_file::read(folder, &file(name)) {
                provider.remember(&String::from_utf8_lossy(&kept));
            }
        }
        self.folder = Some(folder.to_path_buf());
        self
    }

    /// What a provider says, and what it knows then on the disk.
    fn told(&self, name: &str, now: i64) -> Result<List, Trouble> {
        let provider = self.named(name)?;
        let said = provider.list(now);
        if let (Some(folder), Some(memory)) = (&self.folder, provider.memory())
            && let Err(why) = private_file::replace(folder, &file(name), memory.as_bytes())
        {
            tracing::warn!(%why, provider = name, "what a provider said is not kept over a restart");
        }
        said
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

/// In the state folder.
fn file(provider: &str) -> String {
    format!("provider-{provider}.json")
}

/// Names of certificates that are ordered here.
fn certificates(config: &Config) -> impl Iterator<Item = &str> {
    config.certificates.all.iter().map(|one| one.name.as_str())
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

    fn about(&self) -> Vec<About> {
        self.about.clone()
    }

    fn list(&self, provider: &str, now: i64) -> Result<List, Trouble> {
        match provider {
            ACME => Ok(self.issued.list()),
            MAILBOX => self.post.list(),
            other => self.told(other, now),
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
