//! What all nodes share: what is played, what they are told to do, and how each stands.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rumqttc::{MqttOptions, TlsConfiguration, Transport};
use tokio::sync::watch;

/// What is played.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    pub(crate) broker: SocketAddr,
    pub(crate) tls: Option<TlsConfiguration>,
    /// Of each node, where they show certificates.
    pub(crate) own_tls: Vec<TlsConfiguration>,
    pub(crate) prefix: String,
    pub(crate) nodes: u32,
    pub(crate) interval: Duration,
    pub(crate) record_every: Duration,
    pub(crate) discovery: bool,
    /// So that streams are others in each run.
    pub(crate) seed: u64,
    /// Milliseconds since 1970 when the tool began.
    pub(crate) began_millis: i64,
}

impl Terms {
    /// Of the connection of node `number` as `id`.
    pub(crate) fn options_of(&self, number: u32, id: impl Into<String>) -> MqttOptions {
        let mut options = self.options(id);
        if let Some(tls) = self.own_tls.get(number as usize) {
            options.set_transport(Transport::tls_with_config(tls.clone()));
        }
        options
    }

    /// Of a connection as `id`.
    pub(crate) fn options(&self, id: impl Into<String>) -> MqttOptions {
        let mut options = MqttOptions::new(id, (self.broker.ip().to_string(), self.broker.port()));
        if let Some(tls) = &self.tls {
            options.set_transport(Transport::tls_with_config(tls.clone()));
        }
        options
    }
}

/// What nodes are told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Orders {
    /// Connections were cut so often.
    pub(crate) cuts: u32,
    /// In so many nodes a disk has failed.
    pub(crate) failing: u32,
    /// Heartbeats are spread as in a fleet that is long there.
    pub(crate) quiet: bool,
    /// Frames and records are made.
    pub(crate) making: bool,
    /// It is over.
    pub(crate) stop: bool,
}

/// How a node stands.
#[derive(Clone, Debug, Default)]
pub(crate) struct Standing {
    /// It has had an acknowledgement of a record that it made since its links were last cut.
    pub(crate) settled: Option<Duration>,
    pub(crate) connections: u64,
    /// What ended connections, or refused them.
    pub(crate) lost: u64,
    pub(crate) ledger: Ledger,
}

/// Of a node's streams, to be compared with what the sidecar has.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub(crate) struct Ledger {
    pub(crate) node: String,
    pub(crate) record_stream: String,
    pub(crate) records_made: u64,
    pub(crate) records_acknowledged: u64,
    /// How often one was offered.
    pub(crate) records_offered: u64,
    pub(crate) frame_stream: String,
    pub(crate) frames_made: u64,
    pub(crate) frames_sent: u64,
    /// Of those, the ones that the sidecar asked for again.
    pub(crate) frames_again: u64,
}

/// See the module.
pub(crate) struct Shared {
    pub(crate) terms: Terms,
    pub(crate) orders: watch::Receiver<Orders>,
    pub(crate) standings: RefCell<Vec<Standing>>,
    /// When the frame that says that a disk fails was published, by node.
    pub(crate) raised: RefCell<HashMap<String, Duration>>,
    /// When the alert was heard.
    pub(crate) heard: RefCell<HashMap<String, Duration>>,
    /// Bytes of the last frame that was published.
    pub(crate) frame_bytes: std::cell::Cell<usize>,
    began: Instant,
}

impl Shared {
    pub(crate) fn new(terms: Terms, orders: watch::Receiver<Orders>) -> Self {
        let standings = RefCell::new(vec![Standing::default(); terms.nodes as usize]);
        Self {
            terms,
            orders,
            standings,
            raised: RefCell::default(),
            heard: RefCell::default(),
            frame_bytes: std::cell::Cell::default(),
            began: Instant::now(),
        }
    }

    /// Since the tool began.
    pub(crate) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// Changes how node `number` stands.
    pub(crate) fn stand(&self, number: u32, change: impl FnOnce(&mut Standing)) {
        if let Some(standing) = self.standings.borrow_mut().get_mut(number as usize) {
            change(standing);
        }
    }

    /// Whether that is so of every node.
    pub(crate) fn all(&self, is: impl Fn(&Standing) -> bool) -> bool {
        self.standings.borrow().iter().all(is)
    }
}
