//! Reads what the built-in broker has retained, past the connection.

use std::time::Duration;

use atalaya_broker::Builtin;
use tokio::sync::mpsc::UnboundedReceiver;

use super::{Ear, Heard, Terms, topic};

/// Between two looks whether messages were lost.
const LOOK: Duration = Duration::from_secs(5);
/// So many looks it may go on before all is read all the same.
const LOOKS_MAX: u32 = 12;

/// Tells the tower what is retained on each of the filters that come, and on all of them after messages had to queue, as
/// the oldest of those may have been dropped, or found no room here. That is done when none is lost any more: a fleet that
/// comes would wait for it. What is told twice is the same, and what was sent meanwhile comes after it.
pub(super) async fn recall(terms: &Terms, ear: &Ear, mut subscribed: UnboundedReceiver<String>) {
    let Some(builtin) = &terms.builtin else { return std::future::pending().await };
    let lost = || (builtin.fell_behind(), ear.dropped());
    let (mut known, mut looks) = (lost(), 0);
    loop {
        match tokio::time::timeout(LOOK, subscribed.recv()).await {
            Ok(Some(filter)) => read(builtin, ear, &filter).await,
            Ok(None) => return,
            Err(_) => {
                let now = lost();
                let more = now != std::mem::replace(&mut known, now);
                let due = if more { looks == LOOKS_MAX } else { looks > 0 };
                looks = if due { 0 } else { looks + u32::from(more) };
                if due {
                    tracing::info!(
                        "messages of nodes had to queue or were dropped; all that is retained is read again"
                    );
                    for filter in topic::filters(&terms.prefix) {
                        read(builtin, ear, &filter).await;
                    }
                }
            }
        }
    }
}

async fn read(builtin: &Builtin, ear: &Ear, filter: &str) {
    for one in builtin.retained(filter).await {
        let (topic, payload, sender) = (one.topic, one.payload, one.sender);
        ear.hear(Heard { topic, payload, retained: true, sender }).await;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;
    use std::sync::mpsc::{Receiver, sync_channel};

    use atalaya_broker::{Guard, OWN_CLIENT_ID, OwnPassword, Who};
    use atalaya_wire::NodeId;
    use rumqttc::{AsyncClient, Event, MqttOptions, Packet, PublishOptions};
    use tokio::sync::watch;

    use crate::link::{Out, keep_up};
    use crate::tower::Word;

    use super::*;

    /// Nodes, and messages of each; so large that they fill the lane, the queue behind it and what the system buffers.
    const NODES: usize = 12;
    const EACH: usize = 700;
    const BYTES: usize = 6 << 10;

    struct Everybody;

    impl Guard for Everybody {
        fn certificate(&self, _: &[u8; 32]) -> Option<NodeId> {
            None
        }

        fn password(&self, _: &str, _: &[u8]) -> Option<Who> {
            None
        }

        fn anonymous(&self) -> bool {
            true
        }

        fn still(&self, _: &Who) -> bool {
            true
        }
    }

    async fn open(own: &OwnPassword) -> Arc<Builtin> {
        let terms = atalaya_broker::Terms {
            listen: vec!["127.0.0.1:0".parse().unwrap()],
            listen_tls: Vec::new(),
            tls: None,
            prefix: "atalaya".into(),
            discovery_prefix: String::new(),
            own: own.clone(),
            guard: Arc::new(Everybody),
        };
        Arc::new(Builtin::start(terms, Vec::new()).await.unwrap())
    }

    fn link(builtin: &Arc<Builtin>, own: OwnPassword) -> Terms {
        let address = builtin.addresses().own;
        let options = move || {
            let mut options = MqttOptions::new(OWN_CLIENT_ID, (address.ip().to_string(), address.port()));
            options.set_credentials(own.user(), own.password().as_bytes().to_vec());
            Ok(options)
        };
        let builtin = Some(Arc::clone(builtin));
        Terms { options: Arc::new(options), prefix: "atalaya".into(), id: "_sidecar".into(), builtin }
    }

    fn topic(node: usize, number: usize) -> String {
        format!("atalaya/n{node}/disk/{number}")
    }

    /// Says all that a node has to say, and hears that it arrived.
    async fn say(builtin: Arc<Builtin>, node: usize) {
        let address = builtin.addresses().plain[0];
        let options = MqttOptions::new(format!("tool-{node}"), (address.ip().to_string(), address.port()));
        let (client, mut events) = AsyncClient::builder(options).capacity(10).build();
        let all = async {
            for number in 0..EACH {
                let options = PublishOptions::at_least_once().retain(true);
                client.publish(topic(node, number), vec![b'x'; BYTES], options).await.unwrap();
            }
            std::future::pending::<()>().await;
        };
        let heard = async {
            let mut left = EACH;
            while left > 0 {
                left -= usize::from(matches!(events.poll().await.unwrap(), Event::Incoming(Packet::PubAck(_))));
            }
        };
        tokio::select! { () = all => {} () = heard => {} }
    }

    /// Which topics come, until all have come or none does for `wait`.
    fn topics(words: &Receiver<Word>, wanted: usize, wait: Duration) -> BTreeSet<String> {
        let mut topics = BTreeSet::new();
        while topics.len() < wanted {
            match words.recv_timeout(wait) {
                Ok(Word::Heard(heard, _)) if heard.payload.len() == BYTES => drop(topics.insert(heard.topic)),
                Ok(_) => {}
                Err(_) => break,
            }
        }
        topics
    }

    #[test]
    fn what_was_dropped_behind_a_full_lane_is_read_again() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let own = OwnPassword::random().unwrap();
        let builtin = runtime.block_on(open(&own));
        let (tower, words) = sync_channel(1_024);
        let (_stop, stopped) = watch::channel(false);
        runtime.spawn(keep_up(link(&builtin, own), Ear::new(tower), Out::default(), stopped));
        while !matches!(words.recv().unwrap(), Word::Up) {}
        // The tower takes nothing in until all that is to be said was taken by the broker.
        let nodes: Vec<_> = (0..NODES).map(|node| runtime.spawn(say(Arc::clone(&builtin), node))).collect();
        nodes.into_iter().for_each(|node| runtime.block_on(node).unwrap());
        assert!(builtin.fell_behind() > 0, "all of it found room");
        let wanted = NODES * EACH;
        let heard = topics(&words, wanted, 4 * LOOK);
        assert_eq!(heard.len(), wanted, "some was lost");
    }

    #[test]
    fn what_was_retained_before_the_connection_is_read() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let own = OwnPassword::random().unwrap();
        let builtin = runtime.block_on(open(&own));
        runtime.block_on(say(Arc::clone(&builtin), 0));
        runtime.block_on(say(Arc::clone(&builtin), 1));
        let (tower, words) = sync_channel(1_024);
        let (_stop, stopped) = watch::channel(false);
        runtime.spawn(keep_up(link(&builtin, own), Ear::new(tower), Out::default(), stopped));
        assert_eq!(topics(&words, 2 * EACH, LOOK).len(), 2 * EACH, "more than fits into the lane");
    }
}
