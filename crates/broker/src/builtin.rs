//! The broker as a whole.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use atalaya_wire::NodeId;
use mqtt5::broker::router::MessageRouter;
use mqtt5::broker::storage::{DynamicStorage, MemoryBackend, QueueLimits, StorageBackend};
use mqtt5::broker::sys_topics::BrokerStats;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::accept::{Place, listen};
use crate::counters::{Counters, Tally};
use crate::door::Door;
use crate::guests::Guests;
use crate::house::House;
use crate::kept::{Changes, Keeper, Kept};
use crate::limits::{
    CONNECTIONS_MAX, GOODBYE, QUEUE_BYTES_MAX, QUEUE_MESSAGES_MAX, REVIEW, SWEEP, UNKNOWN_MAX, UNKNOWN_PER_ADDRESS_MAX,
};
use crate::permits::Permits;
use crate::rights::{Rights, Why};
use crate::who::{Guard, OwnPassword, Sender, Who};

/// Under which terms the broker serves.
pub struct Terms {
    /// Where it listens without TLS; port 0 takes a free one.
    pub listen: Vec<SocketAddr>,
    /// Where it listens with TLS.
    pub listen_tls: Vec<SocketAddr>,
    /// What is shown there; can be changed later by [`Builtin::set_tls`].
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// Before all topics of nodes, as in the configuration.
    pub prefix: String,
    /// Of Home Assistant's discovery; empty for none.
    pub discovery_prefix: String,
    /// What the sidecar's own link logs in with.
    pub own: OwnPassword,
    /// Who is who.
    pub guard: Arc<dyn Guard>,
}

/// Why the broker could not be started.
#[derive(Debug)]
pub struct Error {
    /// The address that it could not listen on.
    pub address: SocketAddr,
    /// Why not.
    pub cause: std::io::Error,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot listen on {}: {}", self.address, self.cause)
    }
}

impl std::error::Error for Error {}

/// Where the broker listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// For the sidecar's own link alone.
    pub own: SocketAddr,
    /// Without TLS.
    pub plain: Vec<SocketAddr>,
    /// With TLS.
    pub tls: Vec<SocketAddr>,
}

/// A running broker. Dropped without [`Builtin::stop`], its listeners end at once and its connections with their runtime.
pub struct Builtin {
    pub(crate) house: Arc<House>,
    addresses: Addresses,
    tasks: JoinSet<()>,
}

impl Builtin {
    /// Brings in what was kept, and then listens. On the runtime that calls it.
    ///
    /// # Errors
    ///
    /// If it cannot listen on an address.
    pub async fn start(terms: Terms, kept: Vec<Kept>) -> Result<Self, Error> {
        let house = furnish(&terms, kept).await;
        let mut tasks = JoinSet::new();
        let own = [SocketAddr::from((Ipv4Addr::LOCALHOST, 0))];
        let mut own = open(&house, &mut tasks, &own, Place::Own).await?;
        let addresses = Addresses {
            plain: open(&house, &mut tasks, &terms.listen, Place::Plain).await?,
            tls: open(&house, &mut tasks, &terms.listen_tls, Place::Tls).await?,
            own: own.remove(0),
        };
        tasks.spawn(sweep(Arc::clone(&house)));
        tasks.spawn(look_through(Arc::clone(&house)));
        Ok(Self { house, addresses, tasks })
    }

    /// Where it listens.
    #[must_use]
    pub const fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// What happened, and what is there.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let ledger = self.house.keeper.ledger();
        let (retained, retained_bytes) = (ledger.len(), ledger.bytes());
        drop(ledger);
        let unknown = self.house.unknown.taken() + self.house.unknown_own.taken();
        Counters { connections: self.house.guests.count(), unknown, retained, retained_bytes, ..self.house.tally.now() }
    }

    /// Shows another certificate from the next connection on.
    pub fn set_tls(&self, config: Arc<rustls::ServerConfig>) {
        *self.house.tls.write().unwrap_or_else(PoisonError::into_inner) = Some(config);
    }

    /// What has to be written at `now` (monotonic): new and removed topics within ten seconds, changed ones every `flush`, if
    /// this is asked for every second or two. What cannot be written has to be given back.
    pub async fn due(&self, now: Duration, flush: Duration) -> Changes {
        let topics = self.house.keeper.ledger().due(now, flush);
        self.house.keeper.read(&self.house.router, topics).await
    }

    /// Takes back what could not be written; it will be due again, as it is then.
    pub fn give_back(&self, changes: &Changes) {
        let set = changes.set.iter().map(|kept| kept.topic.as_str());
        self.house.keeper.ledger().give_back(set.chain(changes.gone.iter().map(String::as_str)));
    }

    /// Throws out a node whose certificate or token no longer counts, with its session; its will is not published. The guard
    /// must refuse it already.
    pub async fn disconnect_node(&self, node: &NodeId) {
        disconnect(&self.house, &Sender::Node(node.clone())).await;
    }

    /// Throws out a tool whose token was withdrawn, with its sessions. The guard must refuse it already.
    pub async fn disconnect_tool(&self, name: &str) {
        disconnect(&self.house, &Sender::Tool(name.to_owned())).await;
    }

    /// Throws out whose certificate or token counts no more, whoever ended that and however; done every [`REVIEW`] as well.
    pub async fn review(&self) {
        review(&self.house).await;
    }

    /// Topics on which something of a node is kept, whoever said it.
    pub async fn kept_of(&self, node: &NodeId) -> Vec<String> {
        self.house.keeper.topics_of(&self.house.router, node).await
    }

    /// Ends all connections; what is not written yet is [`Self::rest`]. No will is published: nobody is gone but the broker.
    pub async fn stop(&mut self) {
        self.tasks.shutdown().await;
        self.house.closing.store(true, Ordering::Relaxed);
        end(&self.house, self.house.guests.all(|_| true)).await;
    }

    /// A piece of what is not written yet, whenever it would be due; nothing once all of it was given.
    pub async fn rest(&self) -> Changes {
        let topics = self.house.keeper.ledger().rest();
        self.house.keeper.read(&self.house.router, topics).await
    }
}

