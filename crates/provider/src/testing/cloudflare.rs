//! Cloudflare's API v4, from its OpenAPI description's shapes (`shared/reference`).

mod dns;
mod registrar;

use std::io;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::fault::Misbehave;
use super::locked;
use super::server::{Reply, Request, Server};

/// A domain of its registrar.
#[derive(Clone, Debug)]
pub struct Registered {
    /// Such as `example.com`.
    pub name: String,
    /// Such as `active`.
    pub status: String,
    /// As it is told.
    pub expires: String,
    /// Whether it is renewed by Cloudflare.
    pub auto_renew: bool,
}

impl Registered {
    /// One that is all right, and nobody renews.
    #[must_use]
    pub fn new(name: &str, expires: &str) -> Self {
        Self { name: name.into(), status: "active".into(), expires: expires.into(), auto_renew: false }
    }
}

/// A set of certificates for a zone.
#[derive(Clone, Debug)]
pub struct Pack {
    /// Such as `universal`.
    pub kind: String,
    /// Such as `active`.
    pub status: String,
    /// Of which hosts.
    pub hosts: Vec<String>,
    /// When its certificate ends; there is none yet where this is nothing.
    pub expires: Option<String>,
}

struct Zone {
    id: String,
    name: String,
    packs: Vec<Pack>,
}

struct Row {
    zone: String,
    id: String,
    kind: String,
    name: String,
    content: String,
    ttl: u64,
    proxied: bool,
}

struct State {
    /// The token is a user's, and not an account's.
    user: bool,
    token: Value,
    zones: Vec<Zone>,
    rows: Vec<Row>,
    next: u32,
    domains: Vec<Registered>,
    /// `registrations` is not there yet.
    legacy: bool,
    /// How an order stands; nothing where it is done at once.
    workflow: Option<(String, String)>,
    /// What links.self says, if not what it should.
    link: Option<String>,
    closed: Vec<String>,
    bought: Vec<String>,
    rate_limit: Option<String>,
}

/// Cloudflare.
pub struct Cloudflare {
    server: Server,
    state: Arc<Mutex<State>>,
}

impl Cloudflare {
    /// What stands in a token file to read.
    pub const TOKEN: &str = "read-token";
    /// What stands in a token file to spend.
    pub const SPEND_TOKEN: &str = "spend-token";
    /// The account's id.
    pub const ACCOUNT: &str = "023e105f4ecef8ad9ca31a8372d0c353";

