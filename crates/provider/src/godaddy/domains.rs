//! The account's domains.

use atalaya_renew::limits::{FOUND_MAX, short};
use atalaya_renew::{ByItself, Ends, Flag, Found, Kind, Trouble};
use serde::Deserialize;

use super::GoDaddy;
use super::status::{Standing, standing};
use crate::limits::{PAGE_ITEMS, PAGES_MAX};
use crate::{names, time};

/// `DomainSummary`, and `DomainDetail` as far as they are the same.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Summary {
    pub(super) domain: String,
    pub(super) status: String,
    pub(super) expires: Option<String>,
    #[serde(default)]
    pub(super) renew_auto: bool,
    #[serde(default)]
    renewable: Option<bool>,
    #[serde(default)]
    pub(super) name_servers: Option<Vec<String>>,
    /// That it came with 203.
    #[serde(skip)]
    partial: bool,
}

impl GoDaddy {
    /// All of them. A page begins behind the domain `marker`, or with it: the description leaves that open.
    pub(super) fn domains(&self) -> Result<Vec<Summary>, Trouble> {
        let mut all: Vec<Summary> = Vec::new();
        for _ in 0..PAGES_MAX {
            let marker = all.last().map(|last| names::mark(&last.domain)).transpose()?;
            let marker = marker.map_or_else(String::new, |marker| format!("&marker={marker}"));
            let answer = self.get("domains", &format!("/v1/domains?limit={PAGE_ITEMS}{marker}"))?;
            let mut page: Vec<Summary> = answer.json()?;
            let is_last = page.len() < PAGE_ITEMS;
            page.retain(|new| all.iter().all(|old| old.domain != new.domain));
            page.iter_mut().for_each(|one| one.partial = answer.status == 203);
            if page.is_empty() {
                return Ok(all);
            }
            all.append(&mut page);
            if all.len() > FOUND_MAX {
                return Err(Trouble::Garbled(format!("it lists more than {FOUND_MAX} domains")));
            }
            if is_last {
                return Ok(all);
            }
        }
        Err(Trouble::Garbled(format!("its list of domains has more than {PAGES_MAX} pages")))
    }

    /// One of them, by `v1`.
    pub(super) fn domain(&self, name: &str) -> Result<Summary, Trouble> {
        let name = names::name(name)?;
        let one: Summary = self.get("domain", &format!("/v1/domains/{name}"))?.json()?;
        if one.domain.eq_ignore_ascii_case(&name) { Ok(one) } else { Err(names::another()) }
    }
}

impl Summary {
    /// `None` where it is no longer the account's.
    pub(super) fn found(self) -> Option<Found> {
        let mut flags = match standing(&self.status) {
            Standing::Gone => return None,
            Standing::Fine => Vec::new(),
            Standing::Flagged(flag) => vec![flag],
        };
        if self.renewable == Some(false) {
            flags.push(Flag::NotRenewable);
        }
        if self.partial {
            flags.push(Flag::Partial);
        }
        flags.sort_unstable();
        flags.dedup();
        let ends = match self.expires.as_deref().map(time::seconds) {
            Some(Ok(at)) => Ends::At(at),
            Some(Err(why)) => Ends::Unknown(format!("GoDaddy's date cannot be read: {why}")),
            None => Ends::Unknown(short(&format!("GoDaddy gives no date; its status is {}", self.status))),
        };
        let by_itself = if self.renew_auto { ByItself::ProviderRenews } else { ByItself::Nothing };
        let note = if self.status == "ACTIVE" { "GoDaddy".into() } else { format!("GoDaddy, {}", self.status) };
        let name = short(&self.domain.to_lowercase());
        Some(Found { by_itself, flags, note: short(&note), ..Found::new(Kind::Domain, name, ends) })
    }
}
