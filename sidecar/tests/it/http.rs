//! A sidecar on free ports, and requests as they go over the wire.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;

use atalaya_sidecar::clock::{Clock, System};
use atalaya_sidecar::config::Config;
use atalaya_sidecar::db::Audit;
use atalaya_sidecar::db::read::people::{AuditFilter, audit};
use atalaya_sidecar::people::{AccountWish, Customers, Role, Scope, TokenWish};
use atalaya_sidecar::program::{self, Running, Shared};
use atalaya_sidecar::tower::{Ask, NodeWish, Who, Wish, Word};
use tokio::runtime::Runtime;

/// For this machine alone, on ports that are free.
const CONFIG: &str = "[broker]\nlisten = [\"127.0.0.1:0\"]\n[web]\nlisten = [\"127.0.0.1:0\"]\n";

pub(crate) struct Sidecar {
    runtime: Runtime,
    running: Option<Running>,
    address: SocketAddr,
    pub(crate) folder: tempfile::TempDir,
}

impl Sidecar {
    pub(crate) fn start() -> Self {
        Self::with("")
    }

    /// With more in its configuration.
    pub(crate) fn with(more: &str) -> Self {
        Self::begin(&format!("{CONFIG}{more}"), Arc::new(System::default()))
    }

    /// With this configuration, by this clock.
    pub(crate) fn begin(config: &str, clock: Arc<dyn Clock>) -> Self {
        Self::begin_in(tempfile::tempdir().unwrap(), config, clock)
    }

    /// By another clock, in a folder that another one may have used.
    pub(crate) fn by(clock: Arc<dyn Clock>, folder: tempfile::TempDir) -> Self {
        Self::begin_in(folder, CONFIG, clock)
    }

    /// In a state folder where something is.
    pub(crate) fn on(folder: tempfile::TempDir, more: &str) -> Self {
        Self::begin_in(folder, &format!("{CONFIG}{more}"), Arc::new(System::default()))
    }

    /// With this configuration, by this clock, in a folder that another one may have used.
    pub(crate) fn begin_on(folder: tempfile::TempDir, config: &str, clock: Arc<dyn Clock>) -> Self {
        Self::begin_in(folder, config, clock)
    }

    fn begin_in(folder: tempfile::TempDir, config: &str, clock: Arc<dyn Clock>) -> Self {
        let config = Config::read(Path::new("s.toml"), config).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let started = program::start(config, folder.path().to_path_buf(), clock);
        let running = runtime.block_on(started).unwrap();
        Self { address: running.web[0], runtime, running: Some(running), folder }
    }

    /// What its parts share.
    pub(crate) fn shared(&self) -> &Shared {
        &self.running.as_ref().unwrap().shared
    }

    /// Takes over another configuration, by what [`Sidecar::with`] adds.
    pub(crate) fn reload(&mut self, more: &str) -> Result<(), String> {
        let config = Config::read(Path::new("s.toml"), &format!("{CONFIG}{more}")).unwrap();
        let taken = self.runtime.block_on(self.running.as_mut().unwrap().reload(config));
        taken.map(drop).map_err(|err| err.text)
    }

    /// Waits for what is to be done.
    pub(crate) fn wait<T>(&self, what: impl Future<Output = T>) -> T {
        self.runtime.block_on(what)
    }

