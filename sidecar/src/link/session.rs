//! Connects again and again; hears and says, side by side.

use std::sync::Arc;
use std::time::Duration;

use atalaya_broker::Builtin;
use atalaya_wire::NodeId;
use rumqttc::mqttbytes::QoS;
use rumqttc::mqttbytes::v5::{LastWill, Packet, Publish, RetainForwardRule, SubscribeFilter, SubscribeReasonCode};
use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, PublishOptions, SessionMode};
use tokio::sync::{mpsc, watch};

use super::out::Message;
use super::{Ear, Heard, Out, recall, topic};
use crate::tower::Word;

/// Messages of ours that may be under way.
const UNDER_WAY_MAX: u16 = 64;
/// Messages of ours a second that the broker keeps, so that a thousand acknowledgements after a start are no storm. News is
/// said as fast as the broker takes it.
const PER_SECOND: u32 = 500;
/// Largest packet that is taken in.
const INCOMING_BYTES_MAX: u32 = 1 << 20;
const WAIT_FIRST: Duration = Duration::from_millis(500);
const WAIT_LAST: Duration = Duration::from_secs(30);

/// Whom to connect to, and as whom.
#[derive(Clone)]
pub struct Terms {
    /// Makes the options of a connection: passwords and certificates are read each time.
    pub options: Arc<dyn Fn() -> Result<MqttOptions, String> + Send + Sync>,
    /// Of all topics.
    pub prefix: String,
    /// The sidecar's own id in topics, with its underscore.
    pub id: String,
    /// The built-in broker, if that is what is connected to: what it has retained is read from it directly.
    pub builtin: Option<Arc<Builtin>>,
}

/// Keeps up the connection until `stop` says so.
pub async fn keep_up(terms: Terms, ear: Ear, out: Out, mut stop: watch::Receiver<bool>) {
    let mut wait = WAIT_FIRST;
    while !*stop.borrow() {
        let session = Session { terms: &terms, ear: &ear, out: &out };
        let ended = session.run(&mut stop).await;
        ear.tell(Word::Down(ended.why.clone())).await;
        if ended.was_up {
            wait = WAIT_FIRST;
        }
        if !*stop.borrow() {
            tracing::warn!(why = ended.why, "no connection to the broker");
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                _ = stop.changed() => {}
            }
            wait = (wait * 2).min(WAIT_LAST);
        }
    }
}

struct Ended {
    why: String,
    was_up: bool,
}

struct Session<'a> {
    terms: &'a Terms,
    ear: &'a Ear,
    out: &'a Out,
}

