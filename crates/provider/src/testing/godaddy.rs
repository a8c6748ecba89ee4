//! GoDaddy's `v1` and `v2` domains, from its Swagger description (`shared/reference`).

mod records;
mod sell;

use std::io;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::fault::Misbehave;
use super::locked;
use super::server::{Reply, Request, Server};

/// A domain of the account.
#[derive(Clone, Debug)]
pub struct Domain {
    /// Such as `example.com`.
    pub name: String,
    /// One of `DomainSummary`'s.
    pub status: String,
    /// As it is told.
    pub expires: String,
    /// Whether it is renewed by GoDaddy.
    pub renew_auto: bool,
    /// Whether it may be renewed.
    pub renewable: bool,
    /// For a year, in millionths of a dollar.
    pub price: i64,
}

impl Domain {
    /// One that is all right, and costs 21.99 USD a year.
    #[must_use]
    pub fn new(name: &str, expires: &str) -> Self {
        Self {
            name: name.into(),
            status: "ACTIVE".into(),
            expires: expires.into(),
            renew_auto: false,
            renewable: true,
            price: 21_990_000,
        }
    }
}

/// A purchase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sold {
    /// The domain.
    pub name: String,
    /// For so many years; 0 where renewal was turned on.
    pub years: u32,
    /// With whose key, as it was sent.
    pub key: String,
}

/// A renewal by `v2`.
#[derive(Clone)]
struct Action {
    name: String,
    status: &'static str,
    request: Option<String>,
    years: u32,
}

struct Row {
    zone: String,
    kind: String,
    name: String,
    data: Value,
    ttl: Value,
}

#[derive(Default)]
struct State {
    domains: Vec<Domain>,
    rows: Vec<Row>,
    actions: Vec<Action>,
    bought: Vec<Sold>,
    /// Renewals stay accepted until they are settled.
    slow: bool,
    /// A page begins with its marker.
    inclusive: bool,
    /// The account may use this.
    entitled: bool,
    partial: bool,
}

/// GoDaddy.
pub struct GoDaddy {
    server: Server,
    state: Arc<Mutex<State>>,
}

impl GoDaddy {
    /// What stands in a key file to read.
    pub const KEY: &str = "readkey:readsecret";
    /// What stands in a key file to spend.
    pub const SPEND_KEY: &str = "spendkey:spendsecret";
    /// The account's number.
    pub const CUSTOMER: &str = "123456789";

