//! Who is who: accounts, the authority, certificates of our own, from what was written and what the configuration says.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use atalaya_wire::join::Host;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::clock::Clock;
use crate::config::Config;
use crate::db::Desk;
use crate::db::read::people::Loaded;
use crate::error::{Error, Kind, Result};
use crate::people::{People, Terms};
use crate::pki::{Authority, CommandKey, Gate, Offer, Own, Parts, of_this_machine};
use crate::tower::Word;

/// Everything that says who somebody is.
#[derive(Clone)]
pub struct Identity {
    /// Accounts, sessions, tokens.
    pub people: Arc<People>,
    /// Nodes.
    pub gate: Arc<Gate>,
    /// What the broker shows; `None` without a TLS listener.
    pub broker_tls: Option<Arc<ServerConfig>>,
    /// What pages show.
    pub web_tls: Option<Arc<ServerConfig>>,
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
    let own = || Own::open(folder, &authority, &names, now.seconds());
    let broker_tls = match (config.broker.listen_tls.is_empty(), &config.broker.tls) {
        (true, _) => None,
        (false, Some((cert, key))) => Some(shown(read_pair(cert, key)?, &authority)?),
        (false, None) => Some(shown(pair(own()?), &authority)?),
    };
    let web_tls = match (config.web.listen_tls.is_empty(), &config.web.tls) {
        (true, _) => None,
        (false, Some((cert, key))) => Some(web(read_pair(cert, key)?)?),
        (false, None) => Some(web(pair(own()?))?),
    };
    let parts = Parts { desk, tower, people: Arc::clone(&people), clock: Arc::clone(clock), authority, command_key };
    let gate = Arc::new(Gate::new(parts, offer(config, &names), &gate_loaded));
    Ok(Identity { people, gate, broker_tls, web_tls })
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
        discovery_prefix: config.broker.discovery_prefix.clone(),
        anonymous: config.anonymous,
    }
}

type Pair = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn pair(own: Own) -> Pair {
    if let Some(reason) = own.renewed {
        tracing::info!(?reason, "a new certificate of our own was made");
    }
    (own.chain, own.key)
}

fn read_pair(cert: &Path, key: &Path) -> Result<Pair> {
    let wrong = |path: &Path, why: String| Error::new(Kind::Config, format!("cannot use {}: {why}", path.display()));
    let chain = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect::<std::result::Result<Vec<_>, _>>)
        .map_err(|err| wrong(cert, err.to_string()))?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(|err| wrong(key, err.to_string()))?;
    Ok((chain, key))
}

fn shown((chain, key): Pair, authority: &Authority) -> Result<Arc<ServerConfig>> {
    let config = atalaya_broker::server_config(chain, key, &[authority.certificate().clone()]);
    config.map(Arc::new).map_err(|why| Error::new(Kind::Config, why))
}

fn web((chain, key): Pair) -> Result<Arc<ServerConfig>> {
    let wrong = |err: rustls::Error| Error::new(Kind::Config, format!("cannot serve pages over TLS: {err}"));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(wrong)?;
    let mut config = builder.with_no_client_auth().with_single_cert(chain, key).map_err(wrong)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
