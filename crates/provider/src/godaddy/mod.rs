//! GoDaddy's `v1` and `v2` (developer.godaddy.com/doc/endpoint/domains; money in millionths). Its `v3` needs other keys and is
//! not spoken yet.
//!
//! ```toml
//! [[provider]]
//! name = "registrar"
//! kind = "godaddy"
//! key_file = "/etc/atalaya/godaddy"              # one line, KEY:SECRET; reads domains and changes records
//! spend_key_file = "/etc/atalaya/godaddy-spend"  # may be left out: nothing is bought then
//! customer = "123456789"                         # the account's customer number: renewal with price and date guarded
//! agreed_by = "203.0.113.7"                      # the address from which you agree to purchases, which GoDaddy wants to know
//! ```

mod api;
mod domains;
mod shop;
mod status;
mod zone;

use std::net::IpAddr;
use std::path::PathBuf;

use atalaya_renew::{List, Trouble};
use serde::Deserialize;

use crate::address::Address;
use crate::http::{Outgoing, Service};
use crate::limits::{GODADDY_REQUESTS_MAX, GODADDY_SPAN};
use crate::pace::Pace;
use crate::provider::{Provider, Shop, Zone};
use crate::secret::Secret;
use crate::settings::missing;

const URL: &str = "https://api.godaddy.com";

/// How it is asked, and as whom.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Settings {
    key: Secret,
    spend_key: Option<Secret>,
    renewal: Option<Renewal>,
    url: Address,
    ca_file: Option<PathBuf>,
}

/// How a domain is renewed: by `v2`, which refuses if price or end are not what was agreed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Renewal {
    customer: String,
    agreed_by: IpAddr,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    key_file: Secret,
    spend_key_file: Option<Secret>,
    customer: Option<String>,
    agreed_by: Option<IpAddr>,
    url: Option<Address>,
    ca_file: Option<PathBuf>,
}

impl TryFrom<Written> for Settings {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let renewal = match (written.customer, written.agreed_by) {
            (Some(customer), Some(agreed_by)) => {
                let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
                if !(1..=64).contains(&customer.len()) || !customer.bytes().all(fits) {
                    return Err("customer is the account's number, such as \"123456789\"");
                }
                Some(Renewal { customer, agreed_by })
            }
            (None, None) => None,
            _ => return Err("set customer and agreed_by together, or none of them"),
        };
        if written.spend_key_file.as_ref() == Some(&written.key_file) {
            return Err("key_file and spend_key_file are one file: what reads every day is not what spends");
        }
        let url = written.url.map_or_else(|| URL.parse(), Ok)?;
        let (key, spend_key, ca_file) = (written.key_file, written.spend_key_file, written.ca_file);
        Ok(Self { key, spend_key, renewal, url, ca_file })
    }
}

impl Settings {
    pub(crate) fn unreadable(&self) -> Vec<(&'static str, String)> {
        missing(&[("key_file", Some(&self.key)), ("spend_key_file", self.spend_key.as_ref())])
    }
}

/// An account there.
#[derive(Debug)]
pub struct GoDaddy {
    service: Service,
    pace: Pace,
    key: Secret,
    spend_key: Option<Secret>,
    renewal: Option<Renewal>,
}

impl GoDaddy {
    pub(crate) fn new(settings: Settings, outgoing: Outgoing) -> Self {
        let Settings { key, spend_key, renewal, url, ca_file } = settings;
        let service = Service { base: url, ca_file, outgoing };
        Self { service, pace: Pace::new(GODADDY_REQUESTS_MAX, GODADDY_SPAN), key, spend_key, renewal }
    }
}

impl Provider for GoDaddy {
    fn list(&self, _: i64) -> Result<List, Trouble> {
        let domains = self.domains()?;
        Ok(domains.into_iter().filter_map(domains::Summary::found).collect())
    }

    fn shop(&self) -> Option<&dyn Shop> {
        self.spend_key.is_some().then_some(self as &dyn Shop)
    }

    fn zone(&self) -> Option<&dyn Zone> {
        Some(self)
    }
}
