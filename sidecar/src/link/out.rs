//! What is to be said: of acknowledgements the newest of each node, of the rest what fits, in order.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use atalaya_wire::NodeId;
use tokio::sync::Notify;

/// Messages that wait beside acknowledgements. The oldest goes for a newer one: what must arrive is said again.
const WAITING_MAX: usize = 10_000;

/// A message that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// Where.
    pub topic: String,
    /// What.
    pub payload: Vec<u8>,
    /// Whether the broker keeps it.
    pub retain: bool,
}

/// Shared by whoever has something to say and the connection.
#[derive(Clone, Debug, Default)]
pub struct Out {
    waiting: Arc<Mutex<Waiting>>,
    news: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Waiting {
    acks: BTreeMap<NodeId, Vec<u8>>,
    messages: VecDeque<Message>,
}

impl Out {
    fn change<T>(&self, change: impl FnOnce(&mut Waiting) -> T) -> T {
        change(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// An acknowledgement: takes the place of an older one of the node.
    pub fn ack(&self, node: NodeId, payload: Vec<u8>) {
        self.change(|waiting| waiting.acks.insert(node, payload));
        self.news.notify_one();
    }

    /// Any other message.
    pub fn say(&self, topic: String, payload: Vec<u8>, retain: bool) {
        self.change(|waiting| {
            if waiting.messages.len() >= WAITING_MAX {
                waiting.messages.pop_front();
            }
            waiting.messages.push_back(Message { topic, payload, retain });
        });
        self.news.notify_one();
    }

    /// How many wait beside acknowledgements.
    pub(crate) fn waiting(&self) -> usize {
        self.change(|waiting| waiting.messages.len())
    }

    /// The next one; acknowledgements first, because nodes wait for them.
    pub(crate) fn next(&self, topic: impl Fn(&NodeId) -> String) -> Option<Message> {
        self.change(|waiting| match waiting.acks.pop_first() {
            Some((node, payload)) => Some(Message { topic: topic(&node), payload, retain: true }),
            None => waiting.messages.pop_front(),
        })
    }

    /// Puts one back that could not be said.
    pub(super) fn put_back(&self, message: Message) {
        self.change(|waiting| waiting.messages.push_front(message));
    }

    /// Until there is something.
    pub(super) async fn wait(&self) {
        self.news.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_node_only_the_newest_acknowledgement_waits() {
        let out = Out::default();
        let node: NodeId = "nas".parse().unwrap();
        out.say("x".into(), vec![9], false);
        (0..5).for_each(|n| out.ack(node.clone(), vec![n]));
        let all: Vec<_> = std::iter::from_fn(|| out.next(|node| node.as_str().to_owned())).collect();
        assert_eq!(all.iter().map(|m| (m.topic.as_str(), m.payload[0])).collect::<Vec<_>>(), [("nas", 4), ("x", 9)]);
    }

    #[test]
    fn what_waits_is_bounded() {
        let out = Out::default();
        (0..WAITING_MAX + 3).for_each(|n| out.say(n.to_string(), Vec::new(), false));
        assert_eq!(out.next(|_| String::new()).unwrap().topic, "3");
    }
}
