//! IANA's bootstrap (RFC 9224) and a registry (RFC 9083), in one server.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::fault::Misbehave;
use super::locked;
use super::server::{Reply, Request, Server};

#[derive(Default)]
struct State {
    tlds: Vec<String>,
    domains: BTreeMap<String, Value>,
}

/// A registry, and IANA.
pub struct Rdap {
    server: Server,
    state: Arc<Mutex<State>>,
}

impl Rdap {
    /// Listens on a port of its own, for these top-level domains.
    ///
    /// # Errors
    ///
    /// Where it cannot.
    pub fn start(tlds: &[&str]) -> io::Result<Self> {
        let tlds = tlds.iter().map(|tld| (*tld).to_owned()).collect();
        let state = Arc::new(Mutex::new(State { tlds, domains: BTreeMap::new() }));
        let theirs = Arc::clone(&state);
        let server = Server::start(move |request| answer(&locked(&theirs), request))?;
        Ok(Self { server, state })
    }

    /// Where its bootstrap is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}/rdap/dns.json", self.server.url())
    }

    /// Has a domain more, with these statuses.
    pub fn add(&self, name: &str, expires: &str, status: &[&str]) {
        let domain = json!({
            "objectClassName": "domain", "handle": "2336799_DOMAIN_COM-VRSN", "ldhName": name.to_uppercase(),
            "status": status,
            "events": [
                { "eventAction": "registration", "eventDate": "1995-08-14T04:00:00Z" },
                { "eventAction": "expiration", "eventDate": expires },
                { "eventAction": "last update of RDAP database", "eventDate": "2026-11-20T10:00:00Z" },
            ],
            "entities": [{
                "objectClassName": "entity", "handle": "376", "roles": ["registrar"],
                "vcardArray": ["vcard", [["version", {}, "text", "4.0"], ["fn", {}, "text", "Example Registrar, Inc."]]],
            }],
            "links": [{ "rel": "related", "type": "application/rdap+json", "href": "http://127.0.0.1:1/never/asked" }],
            "rdapConformance": ["rdap_level_0"],
        });
        locked(&self.state).domains.insert(name.into(), domain);
    }

    /// Changes what it tells of a domain.
    pub fn change(&self, name: &str, how: impl FnOnce(&mut Value)) {
        if let Some(domain) = locked(&self.state).domains.get_mut(name) {
            how(domain);
        }
    }

    /// Misbehaves once, at the next request whose method and path begin with `line`.
    pub fn misbehave(&self, line: &str, how: Misbehave) {
        self.server.misbehave(line, how);
    }

    /// Everything it was asked.
    #[must_use]
    pub fn asked(&self) -> Vec<Request> {
        self.server.asked()
    }
}

fn answer(state: &State, request: &Request) -> Reply {
    if request.method != "GET" {
        return Reply::empty(405);
    }
    if request.path == "/rdap/dns.json" {
        let here = format!("http://{}/registry/", request.header("host").unwrap_or_default());
        let services = json!([[state.tlds, [here]]]);
        return Reply::json(
            200,
            &json!({ "version": "1.0", "publication": "2026-11-20T10:00:00Z", "services": services }),
        );
    }
    let domain = request.path.strip_prefix("/registry/domain/").and_then(|name| state.domains.get(name));
    let mut reply = match domain {
        Some(domain) => Reply::json(200, domain),
        None => Reply::json(404, &json!({ "errorCode": 404, "title": "Not Found", "description": ["no such domain"] })),
    };
    reply.headers = vec![("Content-Type".into(), "application/rdap+json".into())];
    reply
}
