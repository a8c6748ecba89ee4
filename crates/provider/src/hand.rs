//! What a person knows and nobody tells: dates of domains whose registry answers nobody, of tokens and certificates, and the
//! age of secrets.
//!
//! ```toml
//! [[provider]]
//! name = "by-hand"
//! kind = "hand"
//!
//! [[provider.item]]
//! what = "domain"
//! name = "example.es"
//! ends = 2027-03-01
//! renews_itself = true          # its registrar renews it, and charges for that; false where it is not there
//!
//! [[provider.item]]
//! what = "token"
//! name = "Cloudflare, the one that spends"
//! ends = "never"
//!
//! [[provider.item]]
//! what = "secret"               # a password or key that is to be changed now and then
//! name = "repository key"
//! since = 2026-01-15
//! days = 365
//!
//! [[provider.item]]
//! what = "host_name"            # elsewhere than at No-IP, where kind = "noip" looks too
//! name = "nas.dyn.example"
//! since = 2026-11-01            # the last confirmation
//! days = 30
//! ```

use atalaya_renew::limits::{DAY_SECONDS, YEAR_SECONDS, short};
use atalaya_renew::{ByItself, Ends, Found, Kind, List, Trouble};
use serde::Deserialize;

use crate::day::Day;
use crate::http::Outgoing;
use crate::limits::HAND_ITEMS_MAX;
use crate::provider::Provider;

/// What there is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Settings(Vec<Found>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    item: Vec<Item>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    what: Kind,
    name: String,
    ends: Option<End>,
    since: Option<Day>,
    days: Option<i64>,
    #[serde(default)]
    renews_itself: bool,
    #[serde(default)]
    note: String,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
enum End {
    Day(Day),
    Word(Never),
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Never {
    Never,
}

impl TryFrom<Written> for Settings {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        if !(1..=HAND_ITEMS_MAX).contains(&written.item.len()) {
            return Err(format!("there are 1 to {HAND_ITEMS_MAX} items"));
        }
        let mut all: Vec<Found> = Vec::new();
        for item in written.item {
            let found = item.found()?;
            if all.iter().any(|one| (one.kind, &one.name) == (found.kind, &found.name)) {
                return Err(format!("item {:?} is there already", found.name));
            }
            all.push(found);
        }
        Ok(Self(all))
    }
}

impl Item {
    fn found(self) -> Result<Found, String> {
        let called = |why: &str| format!("item {:?}: {why}", short(&self.name));
        if self.name.is_empty() || short(&self.name) != self.name {
            return Err(called("a name is one short line"));
        }
        let (begun, ends) = match (self.ends, self.since, self.days) {
            (Some(End::Day(Day(end))), since, None) if since.is_none_or(|since| since.0 < end) => {
                (since.map(|since| since.0), Ends::At(end))
            }
            (Some(End::Word(Never::Never)), None, None) => (None, Ends::Never),
            (None, Some(Day(since)), Some(days)) if (1..=10 * YEAR_SECONDS / DAY_SECONDS).contains(&days) => {
                (Some(since), Ends::At(since + days * DAY_SECONDS))
            }
            (None, Some(_), Some(_)) => return Err(called("days are 1 to 3650")),
            _ => return Err(called("set ends, with since before it if you like, or since and days")),
        };
        let by_itself = if self.renews_itself { ByItself::ProviderRenews } else { ByItself::Nothing };
        let note = if self.note.is_empty() { "typed by hand".into() } else { short(&self.note) };
        Ok(Found { begun, by_itself, note, ..Found::new(self.what, self.name, ends) })
    }
}

impl Settings {
    pub(crate) fn unreadable(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// A person's list.
#[derive(Debug)]
pub struct Hand(Vec<Found>);

impl Hand {
    pub(crate) fn new(settings: Settings, _: Outgoing) -> Self {
        Self(settings.0)
    }
}

impl Provider for Hand {
    fn list(&self, _: i64) -> Result<List, Trouble> {
        Ok(self.0.clone().into())
    }
}
