//! Cloudflare (developers.cloudflare.com/api): its tokens, the domains of its registrar, its zones and their certificates.
//!
//! ```toml
//! [[provider]]
//! name = "cloudflare"
//! kind = "cloudflare"
//! token_file = "/etc/atalaya/cloudflare"              # reads, and changes records; restrict it to these addresses and zones
//! spend_token_file = "/etc/atalaya/cloudflare-spend"  # may be left out: renewal is not turned on then
//! account = "023e105f4ecef8ad9ca31a8372d0c353"        # for a token of an account; others find theirs
//! ```
//!
//! A record that it answers for with its own address ("proxied") stays so; its own servers then tell another address than the
//! record has.

mod api;
mod packs;
mod registrar;
mod shop;
mod token;
mod zone;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;

use atalaya_renew::{Kind, List, Trouble};
use serde::Deserialize;

use crate::address::Address;
use crate::http::{Outgoing, Service};
use crate::limits::{CLOUDFLARE_REQUESTS_MAX, CLOUDFLARE_SPAN};
use crate::pace::Pace;
use crate::provider::{Provider, Shop, Zone};
use crate::secret::Secret;
use crate::settings::missing;

const URL: &str = "https://api.cloudflare.com/client/v4";

/// How it is asked, and as whom.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Settings {
    token: Secret,
    spend_token: Option<Secret>,
    account: Option<String>,
    url: Address,
    ca_file: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    token_file: Secret,
    spend_token_file: Option<Secret>,
    account: Option<String>,
    url: Option<Address>,
    ca_file: Option<PathBuf>,
}

impl TryFrom<Written> for Settings {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        if written.account.as_deref().is_some_and(|account| !api::is_id(account)) {
            return Err("account is the account's id, such as \"023e105f4ecef8ad9ca31a8372d0c353\"");
        }
        if written.spend_token_file.as_ref() == Some(&written.token_file) {
            return Err("token_file and spend_token_file are one file: what reads every day is not what spends");
        }
        let url = written.url.map_or_else(|| URL.parse(), Ok)?;
        let (token, spend_token) = (written.token_file, written.spend_token_file);
        Ok(Self { token, spend_token, account: written.account, url, ca_file: written.ca_file })
    }
}

impl Settings {
    pub(crate) fn unreadable(&self) -> Vec<(&'static str, String)> {
        missing(&[("token_file", Some(&self.token)), ("spend_token_file", self.spend_token.as_ref())])
    }
}

/// A user's or an account's token there.
#[derive(Debug)]
pub struct Cloudflare {
    service: Service,
    pace: Pace,
    token: Secret,
    spend_token: Option<Secret>,
    account: Option<String>,
    /// Where it is told how orders stand: by domain, for as long as this lives.
    workflows: Mutex<BTreeMap<String, String>>,
}

impl Cloudflare {
    pub(crate) fn new(settings: Settings, outgoing: Outgoing) -> Self {
        let Settings { token, spend_token, account, url, ca_file } = settings;
        let service = Service { base: url, ca_file, outgoing };
        let pace = Pace::new(CLOUDFLARE_REQUESTS_MAX, CLOUDFLARE_SPAN);
        Self { service, pace, token, spend_token, account, workflows: Mutex::default() }
    }
}

impl Provider for Cloudflare {
    /// The token itself comes first; what it may not read is said there.
    fn list(&self, now: i64) -> Result<List, Trouble> {
        let mut token = self.verify(now)?;
        let mut closed = Closed::default();
        let all = if self.account.is_some() { &[Kind::Certificate][..] } else { &[Kind::Certificate, Kind::Domain] };
        let zones = closed.open(self.zones(), "zones", all)?;
        let mut found = Vec::new();
        for account in self.accounts(&zones) {
            found.extend(closed.open(self.domains(&account), "the registrar's domains", &[Kind::Domain])?);
        }
        for zone in &zones {
            found.extend(closed.open(self.packs(zone), "certificates", &[Kind::Certificate])?);
        }
        token::tell(&mut token, &closed.what);
        found.insert(0, token);
        Ok(List { found, not_asked: closed.kinds })
    }

    fn shop(&self) -> Option<&dyn Shop> {
        self.spend_token.is_some().then_some(self as &dyn Shop)
    }

    fn zone(&self) -> Option<&dyn Zone> {
        Some(self)
    }
}

/// What the token may not read, or is not there.
#[derive(Default)]
struct Closed {
    /// For people.
    what: Vec<&'static str>,
    /// Of which kinds something may be there for all that.
    kinds: Vec<(Kind, String)>,
}

impl Closed {
    /// What was asked for; nothing where that is closed, and then things of these kinds are not known.
    fn open<T>(
        &mut self,
        asked: Result<Vec<T>, Trouble>,
        what: &'static str,
        kinds: &[Kind],
    ) -> Result<Vec<T>, Trouble> {
        match asked {
            Err(Trouble::NotEntitled(_) | Trouble::NotThere(_)) => {
                if !self.what.contains(&what) {
                    self.what.push(what);
                }
                for kind in kinds {
                    if self.kinds.iter().all(|(known, _)| known != kind) {
                        self.kinds.push((*kind, format!("the token may not read {what}")));
                    }
                }
                Ok(Vec::new())
            }
            other => other,
        }
    }
}
