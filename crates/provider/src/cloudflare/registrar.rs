//! Domains of its registrar: by `registrations`, and by the older `domains` where those are not there.

use atalaya_renew::limits::short;
use atalaya_renew::{ByItself, Ends, Flag, Found, Kind, Trouble};
use serde::Deserialize;

use super::Cloudflare;
use super::api::id;
use super::zone::Holding;
use crate::{epp, names, time};

#[derive(Deserialize)]
struct Registration {
    domain_name: String,
    status: String,
    #[serde(default)]
    auto_renew: bool,
    expires_at: Option<String>,
}

/// Of which the description leaves open where the name stands.
#[derive(Deserialize)]
struct Legacy {
    #[serde(alias = "domain_name")]
    name: Option<String>,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    auto_renew: bool,
    expires_at: Option<String>,
    #[serde(default)]
    registry_statuses: Option<String>,
}

/// Which of both told it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Api {
    Registrations,
    Domains,
}

/// A domain, by either.
pub(super) struct Domain {
    pub(super) api: Api,
    pub(super) account: String,
    pub(super) auto_renew: bool,
    pub(super) expires: Option<String>,
    name: String,
    status: String,
    flags: Vec<Flag>,
}

impl Cloudflare {
    /// Accounts whose registrar is asked: the one that is set, or those of the zones.
    pub(super) fn accounts(&self, zones: &[Holding]) -> Vec<String> {
        if let Some(account) = &self.account {
            return vec![account.clone()];
        }
        let mut all: Vec<String> = zones.iter().filter_map(|zone| Some(zone.account.as_ref()?.id.clone())).collect();
        all.sort();
        all.dedup();
        all
    }

    pub(super) fn domains(&self, account: &str) -> Result<Vec<Found>, Trouble> {
        let account = id(account)?;
        let path = format!("/accounts/{account}/registrar/registrations?per_page=50");
        let all: Vec<Domain> = match self.cursor::<Registration>(&path) {
            Ok(all) => all.into_iter().map(|one| one.domain(account)).collect(),
            Err(Trouble::NotThere(_)) => {
                let all: Vec<Legacy> = self.get(&format!("/accounts/{account}/registrar/domains"))?;
                all.into_iter().filter_map(|one| one.domain(account, None)).collect()
            }
            Err(trouble) => return Err(trouble),
        };
        Ok(all.into_iter().map(Domain::found).collect())
    }

    /// One of them, in whichever account it is.
    pub(super) fn domain(&self, name: &str) -> Result<Domain, Trouble> {
        let name = names::name(name)?;
        let zones = if self.account.is_some() { Vec::new() } else { self.zones()? };
        for account in self.accounts(&zones) {
            match self.domain_of(id(&account)?, &name) {
                Err(Trouble::NotThere(_)) => {}
                other => return other,
            }
        }
        Err(Trouble::NotThere(format!("{name} is not at Cloudflare's registrar")))
    }

    fn domain_of(&self, account: &str, name: &str) -> Result<Domain, Trouble> {
        match self.get::<Registration>(&format!("/accounts/{account}/registrar/registrations/{name}")) {
            Ok(one) if one.domain_name.eq_ignore_ascii_case(name) => Ok(one.domain(account)),
            Ok(_) => Err(names::another()),
            Err(Trouble::NotThere(_)) => {
                let one: Legacy = self.get(&format!("/accounts/{account}/registrar/domains/{name}"))?;
                one.domain(account, Some(name)).ok_or_else(|| Trouble::NotThere(name.into()))
            }
            Err(trouble) => Err(trouble),
        }
    }
}

impl Registration {
    fn domain(self, account: &str) -> Domain {
        let flags = match self.status.as_str() {
            "active" | "registration_pending" | "expired" => Vec::new(),
            "suspended" => vec![Flag::Suspended],
            "redemption_period" => vec![Flag::Redemption],
            "pending_delete" => vec![Flag::PendingDelete],
            _ => vec![Flag::Partial],
        };
        Domain {
            api: Api::Registrations,
            account: account.into(),
            auto_renew: self.auto_renew,
            expires: self.expires_at,
            name: self.domain_name,
            status: self.status,
            flags,
        }
    }
}

impl Legacy {
    /// `None` where its name is not to be found.
    fn domain(self, account: &str, asked: Option<&str>) -> Option<Domain> {
        let told = self.name.or(self.id.filter(|id| id.contains('.')));
        let statuses = self.registry_statuses.unwrap_or_default();
        Some(Domain {
            api: Api::Domains,
            account: account.into(),
            auto_renew: self.auto_renew,
            expires: self.expires_at,
            name: told.or_else(|| asked.map(str::to_owned))?,
            flags: epp::flags(statuses.split(',')),
            status: statuses,
        })
    }
}

impl Domain {
    fn found(self) -> Found {
        let ends = match self.expires.as_deref().map(time::seconds) {
            Some(Ok(at)) => Ends::At(at),
            Some(Err(why)) => Ends::Unknown(format!("Cloudflare's date cannot be read: {why}")),
            None => Ends::Unknown(short(&format!("Cloudflare gives no date; its status is {}", self.status))),
        };
        Found {
            by_itself: if self.auto_renew { ByItself::ProviderRenews } else { ByItself::Nothing },
            flags: self.flags,
            note: short(&format!("Cloudflare, {}", self.status)),
            ..Found::new(Kind::Domain, short(&self.name.to_lowercase()), ends)
        }
    }
}