/// All that connections share, with what was kept in it.
async fn furnish(terms: &Terms, kept: Vec<Kept>) -> Arc<House> {
    let limits = QueueLimits { max_messages: QUEUE_MESSAGES_MAX, max_bytes: QUEUE_BYTES_MAX };
    let storage = Arc::new(DynamicStorage::Memory(MemoryBackend::with_queue_limits(limits)));
    let rights = Rights::new(&terms.prefix, &terms.discovery_prefix);
    let keeper = Arc::new(Keeper::new(rights.clone(), Arc::clone(&storage)));
    let router = MessageRouter::with_storage(Arc::clone(&storage)).with_event_handler(Arc::clone(&keeper) as Arc<_>);
    keeper.seed(&router, kept).await;
    Arc::new(House {
        rights,
        guard: Arc::clone(&terms.guard),
        own: terms.own.clone(),
        tls: RwLock::new(terms.tls.clone()),
        router: Arc::new(router),
        storage,
        stats: Arc::new(BrokerStats::new()),
        keeper,
        guests: Guests::default(),
        tally: Tally::default(),
        pace: Mutex::default(),
        places: Arc::new(Semaphore::new(CONNECTIONS_MAX)),
        unknown: Permits::new(UNKNOWN_MAX, UNKNOWN_PER_ADDRESS_MAX),
        unknown_own: Permits::new(UNKNOWN_MAX, UNKNOWN_MAX),
        closing: false.into(),
        began: Instant::now(),
    })
}

/// Asks connections to end, and cuts those that do not, and those to whom nobody has spoken yet.
async fn end(house: &House, doors: Vec<Arc<Door>>) {
    doors.iter().for_each(|door| door.close());
    doors.iter().filter(|door| door.who().is_none()).for_each(|door| door.cut());
    if tokio::time::timeout(GOODBYE, house.guests.gone(&doors)).await.is_err() {
        doors.iter().for_each(|door| door.cut());
        house.guests.gone(&doors).await;
    }
}

/// Ends all that somebody has here, and forgets his sessions.
async fn disconnect(house: &House, whom: &Sender) {
    let is_meant = |door: &Door| door.who().and_then(Who::sender).as_ref() == Some(whom);
    end(house, house.guests.all(is_meant)).await;
    let user = whom.to_string();
    for id in house.storage.session_client_ids().await.unwrap_or_default() {
        let session = house.storage.get_session(&id).await.ok().flatten();
        if session.is_some_and(|session| session.user_id.as_deref() == Some(&user)) {
            house.forget(&id).await;
        }
    }
}

async fn review(house: &House) {
    let over = house.guests.all(|door| !door.may_stay());
    for door in &over {
        house.tally.refuse(door.who(), Why::Over);
        tracing::info!(client = door.client_id(), "a connection is ended: what it showed counts no more");
    }
    let whom: Vec<Sender> = over.iter().filter_map(|door| door.who()?.sender()).collect();
    end(house, over).await;
    // Somebody who may still be here by something else comes back by himself.
    for one in whom {
        disconnect(house, &one).await;
    }
}

async fn look_through(house: Arc<House>) {
    loop {
        tokio::time::sleep(REVIEW).await;
        review(&house).await;
    }
}

async fn open(
    house: &Arc<House>,
    tasks: &mut JoinSet<()>,
    addresses: &[SocketAddr],
    place: Place,
) -> Result<Vec<SocketAddr>, Error> {
    let mut bound = Vec::new();
    for &address in addresses {
        let failed = |cause| Error { address, cause };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        bound.push(listener.local_addr().map_err(failed)?);
        tasks.spawn(listen(Arc::clone(house), listener, place));
    }
    Ok(bound)
}

async fn sweep(house: Arc<House>) {
    loop {
        tokio::time::sleep(SWEEP).await;
        house.router.sweep_sessions().await;
        // In memory it cannot fail.
        let _ = house.storage.cleanup_expired().await;
    }
}
