//! `[renewals]` and `[[provider]]`: who is asked about what expires, and what may be spent.

use std::collections::BTreeSet;
use std::time::Duration;

use atalaya_base::config::{Length, Mistake, Spanned, Written};
use atalaya_provider::{Outgoing, ProviderSettings};
use atalaya_renew::Money;
use serde::Deserialize;

const PROVIDERS_MAX: usize = 64;

/// See the module.
#[derive(Clone, Debug, PartialEq)]
pub struct Renewals {
    /// Whom services may write to.
    pub contact: Option<String>,
    /// How the sidecar appears to services; there is one where there are providers.
    pub outgoing: Option<Outgoing>,
    /// How often providers are asked.
    pub every: Duration,
    /// What may be spent in a month, an amount a currency.
    pub caps: Vec<Money>,
    /// Look at everything, buy nothing.
    pub dry_run: bool,
    /// Who is asked, with the byte that its section begins at.
    pub providers: Vec<(ProviderSettings, usize)>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Raw {
    contact: Option<Spanned<String>>,
    every: Length<300, 604_800>,
    caps: Vec<Spanned<String>>,
    dry_run: bool,
}

impl Default for Raw {
    fn default() -> Self {
        Self { contact: None, every: Length(Duration::from_secs(6 * 3600)), caps: Vec::new(), dry_run: false }
    }
}

impl Raw {
    pub(super) fn check(self, providers: Vec<Spanned<ProviderSettings>>) -> Result<Renewals, Mistake> {
        let contact = self.contact.as_ref().map(|contact| contact.get_ref().clone());
        let outgoing = self.contact.map(|contact| {
            Outgoing::new(contact.get_ref()).map_err(|why| Mistake::at("renewals.contact", &contact, why))
        });
        let outgoing = outgoing.transpose()?;
        if let (None, Some(first)) = (&outgoing, providers.first()) {
            let why =
                "a provider is asked in somebody's name: set contact in [renewals] to an address of mail or https://…";
            return Err(Mistake::at("provider", first, why));
        }
        let (every, dry_run) = (self.every.0, self.dry_run);
        Ok(Renewals { contact, outgoing, every, caps: caps(self.caps)?, dry_run, providers: named(providers)? })
    }
}

/// Each currency once.
fn caps(written: Vec<Spanned<String>>) -> Result<Vec<Money>, Mistake> {
    let mut caps: Vec<Money> = Vec::new();
    for text in written {
        let cap = Money::parse(text.get_ref()).map_err(|why| Mistake::at("renewals.caps", &text, why))?;
        if caps.iter().any(|known| known.currency() == cap.currency()) {
            let why = format!("{} is there already; each currency stands once", cap.currency());
            return Err(Mistake::at("renewals.caps", &text, why));
        }
        caps.push(cap);
    }
    Ok(caps)
}

/// Each name once.
fn named(written: Vec<Spanned<ProviderSettings>>) -> Result<Vec<(ProviderSettings, usize)>, Mistake> {
    let mut names =
        BTreeSet::from([crate::renewals::certificates::ACME.to_owned(), crate::renewals::mailbox::MAILBOX.to_owned()]);
    let mut providers = Vec::new();
    for one in written {
        let name = one.get_ref().name.clone();
        if names.len() > PROVIDERS_MAX || !names.insert(name.clone()) {
            let why = format!(
                "{name:?} is there already, is the name of a source that is always there, or is one of more than {PROVIDERS_MAX}"
            );
            return Err(Mistake::at("provider.name", &one, why));
        }
        let at = one.span().start;
        providers.push((one.into_inner(), at));
    }
    Ok(providers)
}

impl Renewals {
    /// Names of providers that may hold zones.
    pub(super) fn zones(&self) -> BTreeSet<&str> {
        let holds = |kind: &str| matches!(kind, "cloudflare" | "godaddy");
        let all = self.providers.iter().filter(|(provider, _)| holds(provider.own.kind()));
        all.map(|(provider, _)| provider.name.as_str()).collect()
    }

    /// Files that cannot be read now, and keys that do not do what they seem to, a line each.
    pub(super) fn warnings(&self, written: &Written) -> impl Iterator<Item = String> {
        self.providers.iter().flat_map(move |(provider, at)| {
            let place = written.place(Some(*at));
            let unreadable = provider.own.unreadable().into_iter().map(|(key, why)| format!("{key}: {why}"));
            let all: Vec<String> = unreadable.chain(self.unsold(provider)).collect();
            let name = &provider.name;
            all.into_iter().map(move |why| format!("{place}: provider {name:?}: {why}"))
        })
    }

    /// Why a key that may spend buys nothing, or less than it could.
    fn unsold(&self, provider: &ProviderSettings) -> Vec<String> {
        let Some(outgoing) = &self.outgoing else { return Vec::new() };
        // Nothing is read or asked for that.
        let opened = provider.own.clone().open(outgoing);
        let Some(shop) = opened.shop() else { return Vec::new() };
        let mut said = Vec::new();
        if self.caps.is_empty() {
            said.push("it may spend, and nothing is bought: set caps in [renewals]".to_owned());
        }
        if !shop.sells().renewal && provider.own.kind() == "godaddy" {
            let why = "only automatic renewal can be bought: set customer and agreed_by for renewals with their price";
            said.push(why.to_owned());
        }
        said
    }
}
