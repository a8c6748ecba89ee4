//! What is retained, for whoever is in this process: read past connections, whose lanes are short.

use mqtt5::broker::storage::StorageBackend;
use mqtt5::{Properties, PropertyId, PropertyValue};

use crate::builtin::Builtin;
use crate::who::SENDER;

/// The client id of the sidecar's own link, by which it is known whether messages to it had to wait behind its lane.
pub const OWN_CLIENT_ID: &str = "atalaya-sidecar";

/// A retained message, as the own link would hear it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retained {
    /// Where.
    pub topic: String,
    /// What.
    pub payload: Vec<u8>,
    /// Who sent it, by [`SENDER`].
    pub sender: Option<String>,
}

impl Builtin {
    /// All that is retained where `filter` matches. It is copied, so a filter should be about one kind of topic.
    pub async fn retained(&self, filter: &str) -> Vec<Retained> {
        let found = self.house.router.get_retained_messages(filter).await;
        let retained = found.into_iter().map(|packet| Retained {
            sender: sender(&packet.properties),
            payload: packet.payload.to_vec(),
            topic: packet.topic_name,
        });
        retained.collect()
    }

    /// Counts the messages to [`OWN_CLIENT_ID`] that found no room in its lane within two seconds and had to queue behind
    /// it, where the oldest may have gone for newer ones. If it is another number than before, what is retained is to be read again.
    #[must_use]
    pub fn fell_behind(&self) -> u64 {
        self.house.storage.queue_handle(OWN_CLIENT_ID).next_seq()
    }
}

fn sender(properties: &Properties) -> Option<String> {
    properties.iter().find_map(|(id, value)| match (id, value) {
        (PropertyId::UserProperty, PropertyValue::Utf8StringPair(name, value)) if name == SENDER => Some(value.clone()),
        _ => None,
    })
}