    /// Ends it; gives its folder.
    pub(crate) fn leave(mut self) -> tempfile::TempDir {
        self.stop();
        std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap())
    }

    /// The secret of a link for the first account.
    pub(crate) fn first_link(&self) -> Option<String> {
        let shared = self.shared();
        self.runtime.block_on(shared.identity.people.first_link(shared.clock.now())).unwrap().map(|made| made.0)
    }

    /// Writes what changes nothing.
    pub(crate) fn write_something(&self) -> Result<(), String> {
        let desk = &self.shared().desk;
        self.runtime.block_on(desk.write(Vec::new())).map_err(|err| err.to_string())
    }

    /// Asks, and gives the whole answer. `Host` is this machine's own unless another is given.
    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let mut head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
        if !headers.iter().any(|(name, _)| *name == "Host") {
            head.push_str(&format!("Host: {}\r\n", self.address));
        }
        if !body.is_empty() && !headers.iter().any(|(name, _)| *name == "Content-Type") {
            head.push_str("Content-Type: application/x-www-form-urlencoded\r\n");
        }
        headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
        write!(stream, "{head}\r\n{body}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// A viewer of some customers, or an approver of all.
    pub(crate) fn add_account(&self, name: &str, customers: &[&str], password: &str) {
        let role = if customers.is_empty() { Role::Approver } else { Role::Viewer };
        self.add_account_as(role, name, customers, password);
    }

    pub(crate) fn add_account_as(&self, role: Role, name: &str, customers: &[&str], password: &str) {
        let shared = self.shared();
        let wish = AccountWish {
            name: name.into(),
            role,
            customers: Customers::of(&customers.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap(),
            language: "en".into(),
            zone: "UTC".into(),
        };
        let (by, now) = (Who::default(), shared.clock.now());
        let made = shared.identity.people.add_account(&by, wish, password.to_owned().into(), now);
        self.runtime.block_on(made).unwrap();
    }

    /// A token, as it is shown once.
    pub(crate) fn add_token(&self, name: &str, scopes: &[&str], customers: &[&str]) -> String {
        let shared = self.shared();
        let wish = TokenWish {
            name: name.into(),
            scopes: scopes.iter().map(|scope| Scope::named(scope).unwrap()).collect(),
            customers: Customers::of(&customers.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap(),
            days: None,
        };
        let by = Who::default();
        let made = shared.identity.people.add_token(&by, wish, shared.clock.now());
        self.runtime.block_on(made).unwrap().0
    }

    /// A node that is expected.
    pub(crate) fn add_node(&self, node: &str, customer: &str) {
        let shared = self.shared();
        let wish = Wish::Node(NodeWish { node: node.into(), customer: Some(customer.into()), ..NodeWish::default() });
        let (answer, told) = tokio::sync::oneshot::channel();
        shared.tower.send(Word::Ask(Ask { wish, who: Who::default(), answer })).unwrap();
        self.runtime.block_on(told).unwrap().unwrap();
    }

    /// Lines of the audit, the newest first.
    pub(crate) fn audit(&self) -> Vec<Audit> {
        let readers = &self.shared().readers;
        let lines = readers.now(|connection| audit(connection, &AuditFilter::default(), 1000)).unwrap();
        lines.into_iter().map(|(_, line)| line).collect()
    }

    /// Asks for what goes on.
    pub(crate) fn open(&self, path: &str) -> Open {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(std::time::Duration::from_secs(30))).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.address).unwrap();
        Open(stream)
    }

    /// Ends it.
    pub(crate) fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            self.runtime.block_on(running.stop());
        }
    }

    pub(crate) fn get(&self, path: &str, headers: &[(&str, &str)]) -> String {
        self.ask("GET", path, headers, "")
    }
}

impl Drop for Sidecar {
    fn drop(&mut self) {
        self.stop();
    }
}

/// An answer that goes on.
pub(crate) struct Open(TcpStream);

impl Open {
    /// Up to something that is expected.
    pub(crate) fn read_until(&mut self, expected: &str) -> String {
        let (mut all, mut part) = (String::new(), [0; 1024]);
        while !all.contains(expected) {
            let length = self.0.read(&mut part).unwrap();
            assert!(length > 0, "{all}");
            all.push_str(std::str::from_utf8(&part[..length]).unwrap());
        }
        all
    }

    /// Up to its end.
    pub(crate) fn rest(&mut self) -> String {
        let mut rest = String::new();
        self.0.read_to_string(&mut rest).unwrap();
        rest
    }
}

/// The code of an answer.
pub(crate) fn code(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0)
}

/// A header of an answer.
pub(crate) fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let head = answer.split("\r\n\r\n").next()?;
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}
