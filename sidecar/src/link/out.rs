//! What is to be said: news first, then of acknowledgements the newest of each node, then what the broker keeps, in order.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use atalaya_wire::NodeId;
use tokio::sync::{Notify, oneshot};

/// Messages of each sort that wait beside acknowledgements. The oldest goes for a newer one: what must arrive is said again.
const WAITING_MAX: usize = 10_000;

/// What the broker says to a message, or why it says nothing.
pub(crate) type Receipt = Result<(), String>;

/// A message that waits.
#[derive(Debug)]
pub(crate) struct Message {
    /// Where.
    pub topic: String,
    /// What.
    pub payload: Vec<u8>,
    /// Whether the broker keeps it.
    pub retain: bool,
    /// Who wants to know that the broker has it. Where nobody waits any more it is not said.
    pub receipt: Option<oneshot::Sender<Receipt>>,
}

impl Message {
    /// Whether somebody wanted to know and has given it up: whoever has says it again.
    fn is_given_up(&self) -> bool {
        self.receipt.as_ref().is_some_and(oneshot::Sender::is_closed)
    }
}

/// Shared by whoever has something to say and the connection.
#[derive(Clone, Debug, Default)]
pub struct Out {
    waiting: Arc<Mutex<Waiting>>,
    news: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Waiting {
    /// What is worth something at once or never: alerts, commands.
    news: VecDeque<Message>,
    acks: BTreeMap<NodeId, Vec<u8>>,
    /// What the broker keeps.
    kept: VecDeque<Message>,
}

impl Waiting {
    const fn beside(&mut self, retain: bool) -> &mut VecDeque<Message> {
        if retain { &mut self.kept } else { &mut self.news }
    }
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
        self.push(Message { topic, payload, retain, receipt: None });
    }

    /// News whose arrival at the broker is waited for. One that is lost on its way answers with an error, or not at all.
    pub(crate) fn hand_over(&self, topic: String, payload: Vec<u8>) -> oneshot::Receiver<Receipt> {
        let (receipt, answer) = oneshot::channel();
        self.push(Message { topic, payload, retain: false, receipt: Some(receipt) });
        answer
    }

    fn push(&self, message: Message) {
        self.change(|waiting| {
            let messages = waiting.beside(message.retain);
            if messages.len() >= WAITING_MAX {
                messages.pop_front();
            }
            messages.push_back(message);
        });
        self.news.notify_one();
    }

    /// How many wait beside acknowledgements.
    pub(crate) fn waiting(&self) -> usize {
        self.change(|waiting| waiting.news.len() + waiting.kept.len())
    }

    /// The next one. News does not wait behind a thousand acknowledgements, and they not behind what is only kept, because
    /// nodes wait for them.
    pub(crate) fn next(&self, topic: impl Fn(&NodeId) -> String) -> Option<Message> {
        self.change(|waiting| {
            let ack = |waiting: &mut Waiting| {
                let (node, payload) = waiting.acks.pop_first()?;
                Some(Message { topic: topic(&node), payload, retain: true, receipt: None })
            };
            let news = std::iter::from_fn(|| waiting.news.pop_front()).find(|message| !message.is_given_up());
            news.or_else(|| ack(waiting)).or_else(|| waiting.kept.pop_front())
        })
    }

    /// Puts one back that could not be said.
    pub(super) fn put_back(&self, message: Message) {
        self.change(|waiting| waiting.beside(message.retain).push_front(message));
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
        out.say("x".into(), vec![9], true);
        (0..5).for_each(|n| out.ack(node.clone(), vec![n]));
        let all: Vec<_> = std::iter::from_fn(|| out.next(|node| node.as_str().to_owned())).collect();
        assert_eq!(all.iter().map(|m| (m.topic.as_str(), m.payload[0])).collect::<Vec<_>>(), [("nas", 4), ("x", 9)]);
    }

    #[test]
    fn news_waits_behind_nothing_but_news() {
        let out = Out::default();
        out.say("kept".into(), Vec::new(), true);
        out.ack("nas".parse().unwrap(), Vec::new());
        out.say("first".into(), Vec::new(), false);
        out.say("second".into(), Vec::new(), false);
        let first = out.next(|_| "ack".into()).unwrap();
        out.put_back(first);
        assert_eq!(out.waiting(), 3);
        let all: Vec<_> = std::iter::from_fn(|| out.next(|_| "ack".into())).map(|message| message.topic).collect();
        assert_eq!(all, ["first", "second", "ack", "kept"]);
    }

    #[test]
    fn what_somebody_has_given_up_is_not_said_later() {
        let out = Out::default();
        let (kept, lost) = (out.hand_over("kept".into(), Vec::new()), out.hand_over("lost".into(), Vec::new()));
        drop(lost);
        let all: Vec<_> = std::iter::from_fn(|| out.next(|_| String::new())).map(|message| message.topic).collect();
        assert_eq!(all, ["kept"]);
        assert!(kept.blocking_recv().is_err(), "what the connection let go of has no answer");
    }

    #[test]
    fn what_waits_is_bounded() {
        let out = Out::default();
        (0..WAITING_MAX + 3).for_each(|n| out.say(n.to_string(), Vec::new(), false));
        assert_eq!(out.next(|_| String::new()).unwrap().topic, "3");
    }
}
