//! Who is who: accounts, the authority, certificates, from what was written and what the configuration says.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use atalaya_wire::join::Host;

use crate::certificates::Certificates;
use crate::clock::Clock;
use crate::config::Config;
use crate::db::Desk;
use crate::db::read::people::Loaded;
use crate::error::Result;
use crate::people::{People, Terms};
use crate::pki::{Authority, CommandKey, Gate, Offer, Parts, of_this_machine};
use crate::tower::Word;

/// Everything that says who somebody is.
#[derive(Clone)]
pub struct Identity {
    /// Accounts, sessions, tokens.
    pub people: Arc<People>,
    /// Nodes.
    pub gate: Arc<Gate>,
    /// What broker and pages show.
    pub certificates: Arc<Certificates>,
}

/// What it is made from.
pub struct Made<'a> {
    /// As it was written.
    pub config: &'a Config,
    /// The state folder.
    pub folder: &'a Path,
    /// What time it is.
    pub clock: &'a Arc<dyn Clock>,
    /// Where changes are written.
    pub desk: Desk,
    /// Where wishes go.
    pub tower: SyncSender<Word>,
    /// What was written.
    pub loaded: Loaded,
}

/// Makes it.
///
/// # Errors
///
/// If keys or certificates cannot be read or made.
pub fn make(made: Made<'_>) -> Result<Identity> {
    let Made { config, folder, clock, desk, tower, loaded } = made;
    let now = clock.now();
    let mut gate_loaded = loaded.clone();
    gate_loaded.accounts.clear();
    let terms = Terms { session: config.web.session, idle: config.web.session_idle };
    let people = Arc::new(People::new(desk.clone(), terms, loaded, now));
    let authority = Authority::open(folder)?;
    let command_key = CommandKey::open(folder)?;
    let names = if config.broker.names.is_empty() { of_this_machine() } else { config.broker.names.clone() };
    let certificates = Arc::new(Certificates::open(config, folder, &names, &authority, now.seconds())?);
    let parts = Parts { desk, tower, people: Arc::clone(&people), clock: Arc::clone(clock), authority, command_key };
    let gate = Arc::new(Gate::new(parts, offer(config, &names), &gate_loaded));
    Ok(Identity { people, gate, certificates })
}

/// What nodes that join are told.
fn offer(config: &Config, names: &[String]) -> Offer {
    let port = |all: &[SocketAddr]| all.first().map(SocketAddr::port);
    let ports = port(&config.web.listen_tls).zip(port(&config.broker.listen_tls));
    let hosts =
        ports.map(|(web, broker)| names.iter().take(4).map(|name| Host { name: name.clone(), web, broker }).collect());
    Offer {
        hosts: hosts.unwrap_or_default(),
        prefix: config.broker.prefix.clone(),
        id: config.state.id.clone(),
        discovery_prefix: config.broker.discovery_prefix.clone(),
        anonymous: config.anonymous(),
    }
}
