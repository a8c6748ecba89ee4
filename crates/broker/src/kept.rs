//! Retained messages as they are written down, and between there and the router.
//!
//! The router has each message once; its storage, which would have it a second time, gives it away as soon as it has it.

use std::collections::HashSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use atalaya_wire::NodeId;
use mqtt5::QoS;
use mqtt5::broker::events::{BrokerEventHandler, RetainedSetEvent};
use mqtt5::broker::router::MessageRouter;
use mqtt5::broker::storage::{DynamicStorage, StorageBackend};
use mqtt5::packet::publish::PublishPacket;

use crate::alike;
use crate::ledger::Ledger;
use crate::props;
use crate::rights::Rights;

/// A retained message, as a row of `retained`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Where.
    pub topic: String,
    /// 0 to 2.
    pub qos: u8,
    /// Seconds since 1970 after which nobody wants it.
    pub expires: Option<i64>,
    /// Properties of MQTT 5 as JSON: `{"user": [["name", "value"]], "content_type", "response_topic", "correlation", "text"}`,
    /// those that there are; `correlation` in hexadecimal.
    pub props: String,
    /// What.
    pub payload: Vec<u8>,
}

/// What differs from what was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// To be written, in place of what is there.
    pub set: Vec<Kept>,
    /// Topics to be removed.
    pub gone: Vec<String>,
}

impl Changes {
    /// Whether there is nothing to do.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.set.is_empty() && self.gone.is_empty()
    }
}

/// Hears what the router retains.
pub(crate) struct Keeper {
    rights: Rights,
    storage: Arc<DynamicStorage>,
    ledger: Mutex<Ledger>,
    /// While it is seeded: what comes is written already.
    seeding: std::sync::atomic::AtomicBool,
}

impl Keeper {
    pub(crate) fn new(rights: Rights, storage: Arc<DynamicStorage>) -> Self {
        Self { rights, storage, ledger: Mutex::default(), seeding: true.into() }
    }

    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a message may be retained. The sidecar's own topics are not counted for a node.
    pub(crate) fn has_room(&self, topic: &str, bytes: usize) -> bool {
        self.ledger().has_room(topic, self.rights.node_of(topic), bytes)
    }

    /// Whether what is retained there has no properties: where only one node may write, the topic says who sent it.
    /// Properties take half a kilobyte for each message, and there are tens of messages for each node.
    pub(crate) fn is_bare(&self, topic: &str) -> bool {
        self.rights.is_of_one_node(topic)
    }

    /// Topics of a node on which something is retained, but for what has expired.
    pub(crate) async fn topics_of(&self, router: &MessageRouter, node: &NodeId) -> Vec<String> {
        let found = router.get_retained_messages(&self.rights.all_of(node)).await;
        found.into_iter().map(|packet| packet.topic_name).collect()
    }

    /// Brings in what was kept. What has expired stays out.
    pub(crate) async fn seed(&self, router: &MessageRouter, kept: Vec<Kept>) {
        let now = unix_seconds();
        for mut kept in kept {
            if self.is_bare(&kept.topic) {
                kept.props.clear();
            }
            if kept.expires.is_none_or(|expires| expires > now) && self.has_room(&kept.topic, kept.payload.len()) {
                router.route_message(&packet(kept, now), None).await;
            }
        }
        self.seeding.store(false, std::sync::atomic::Ordering::Relaxed);
    }

    /// What is retained on `topics`; what is not there has gone.
    ///
    pub(crate) async fn read(&self, router: &MessageRouter, topics: Vec<Arc<str>>) -> Changes {
        let now = unix_seconds();
        let mut changes = Changes::default();
        for (filter, topics) in alike::filters(topics) {
            let mut wanted: HashSet<&str> = topics.iter().map(AsRef::as_ref).collect();
            for packet in router.get_retained_messages(&filter).await {
                if wanted.remove(packet.topic_name.as_str()) {
                    changes.set.push(row(packet, now));
                }
            }
            changes.gone.extend(wanted.into_iter().map(str::to_owned));
            tokio::task::yield_now().await;
        }
        changes
    }
}

impl BrokerEventHandler for Keeper {
    fn on_retained_set<'a>(&'a self, event: RetainedSetEvent) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(async move {
            let node = self.rights.node_of(&event.topic);
            if event.cleared {
                self.ledger().clear(&event.topic, node);
                return;
            }
            let written = self.seeding.load(std::sync::atomic::Ordering::Relaxed);
            self.ledger().set(&event.topic, node, event.payload.len(), written);
            // In memory it cannot fail; and if it did, it would cost room and nothing else.
            let _ = self.storage.remove_retained_message(&event.topic).await;
        })
    }
}

fn row(packet: PublishPacket, now: i64) -> Kept {
    Kept {
        qos: packet.qos as u8,
        expires: packet.message_expiry_interval().map(|left| now + i64::from(left)),
        props: props::to_json(&packet.properties),
        payload: packet.payload.to_vec(),
        topic: packet.topic_name,
    }
}

fn packet(kept: Kept, now: i64) -> PublishPacket {
    let qos = match kept.qos {
        0 => QoS::AtMostOnce,
        1 => QoS::AtLeastOnce,
        _ => QoS::ExactlyOnce,
    };
    let mut packet = PublishPacket::new(kept.topic, kept.payload, qos).with_retain(true);
    props::from_json(&kept.props, &mut packet.properties);
    if let Some(left) = kept.expires.and_then(|expires| u32::try_from(expires - now).ok()) {
        packet.properties.set_message_expiry_interval(left);
    }
    packet
}

fn unix_seconds() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_becomes_the_message_it_was() {
        let kept = Kept {
            topic: "atalaya/nas/status".into(),
            qos: 1,
            expires: Some(1_000),
            props: r#"{"content_type":"text/plain","text":true,"user":[["x-mqtt-sender","node:nas"],["a","b"]]}"#
                .into(),
            payload: b"online".to_vec(),
        };
        assert_eq!(row(packet(kept.clone(), 900), 900), kept);
    }

    #[test]
    fn a_retained_message_is_held_by_the_router_alone() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let storage = Arc::new(DynamicStorage::Memory(mqtt5::broker::storage::MemoryBackend::new()));
            let keeper = Arc::new(Keeper::new(Rights::new("atalaya", ""), Arc::clone(&storage)));
            let router =
                MessageRouter::with_storage(Arc::clone(&storage)).with_event_handler(Arc::clone(&keeper) as Arc<_>);
            let message =
                |topic: &str| Kept { topic: topic.into(), qos: 1, expires: None, props: "{}".into(), payload: vec![1] };
            keeper.seed(&router, vec![message("a")]).await;
            router.route_message(&packet(message("b"), 0), None).await;
            assert_eq!(router.retained_count().await, 2);
            assert!(storage.get_retained_messages("#").await.unwrap().is_empty());
            assert_eq!(keeper.ledger().len(), 2);
            assert_eq!(keeper.ledger().rest(), [Arc::from("b")]);
        });
    }
}
