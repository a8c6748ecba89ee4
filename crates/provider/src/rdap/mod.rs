//! RDAP (RFC 9082, RFC 9083): what registries tell everybody about a domain. Each registry is found by IANA's bootstrap, asked
//! once a day for each domain, and no link of an answer is asked for.
//!
//! ```toml
//! [[provider]]
//! name = "public"
//! kind = "rdap"
//! domains = ["example.com", "example.org"]
//! ```
//!
//! Registries of some countries (`.es` among them) answer nobody; their domains' dates are typed by hand, or come from the
//! registrar.

mod bootstrap;
mod domain;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use atalaya_renew::limits::{DAY_SECONDS, STALE_SECONDS};
use atalaya_renew::{Ends, Flag, Found, Kind, List, Trouble};
use serde::{Deserialize, Deserializer, Serialize, de::Error};

use crate::address::Address;
use crate::http::{Ask, NoAnswer, Outgoing, Service};
use crate::limits::{RDAP_AGAIN_SECONDS, RDAP_DOMAINS_MAX};
use crate::names;
use crate::provider::Provider;
use bootstrap::Bootstrap;

/// Which domains are asked about.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Settings {
    domains: Vec<String>,
    bootstrap: Source,
    ca_file: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    domains: Vec<String>,
    #[serde(default)]
    bootstrap: Source,
    ca_file: Option<PathBuf>,
}

/// Where IANA's list of registries is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    /// With what stands behind the host.
    Web(Address, String),
    File(PathBuf),
}

impl Default for Source {
    fn default() -> Self {
        Self::from_str("https://data.iana.org/rdap/dns.json").unwrap_or_else(|_| Self::File(PathBuf::new()))
    }
}

impl FromStr for Source {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.starts_with('/') {
            return Ok(Self::File(text.into()));
        }
        let end = text.rfind('/').filter(|end| *end > "https://".len());
        let (base, path) = end.map_or((text, "/"), |end| text.split_at(end));
        Ok(Self::Web(base.parse()?, path.to_owned()))
    }
}

impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

impl TryFrom<Written> for Settings {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        if !(1..=RDAP_DOMAINS_MAX).contains(&written.domains.len()) {
            return Err(format!("domains has 1 to {RDAP_DOMAINS_MAX} names"));
        }
        let domains = written.domains.iter().map(|domain| names::name(domain).map_err(|trouble| trouble.to_string()));
        let domains = domains.collect::<Result<Vec<_>, _>>()?;
        if let Some(domain) = names::twice(&domains) {
            return Err(format!("{domain} is there twice"));
        }
        Ok(Self { domains, bootstrap: written.bootstrap, ca_file: written.ca_file })
    }
}