    /// Listens on a port of its own.
    ///
    /// # Errors
    ///
    /// Where it cannot.
    pub fn start() -> io::Result<Self> {
        let state = Arc::new(Mutex::new(State { entitled: true, ..State::default() }));
        let theirs = Arc::clone(&state);
        let server = Server::start(move |request| answer(&mut locked(&theirs), request))?;
        Ok(Self { server, state })
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Has a domain more.
    pub fn add(&self, domain: Domain) {
        locked(&self.state).domains.push(domain);
    }

    /// Changes the domain of that name.
    pub fn change(&self, name: &str, how: impl FnOnce(&mut Domain)) {
        if let Some(one) = locked(&self.state).domains.iter_mut().find(|one| one.name == name) {
            how(one);
        }
    }

    /// Misbehaves once, at the next request whose method and path begin with `line`.
    pub fn misbehave(&self, line: &str, how: Misbehave) {
        self.server.misbehave(line, how);
    }

    /// Whether the account may use this.
    pub fn entitle(&self, entitled: bool) {
        locked(&self.state).entitled = entitled;
    }

    /// Whether a page of domains begins with its marker, and not behind it.
    pub fn inclusive(&self, inclusive: bool) {
        locked(&self.state).inclusive = inclusive;
    }

    /// Whether answers are 203: in part.
    pub fn partial(&self, partial: bool) {
        locked(&self.state).partial = partial;
    }

    /// Whether renewals wait until they are settled.
    pub fn slow(&self, slow: bool) {
        locked(&self.state).slow = slow;
    }

    /// Ends what waits with `status`, such as `SUCCESS` or `FAILED`.
    pub fn settle(&self, status: &'static str) {
        let mut state = locked(&self.state);
        let mut waiting: Vec<Action> = std::mem::take(&mut state.actions);
        for action in waiting.iter_mut().filter(|action| action.status == "ACCEPTED") {
            action.status = status;
            if status == "SUCCESS" {
                state.prolong(&action.name, action.years);
            }
        }
        state.actions = waiting;
    }

    /// Everything that was bought.
    #[must_use]
    pub fn bought(&self) -> Vec<Sold> {
        locked(&self.state).bought.clone()
    }

    /// What stands in the zones: type, whole name, data and seconds, sorted.
    #[must_use]
    pub fn records(&self) -> Vec<String> {
        let state = locked(&self.state);
        let line = |row: &Row| format!("{} {}.{} {} {}", row.kind, row.name, row.zone, row.data, row.ttl);
        let mut lines: Vec<String> = state.rows.iter().map(line).collect();
        lines.sort();
        lines
    }

    /// Everything it was asked.
    #[must_use]
    pub fn asked(&self) -> Vec<Request> {
        self.server.asked()
    }
}

fn error(status: u16, code: &str, message: &str) -> Reply {
    Reply::json(status, &json!({ "code": code, "message": message }))
}

/// By method and path, after the key.
fn answer(state: &mut State, request: &Request) -> Reply {
    let known = [GoDaddy::KEY, GoDaddy::SPEND_KEY].map(|key| format!("sso-key {key}"));
    let Some(key) = request.header("authorization").filter(|key| known.iter().any(|one| one == key)) else {
        return error(401, "UNABLE_TO_AUTHENTICATE", "Could not authenticate API key/secret");
    };
    if !state.entitled {
        return error(403, "ACCESS_DENIED", "Authenticated user is not allowed access");
    }
    let key = key.trim_start_matches("sso-key ").to_owned();
    let parts: Vec<&str> = request.path.split('/').skip(1).collect();
    match (request.method.as_str(), &parts[..]) {
        ("GET", ["v1", "domains"]) => state.list(request),
        ("GET", ["v1", "domains", name]) => state.find(name, |one, partial| (partial, summary(one))),
        ("PATCH", ["v1", "domains", name]) => state.auto_renew(name, &key, &request.body),
        (_, ["v1", "domains", zone, "records", rest @ ..]) => state.records(zone, rest, request),
        (_, ["v2", "customers", customer, "domains", name, rest @ ..]) => {
            if *customer != GoDaddy::CUSTOMER {
                return error(403, "ACCESS_DENIED", "Authenticated user is not allowed access");
            }
            state.customer(name, rest, &key, request)
        }
        _ => error(404, "NOT_FOUND", "Not Found"),
    }
}

/// `DomainSummary`, with a field that nobody asked for.
fn summary(one: &Domain) -> Value {
    json!({
        "domainId": 123_456_789, "domain": one.name, "status": one.status, "createdAt": "2019-03-01T10:00:00.000Z",
        "expires": one.expires, "renewAuto": one.renew_auto, "renewable": one.renewable,
        "renewDeadline": one.expires, "expirationProtected": false, "transferProtected": false,
        "holdRegistrar": false, "locked": true, "privacy": true, "authCode": "do-not-show-this",
        "nameServers": ["ns01.domaincontrol.com", "ns02.domaincontrol.com"], "contactRegistrant": {},
    })
}

impl State {
    fn list(&self, request: &Request) -> Reply {
        let limit = request.asks("limit").and_then(|limit| limit.parse().ok()).unwrap_or(100_usize);
        if limit > 1_000 {
            return error(422, "INVALID_VALUE", "Limit must have a value no greater than 1000");
        }
        let marker = request.asks("marker").unwrap_or_default();
        let behind = |one: &&Domain| if self.inclusive { *one.name >= *marker } else { *one.name > *marker };
        let mut domains: Vec<&Domain> = self.domains.iter().collect();
        domains.sort_by(|one, other| one.name.cmp(&other.name));
        let page: Vec<Value> = domains.into_iter().filter(behind).take(limit).map(summary).collect();
        Reply::json(if self.partial { 203 } else { 200 }, &page.into())
    }

    fn find(&self, name: &str, tell: impl FnOnce(&Domain, bool) -> (bool, Value)) -> Reply {
        match self.domains.iter().find(|one| one.name == name) {
            None => error(404, "UNKNOWN_DOMAIN", "The given domain is not registered, or does not have a zone file"),
            Some(one) => {
                let (partial, body) = tell(one, self.partial);
                Reply::json(if partial { 203 } else { 200 }, &body)
            }
        }
    }

    /// By whole years of the calendar.
    fn prolong(&mut self, name: &str, years: u32) {
        for one in self.domains.iter_mut().filter(|one| one.name == name) {
            let (year, rest) = one.expires.split_at(4);
            let year = year.parse::<u32>().unwrap_or_default() + years;
            one.expires = format!("{year}{rest}");
        }
    }
}
