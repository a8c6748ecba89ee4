//! One turn of the client: look, decide, and where it must be, send and verify.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use atalaya_wire::{ObjectId, Sample};
use jiff::Timestamp;

use super::client::Client;
use super::decide::{Decision, Seen, decide, intended, learned, rested};
use super::inherit::inherit;
use super::mark::mark;
use super::memory::{Names, Store};
use super::reply::Reply;
use super::request::{Credentials, Request};
use super::send::send;
use super::told::{self, Words};
use crate::probe::dns::{Outlook, here};
use crate::probe::web::ROOTS;
use crate::probe::{Fault, Moment, Site};

/// For finding our address and asking the names' servers.
const LOOK: Duration = Duration::from_secs(30);
/// For asking them again, each time.
const VERIFY: Duration = Duration::from_secs(5);

/// See the module.
pub(super) struct Turn<'a> {
    client: &'a Client,
    outlook: Outlook<'a>,
    store: Store,
    credentials: Credentials,
    roots: PathBuf,
    marks: BTreeMap<&'a str, String>,
    names: Names,
    v4: Option<Ipv4Addr>,
    v6: Option<Ipv6Addr>,
    /// What the names' own servers say; nothing of a name whose servers could not be asked.
    named: BTreeMap<&'a str, Vec<IpAddr>>,
    decisions: BTreeMap<&'a str, Decision>,
    words: Words,
    at: Timestamp,
    began: Instant,
}

type Addresses = (Option<Ipv4Addr>, Option<Ipv6Addr>);

impl<'a> Turn<'a> {
    /// Reads what is remembered, and the password.
    pub(super) fn begin(client: &'a Client, site: &'a Site, at: Moment) -> Result<Self, String> {
        let config = &client.config;
        let password = config.password().ok_or("there is no password_file")?.read()?;
        let marks: BTreeMap<_, _> =
            config.hosts.iter().map(|host| (host.as_str(), mark(config, host, &password))).collect();
        let store = if client.only_looks { Store::look(&client.state) } else { Store::lock(&client.state)? };
        let known = store.load()?;
        let memory = |(host, mark): (&&str, &String)| {
            ((*host).to_owned(), known.get(*host).cloned().unwrap_or_default().under(mark))
        };
        let names = marks.iter().map(memory).collect();
        let names = inherit(names, &known, |host| mark(config, host, &password), at.wall);
        let roots = config.ca().unwrap_or_else(|| site.path(ROOTS));
        let outlook = Outlook::new(client.dns.clone(), here(site.path(ROOTS)), (site, at.boot), LOOK);
        let credentials = Credentials { user: config.user.clone(), password };
        Ok(Self {
            client,
            outlook,
            store,
            credentials,
            roots,
            marks,
            names,
            v4: None,
            v6: None,
            named: BTreeMap::new(),
            decisions: BTreeMap::new(),
            words: Words::default(),
            at: at.wall,
            began: Instant::now(),
        })
    }

    /// Does what is to be done.
    pub(super) fn run(mut self) -> Result<Self, String> {
        let hosts: Vec<&str> = self.client.config.hosts.iter().map(String::as_str).collect();
        let open: Vec<&str> = hosts.into_iter().filter(|host| self.names[*host].latched.is_none()).collect();
        // Once No-IP said the last word to all of them, nobody is asked anything for its sake.
        if !open.is_empty() {
            self.locate();
            self.ask(&open);
        }
        self.decide();
        self.rest()?;
        let due: Vec<&str> = open.into_iter().filter(|host| self.is_due(host)).collect();
        if !self.client.only_looks {
            for (addresses, hosts) in self.requests(&due) {
                // What the first was told may hold for the others.
                let hosts: Vec<&str> = hosts.into_iter().filter(|host| self.is_due(host)).collect();
                if hosts.is_empty() {
                    continue;
                }
                self.update(&hosts, addresses)?;
                self.decide();
                self.verify(&hosts, addresses);
            }
        }
        Ok(self)
    }

    fn is_due(&self, host: &str) -> bool {
        matches!(self.decisions[host], Decision::Update(..))
    }

    fn now(&self) -> Timestamp {
        self.at + self.began.elapsed()
    }

    /// Where we are.
    fn locate(&mut self) {
        let mut address = |wanted: bool, ipv6: bool| match wanted.then(|| self.outlook.address(ipv6))? {
            Ok(address) => Some(address),
            Err(why) => {
                self.words.address = why;
                None
            }
        };
        let (v4, v6) = (address(self.client.config.ipv4, false), address(self.client.config.ipv6, true));
        self.v4 = v4.and_then(|ip| if let IpAddr::V4(ip) = ip { Some(ip) } else { None });
        self.v6 = v6.and_then(|ip| if let IpAddr::V6(ip) = ip { Some(ip) } else { None });
        if self.client.config.ipv4 {
            // Then what is seen outside is the provider's.
            self.v4 = self.outlook.shared_router().or(self.v4);
        }
    }

