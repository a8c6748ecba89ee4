//! Ending connections at the built-in broker. Somebody else's broker is its owner's to look after.

use std::sync::{Arc, OnceLock, Weak};

use atalaya_broker::{Addresses, Builtin, Counters};
use atalaya_wire::NodeId;
use rustls::ServerConfig;

/// Knows the built-in broker once it runs.
#[derive(Clone, Default)]
pub struct Doorman(Arc<OnceLock<Weak<Builtin>>>);

impl Doorman {
    /// This is the broker; only the first one counts.
    pub fn meet(&self, broker: &Arc<Builtin>) {
        let _ = self.0.set(Arc::downgrade(broker));
    }

    /// What happened at the broker, and where it is; none of somebody else's.
    #[must_use]
    pub fn looks(&self) -> Option<(Addresses, Counters)> {
        self.broker().map(|broker| (broker.addresses().clone(), broker.counters()))
    }

    /// Shows another certificate from the next connection on.
    pub fn show(&self, tls: Option<Arc<ServerConfig>>) {
        if let Some((broker, tls)) = self.broker().zip(tls) {
            broker.set_tls(tls);
        }
    }

    fn broker(&self) -> Option<Arc<Builtin>> {
        self.0.get()?.upgrade()
    }

    /// Ends the connection of a node that the guard refuses already.
    pub(super) async fn out_with_node(&self, node: &NodeId) {
        if let Some(broker) = self.broker() {
            broker.disconnect_node(node).await;
        }
    }

    /// The same for a tool.
    pub(super) async fn out_with_tool(&self, name: &str) {
        if let Some(broker) = self.broker() {
            broker.disconnect_tool(name).await;
        }
    }

    /// Topics on which the broker keeps something of a node.
    pub(super) async fn kept_of(&self, node: &NodeId) -> Vec<String> {
        match self.broker() {
            Some(broker) => broker.kept_of(node).await,
            None => Vec::new(),
        }
    }
}