    /// Listens on a port of its own. The token is a user's, and never ends.
    ///
    /// # Errors
    ///
    /// Where it cannot.
    pub fn start() -> io::Result<Self> {
        let state = Arc::new(Mutex::new(State {
            user: true,
            token: json!({ "id": "ed17574386854bf78a67040be0a770b0", "status": "active" }),
            zones: Vec::new(),
            rows: Vec::new(),
            next: 0,
            domains: Vec::new(),
            legacy: false,
            workflow: None,
            link: None,
            closed: Vec::new(),
            bought: Vec::new(),
            rate_limit: None,
        }));
        let theirs = Arc::clone(&state);
        let server = Server::start(move |request| {
            let mut state = locked(&theirs);
            let mut reply = answer(&mut state, request);
            reply.headers.extend(state.rate_limit.clone().map(|limit| ("Ratelimit".to_owned(), limit)));
            reply
        })?;
        Ok(Self { server, state })
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}/client/v4", self.server.url())
    }

    /// Has a zone more.
    pub fn add_zone(&self, name: &str) {
        let mut state = locked(&self.state);
        let id = format!("{:032x}", state.zones.len() + 1);
        state.zones.push(Zone { id, name: name.into(), packs: Vec::new() });
    }

    /// Has certificates for a zone.
    pub fn add_pack(&self, zone: &str, pack: Pack) {
        let mut state = locked(&self.state);
        if let Some(found) = state.zones.iter_mut().find(|one| one.name == zone) {
            found.packs.push(pack);
        }
    }

    /// Has a domain more.
    pub fn add_domain(&self, domain: Registered) {
        locked(&self.state).domains.push(domain);
    }

    /// What verification says of the token, besides its id; and whether it is a user's.
    pub fn token(&self, user: bool, told: Value) {
        let mut state = locked(&self.state);
        (state.user, state.token) = (user, told);
    }

    /// Whether only the older registrar's API is there.
    pub fn legacy(&self, legacy: bool) {
        locked(&self.state).legacy = legacy;
    }

    /// Orders are no longer done at once: they stand so, with this for a reason.
    pub fn workflow(&self, state: &str, why: &str) {
        locked(&self.state).workflow = Some((state.into(), why.into()));
    }

    /// Where an order's answer sends whoever wants to know how it stands.
    pub fn link(&self, link: &str) {
        locked(&self.state).link = Some(link.into());
    }

    /// The token may not use paths that hold this.
    pub fn close(&self, part: &str) {
        locked(&self.state).closed.push(part.into());
    }

    /// What every answer's header of that name says.
    pub fn rate_limit(&self, limit: &str) {
        locked(&self.state).rate_limit = Some(limit.into());
    }

    /// Misbehaves once, at the next request whose method and path begin with `line`.
    pub fn misbehave(&self, line: &str, how: Misbehave) {
        self.server.misbehave(line, how);
    }

    /// The domains for which renewal was turned on, and with which token.
    #[must_use]
    pub fn bought(&self) -> Vec<String> {
        locked(&self.state).bought.clone()
    }

    /// What stands in the zones: type, name, content and seconds, sorted.
    #[must_use]
    pub fn records(&self) -> Vec<String> {
        let state = locked(&self.state);
        let line = |row: &Row| format!("{} {} {} {}", row.kind, row.name, row.content, row.ttl);
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

fn error(status: u16, code: u32, message: &str) -> Reply {
    let errors = json!([{ "code": code, "message": message }]);
    Reply::json(status, &json!({ "success": false, "errors": errors, "messages": [], "result": null }))
}

fn result(status: u16, result: &Value) -> Reply {
    Reply::json(status, &json!({ "success": true, "errors": [], "messages": [], "result": result }))
}

/// A page of `all`, of so many as the query says.
fn page(request: &Request, all: &[Value]) -> Reply {
    let number = |name: &str, usual: usize| request.asks(name).and_then(|text| text.parse().ok()).unwrap_or(usual);
    let (page, per) = (number("page", 1).max(1), number("per_page", 20).max(1));
    let part: Vec<&Value> = all.iter().skip((page - 1) * per).take(per).collect();
    let info = json!({
        "page": page, "per_page": per, "count": part.len(), "total_count": all.len(),
        "total_pages": all.len().div_ceil(per),
    });
    Reply::json(200, &json!({ "success": true, "errors": [], "messages": [], "result": part, "result_info": info }))
}

/// By method and path, after the token.
fn answer(state: &mut State, request: &Request) -> Reply {
    let known = [Cloudflare::TOKEN, Cloudflare::SPEND_TOKEN];
    let Some(token) = request.header("authorization").and_then(|text| text.strip_prefix("Bearer ")) else {
        return error(400, 6003, "Invalid request headers");
    };
    if !known.contains(&token) {
        return error(401, 1000, "Invalid API Token");
    }
    if state.closed.iter().any(|part| request.path.contains(part.as_str())) {
        return error(403, 10_000, "Authentication error");
    }
    let token = token.to_owned();
    let Some(path) = request.path.strip_prefix("/client/v4/") else { return error(404, 7003, "No route for the URI") };
    let parts: Vec<&str> = path.split('/').collect();
    match (request.method.as_str(), &parts[..]) {
        ("GET", ["user", "tokens", "verify"]) if state.user => result(200, &state.token),
        ("GET", ["user", "tokens", "verify"]) => error(401, 1000, "Invalid API Token"),
        ("GET", ["accounts", Cloudflare::ACCOUNT, "tokens", "verify"]) if !state.user => result(200, &state.token),
        (_, ["accounts", Cloudflare::ACCOUNT, "registrar", rest @ ..]) => state.registrar(rest, &token, request),
        ("GET", ["zones"]) => page(request, &state.zones.iter().map(Zone::told).collect::<Vec<_>>()),
        ("GET", ["zones", zone, "ssl", "certificate_packs"]) => match state.zones.iter().find(|one| one.id == *zone) {
            Some(zone) => result(200, &zone.packs.iter().map(Pack::told).collect::<Vec<_>>().into()),
            None => error(404, 7003, "No route for the URI"),
        },
        (_, ["zones", zone, "dns_records", rest @ ..]) => state.dns(zone, rest, request),
        _ => error(404, 7003, "No route for the URI"),
    }
}

impl Zone {
    fn told(&self) -> Value {
        json!({
            "id": self.id, "name": self.name, "status": "active", "paused": false, "type": "full",
            "name_servers": ["ada.ns.cloudflare.com", "bob.ns.cloudflare.com"],
            "account": { "id": Cloudflare::ACCOUNT, "name": "Example" }, "plan": { "name": "Free Website" },
        })
    }
}

impl Pack {
    fn told(&self) -> Value {
        let certificate = |expires: &String| {
            json!([{
                "id": "7e7b8deba8538af625850b7b2530034c", "hosts": self.hosts, "issuer": "GoogleTrustServices",
                "status": "active", "signature": "ECDSAWithSHA256", "expires_on": expires,
            }])
        };
        json!({
            "id": "3822ff90-ea29-44df-9e55-21300bb9419b", "type": self.kind, "status": self.status, "hosts": self.hosts,
            "certificate_authority": "google", "validation_method": "txt", "validity_days": 90,
            "primary_certificate": "b2cfa4183267af678ea06c7407d4d6d8",
            "certificates": self.expires.as_ref().map_or_else(|| json!([]), certificate),
        })
    }
}