    /// What the own servers of `hosts` say, in the families that are told.
    fn ask(&mut self, hosts: &[&'a str]) {
        for host in hosts {
            let mut families = Vec::new();
            families.extend(self.client.config.ipv4.then_some(false));
            families.extend(self.client.config.ipv6.then_some(true));
            let found: Result<Vec<_>, String> =
                families.into_iter().map(|ipv6| self.outlook.named(host, ipv6)).collect();
            match found {
                Ok(found) => {
                    self.named.insert(host, found.into_iter().flatten().collect());
                }
                Err(why) => {
                    self.named.remove(host);
                    self.words.named = why;
                }
            }
        }
    }

    fn decide(&mut self) {
        let now = self.now();
        for host in self.client.config.hosts.iter().map(String::as_str) {
            let (wants_v4, wants_v6) = (self.client.config.ipv4, self.client.config.ipv6);
            let named = self.named.get(host).cloned();
            let seen = Seen { wants_v4, wants_v6, v4: self.v4, v6: self.v6, named };
            self.decisions.insert(host, decide(&self.names[host], &seen, &self.marks[host], now));
        }
    }

    /// Trouble that is long over is forgotten.
    fn rest(&mut self) -> Result<(), String> {
        let now = self.now();
        let right = self.decisions.iter().filter(|(_, decision)| **decision == Decision::Right);
        let fresh = right.filter_map(|(host, _)| Some(((*host).to_owned(), rested(&self.names[*host], now)?)));
        let fresh: Names = fresh.collect();
        if fresh.is_empty() || self.client.only_looks {
            return Ok(());
        }
        self.names.extend(fresh);
        self.store.save(&self.names)
    }

    /// The names that are due, together where they are told the same.
    fn requests(&self, due: &[&'a str]) -> Vec<(Addresses, Vec<&'a str>)> {
        let mut requests: Vec<(Addresses, Vec<&str>)> = Vec::new();
        for host in due {
            let Decision::Update(v4, v6) = self.decisions[host] else { continue };
            match requests.iter_mut().find(|(addresses, _)| *addresses == (v4, v6)) {
                Some((_, hosts)) => hosts.push(host),
                None => requests.push(((v4, v6), vec![host])),
            }
        }
        requests
    }

    /// Sends one request for all of `due`. What is to be remembered of it is on disk before.
    fn update(&mut self, due: &[&'a str], addresses: Addresses) -> Result<(), String> {
        let before = self.names.clone();
        for host in due {
            let next = intended(&self.names[*host], &self.marks[host], self.now());
            self.names.insert((*host).to_owned(), next);
        }
        self.store.save(&self.names)?;
        let names = due.iter().map(|&host| host.to_owned()).collect();
        let request = Request { names, v4: addresses.0, v6: addresses.1 };
        let replies =
            send(&request, (&self.client.config.server, &self.roots), &self.credentials, self.client.patience);
        self.names = before;
        for (host, reply) in due.iter().zip(&replies) {
            self.learn(host, addresses, reply);
        }
        // What No-IP says of the key, the program or itself holds for the other names of the key as well.
        let of_all = |reply: &&Reply| **reply == Reply::Trouble || matches!(reply, Reply::Final(last) if last.of_all());
        if let Some(reply) = replies.iter().find(of_all) {
            for host in self.client.config.hosts.iter().filter(|host| !due.contains(&host.as_str())) {
                self.learn(host, addresses, reply);
            }
        }
        self.store.save(&self.names)
    }

    fn learn(&mut self, host: &str, addresses: Addresses, reply: &Reply) {
        let next = learned(&self.names[host], &self.marks[host], addresses, reply, self.now());
        self.names.insert(host.to_owned(), next);
    }

    /// Looks whether the names' servers show what was taken; what they do not show in time is for a later turn.
    fn verify(&mut self, due: &[&'a str], told: Addresses) {
        let taken = |host: &&&str| {
            let memory = &self.names[**host];
            memory.why.is_empty() && memory.latched.is_none() && (memory.sent_v4, memory.sent_v6) == told
        };
        let mut open: Vec<&str> = due.iter().filter(taken).copied().collect();
        for pause in self.client.pauses.clone() {
            if open.is_empty() {
                return;
            }
            thread::sleep(pause);
            self.outlook.again(VERIFY);
            self.ask(&open);
            self.decide();
            open.retain(|host| !matches!(self.decisions[host], Decision::Right | Decision::NoAddress));
        }
    }

    /// Hands every name's view to `out`.
    ///
    /// # Errors
    ///
    /// What No-IP said the last word about: it is told in the log as well, once.
    pub(super) fn tell(self, out: &mut dyn FnMut(ObjectId, Sample)) -> crate::probe::Result<()> {
        let now = self.now();
        let mut result = Ok(());
        for host in self.client.config.hosts.iter().rev() {
            if let Decision::Latched(last) = &self.decisions[host.as_str()] {
                result = Err(Fault::Failed(format!("{host}: {}", last.why())));
            }
        }
        for (host, decision) in &self.decisions {
            let view = told::one(host, &self.names[*host], decision, &self.words, now);
            out(ObjectId::of(host), view.into());
        }
        result
    }
}