impl Settings {
    pub(crate) fn unreadable(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// What registries tell.
#[derive(Debug)]
pub struct Rdap {
    settings: Settings,
    outgoing: Outgoing,
    state: Mutex<State>,
}

/// What is remembered as long as the program runs.
#[derive(Debug, Default)]
struct State {
    bootstrap: Option<(i64, Bootstrap)>,
    known: BTreeMap<String, Known>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Known {
    /// Not before.
    again: i64,
    found: Found,
    /// When its registry last told it; never, if it only did not answer.
    told: Option<i64>,
}

impl Known {
    /// As it is listed: since when it is known, and until when nobody is asked.
    fn said(&self) -> Found {
        let mut found = self.found.clone();
        (found.told, found.next.check) = (self.told, Some(self.again));
        found
    }
}

impl Rdap {
    pub(crate) fn new(settings: Settings, outgoing: Outgoing) -> Self {
        Self { settings, outgoing, state: Mutex::default() }
    }

    fn service(&self, base: &Address) -> Service {
        Service { base: base.clone(), ca_file: self.settings.ca_file.clone(), outgoing: self.outgoing.clone() }
    }

    /// IANA's list, read at most once a day. An older one serves where there is no newer.
    fn learn(&self, state: &mut State, now: i64) -> Result<(), Trouble> {
        if state.bootstrap.as_ref().is_some_and(|(then, _)| (*then..*then + DAY_SECONDS).contains(&now)) {
            return Ok(());
        }
        let read = match &self.settings.bootstrap {
            Source::File(path) => bootstrap::file(path),
            Source::Web(base, path) => {
                self.service(base).ask(&Ask::get(path)).map_err(NoAnswer::on_question).and_then(|answer| {
                    match answer.status {
                        200 => Bootstrap::parse(&answer, base.is_local()),
                        429 => Err(Trouble::Busy { after: answer.busy() }),
                        status => Err(answer.odd().unwrap_or_else(|| {
                            Trouble::Unreachable(format!("IANA's list of registries is not there ({status})"))
                        })),
                    }
                })
            }
        };
        match (read, &state.bootstrap) {
            (Ok(new), _) => state.bootstrap = Some((now, new)),
            (Err(trouble), None) => return Err(trouble),
            (Err(_), Some(_)) => {}
        }
        Ok(())
    }

    /// What its registry says of a domain, and how many seconds that is to be left alone.
    fn ask(&self, bootstrap: &Bootstrap, name: &str) -> (Result<Found, Trouble>, i64) {
        let Some(base) = bootstrap.of(name) else {
            let last = name.rsplit('.').next().unwrap_or_default();
            let why = format!(
                "the registry of .{last} tells nobody when its domains end; type the date by hand (kind = \"hand\"), or \
                 list it by its registrar"
            );
            return (Ok(Found::new(Kind::Domain, name, Ends::Unknown(why))), DAY_SECONDS);
        };
        let path = format!("/domain/{name}");
        // As RFC 7480, 4.2 wants it.
        let ask = Ask { headers: &[("Accept", "application/rdap+json")], ..Ask::get(&path) };
        match self.service(base).ask(&ask) {
            // Nobody was asked: it may be tried again before a day is over.
            Err(no) => (Err(no.on_question()), RDAP_AGAIN_SECONDS),
            Ok(answer) => (domain::judge(&answer, name), DAY_SECONDS.max(domain::wait(&answer))),
        }
    }
}

impl Provider for Rdap {
    fn names(&self) -> Vec<(Kind, String)> {
        self.settings.domains.iter().map(|domain| (Kind::Domain, domain.clone())).collect()
    }

    fn memory(&self) -> Option<String> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        serde_json::to_string(&state.known).ok()
    }

    fn remember(&self, memory: &str) {
        let Ok(mut known) = serde_json::from_str::<BTreeMap<String, Known>>(memory) else { return };
        known.retain(|name, _| self.settings.domains.contains(name));
        self.state.lock().unwrap_or_else(PoisonError::into_inner).known.extend(known);
    }

    /// A domain whose registry does not answer is told as it was last seen, in part, or as unknown: others do not suffer.
    fn list(&self, now: i64) -> Result<List, Trouble> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back does not stop it for longer than a day.
        let rests = |known: &Known| now < known.again && known.again <= now + 2 * DAY_SECONDS;
        let due = |name: &&String| !state.known.get(*name).is_some_and(rests);
        let due: Vec<&String> = self.settings.domains.iter().filter(due).collect();
        if !due.is_empty() {
            self.learn(&mut state, now)?;
            self.ask_for(&mut state, &due, now)?;
        }
        Ok(self.settings.domains.iter().filter_map(|name| Some(state.known.get(name)?.said())).collect())
    }
}

impl Rdap {
    fn ask_for(&self, state: &mut State, due: &[&String], now: i64) -> Result<(), Trouble> {
        let State { bootstrap: Some((_, bootstrap)), known } = state else {
            return Err(Trouble::Unreachable("there is no list of registries".into()));
        };
        for name in due {
            let name: &str = name;
            let (asked, rest) = self.ask(bootstrap, name);
            let (found, told) = match (asked, known.remove(name)) {
                (Ok(found), _) => (found, Some(now)),
                (Err(trouble), Some(Known { found, told: Some(told), .. })) if now - told <= STALE_SECONDS => {
                    (stale(found, &trouble), Some(told))
                }
                (Err(trouble), _) => {
                    (Found::new(Kind::Domain, name, Ends::Unknown(format!("its registry: {trouble}"))), None)
                }
            };
            known.insert(name.to_owned(), Known { again: now + rest, found, told });
        }
        Ok(())
    }
}

/// As it was last told.
fn stale(mut found: Found, trouble: &Trouble) -> Found {
    if !found.flags.contains(&Flag::Partial) {
        found.flags.push(Flag::Partial);
        found.flags.sort_unstable();
    }
    found.note = atalaya_renew::limits::short(&format!("as it was last told; its registry now: {trouble}"));
    found
}