impl Session<'_> {
    async fn run(&self, stop: &mut watch::Receiver<bool>) -> Ended {
        let mut options = match (self.terms.options)() {
            Ok(options) => options,
            Err(why) => return Ended { why, was_up: false },
        };
        options.set_session_mode(SessionMode::Clean);
        options.set_keep_alive(30);
        options.set_max_packet_size(Some(INCOMING_BYTES_MAX));
        options.set_outgoing_inflight_upper_limit(UNDER_WAY_MAX);
        options.set_last_will(LastWill::new(self.status(), "offline", QoS::AtLeastOnce, true, None));
        let (client, mut events) = AsyncClient::builder(options).capacity(usize::from(UNDER_WAY_MAX)).build();
        let up = watch::Sender::new(false);
        let (subscribed, news) = mpsc::unbounded_channel();
        tokio::select! {
            why = self.listen(&client, &mut events, &up, &subscribed) => Ended { why, was_up: *up.borrow() },
            why = self.speak(&client, up.subscribe()) => Ended { why, was_up: *up.borrow() },
            why = self.goodbye(&client, stop, up.subscribe()) => Ended { why, was_up: *up.borrow() },
            () = recall::recall(self.terms, self.ear, news) => Ended { why: "it ended".into(), was_up: *up.borrow() },
        }
    }

    fn status(&self) -> String {
        format!("{}/{}/status", self.terms.prefix, self.terms.id)
    }

    async fn listen(
        &self,
        client: &AsyncClient,
        events: &mut EventLoop,
        up: &watch::Sender<bool>,
        subscribed: &mpsc::UnboundedSender<String>,
    ) -> String {
        let mut filters = topic::filters(&self.terms.prefix).into_iter();
        let mut asked = None;
        loop {
            match events.poll().await {
                Ok(Event::Incoming(Packet::ConnAck(_))) => {
                    self.ear.tell(Word::Up).await;
                    up.send_replace(true);
                    asked = filters.next();
                    if !self.subscribe(client, asked.as_deref()) {
                        return "cannot subscribe".into();
                    }
                }
                // One kind after another: what is kept of a thousand nodes is more than fits at once.
                Ok(Event::Incoming(Packet::SubAck(ack))) => {
                    if ack.return_codes.iter().any(|code| !matches!(code, SubscribeReasonCode::Success(_))) {
                        tracing::error!(
                            "the broker does not let the sidecar read all topics; see docs/tower.md, \"External broker\""
                        );
                    }
                    // As many as there are filters at most.
                    let _ = asked.take().map(|filter| subscribed.send(filter));
                    asked = filters.next();
                    self.subscribe(client, asked.as_deref());
                }
                Ok(Event::Incoming(Packet::Publish(publish))) => {
                    self.ear.hear(heard(publish)).await;
                }
                Ok(Event::Incoming(Packet::Disconnect(bye))) => {
                    return format!("the broker ended it: {:?}", bye.reason_code);
                }
                Ok(_) => {}
                Err(err) => return err.to_string().replace('\n', " "),
            }
        }
    }

    fn subscribe(&self, client: &AsyncClient, filter: Option<&str>) -> bool {
        filter.is_none_or(|filter| {
            let mut filter = SubscribeFilter::new(filter, QoS::AtLeastOnce);
            // What is told now comes as news, whether the broker keeps it or not.
            filter.preserve_retain = false;
            if self.terms.builtin.is_some() {
                filter.retain_forward_rule = RetainForwardRule::Never;
            }
            client.try_subscribe_many([filter]).is_ok()
        })
    }

    /// What is to be said; what the broker keeps, evenly.
    async fn speak(&self, client: &AsyncClient, mut up: watch::Receiver<bool>) -> String {
        if up.wait_for(|up| *up).await.is_err() {
            return "it ended".into();
        }
        let options = PublishOptions::at_least_once().retain(true);
        if client.publish(self.status(), "online", options).await.is_err() {
            return "cannot publish".into();
        }
        let ack = |node: &NodeId| format!("{}/{}/ack", self.terms.prefix, node.as_str());
        let mut beat = tokio::time::interval(Duration::from_secs(1) / PER_SECOND);
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let Some(message) = self.out.next(ack) else {
                self.out.wait().await;
                continue;
            };
            if message.retain {
                beat.tick().await;
            }
            if let Err(message) = publish(client, message).await {
                self.out.put_back(message);
                return "cannot publish".into();
            }
        }
    }

    /// Waits for the end, then says it.
    async fn goodbye(
        &self,
        client: &AsyncClient,
        stop: &mut watch::Receiver<bool>,
        up: watch::Receiver<bool>,
    ) -> String {
        let _ = stop.wait_for(|stop| *stop).await;
        if *up.borrow() {
            let options = PublishOptions::at_least_once().retain(true);
            let said = client.try_publish_tracked(self.status(), "offline", options);
            if let Ok(notice) = said {
                let _ = tokio::time::timeout(Duration::from_secs(2), notice.wait_completion_async()).await;
            }
            let _ = client.try_disconnect();
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        "stopping".into()
    }
}

/// Gives it to the connection, or back. The broker's receipt goes to whoever waits for it; a connection that ends before says
/// so as well, for it begins without what was under way.
async fn publish(client: &AsyncClient, message: Message) -> Result<(), Message> {
    let options = PublishOptions::at_least_once().retain(message.retain);
    let (topic, payload) = (message.topic.clone(), message.payload.clone());
    let Ok(notice) = client.publish_tracked(topic, payload, options).await else { return Err(message) };
    if let Some(receipt) = message.receipt {
        tokio::spawn(async move {
            let said = notice.wait_completion_async().await.map_err(|err| err.to_string());
            let _ = receipt.send(said);
        });
    }
    Ok(())
}

fn heard(publish: Publish) -> Heard {
    let sender = publish.properties.as_ref().and_then(|properties| {
        let named = properties.user_properties.iter().find(|(name, _)| name == atalaya_broker::SENDER);
        named.map(|(_, value)| value.clone())
    });
    Heard {
        topic: String::from_utf8_lossy(&publish.topic).into_owned(),
        payload: publish.payload.to_vec(),
        retained: publish.retain,
        sender,
    }
}
