//! A node's connection: made again and again, as the agent does it.

use std::cell::{Cell, RefCell};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use atalaya_base::wait::{Ended, Wait};
use rumqttc::mqttbytes::QoS;
use rumqttc::mqttbytes::v5::{LastWill, LastWillProperties, Packet, RetainForwardRule, SubscribeFilter};
use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, NetworkOptions, PublishOptions, SessionMode};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until};

use crate::node::Node;
use crate::shared::{Ledger, Orders, Shared};

/// Messages under way.
const UNDER_WAY_MAX: usize = 16;
const KEEP_ALIVE_SECONDS: u16 = 30;
const SESSION_SECONDS: u32 = 60;
const INCOMING_BYTES_MAX: u32 = 64 << 10;
/// The first connections of so many nodes are made a second.
const FIRST_PER_SECOND: f64 = 40.0;

/// How a connection ended.
enum Over {
    /// There was none.
    Refused,
    /// There was one.
    Lost,
    /// It was cut here.
    Cut,
    /// Everything is over.
    Stop,
}

/// Plays node `number` until it is told to stop.
pub(crate) async fn keep_up(number: u32, shared: Rc<Shared>) {
    sleep(Duration::from_secs_f64(f64::from(number) / FIRST_PER_SECOND)).await;
    let Ok(mut node) = Node::new(number, &shared.terms, shared.now()) else { return };
    node.make_record(shared.now());
    let mut wait = Wait::new(f64::from(number % 97) / 96.0);
    let line = Line {
        number,
        shared: Rc::clone(&shared),
        owed: Cell::new(node.records.made()),
        node: RefCell::new(node),
        places: Cell::new(0),
        failing: Cell::new(None),
        news: Notify::new(),
    };
    loop {
        let began = shared.now();
        let over = line.session().await;
        line.note();
        shared.stand(number, |standing| standing.lost += u64::from(!matches!(over, Over::Stop)));
        let ended = match over {
            Over::Stop => return,
            Over::Refused => Ended::Refused,
            Over::Lost | Over::Cut => Ended::Lost,
        };
        sleep(wait.after(ended, shared.now().saturating_sub(began))).await;
    }
}

struct Line {
    number: u32,
    shared: Rc<Shared>,
    node: RefCell<Node>,
    /// The record whose acknowledgement settles the node.
    owed: Cell<u64>,
    /// Places for messages under way.
    places: Cell<usize>,
    /// The frame that says that a disk fails.
    failing: Cell<Option<u64>>,
    /// There may be something to publish.
    news: Notify,
}

impl Line {
    async fn session(&self) -> Over {
        let (client, mut events) = AsyncClient::builder(self.options()).capacity(UNDER_WAY_MAX).build();
        self.places.set(0);
        let mut orders = self.shared.orders.clone();
        let before = *orders.borrow_and_update();
        if before.stop {
            return Over::Stop;
        }
        tokio::select! {
            over = self.listen(&client, &mut events) => over,
            () = self.speak(&client) => Over::Lost,
            over = self.obey(orders, before) => over,
        }
    }

    fn options(&self) -> MqttOptions {
        let (broker, node) = (self.shared.terms.broker, self.node.borrow());
        let id = format!("atalaya-{}", node.topics.node().as_str());
        let mut options = self.shared.terms.options_of(self.number, id);
        options.set_keep_alive(KEEP_ALIVE_SECONDS);
        options.set_session_mode(SessionMode::Clean);
        options.set_session_expiry_interval(Some(SESSION_SECONDS));
        options.set_max_packet_size(Some(INCOMING_BYTES_MAX));
        options.set_outgoing_inflight_upper_limit(UNDER_WAY_MAX as u16);
        let properties = LastWillProperties {
            delay_interval: Some(SESSION_SECONDS),
            payload_format_indicator: None,
            message_expiry_interval: None,
            content_type: None,
            response_topic: None,
            correlation_data: None,
            user_properties: Vec::new(),
        };
        options.set_last_will(LastWill::new(node.topics.status(), "offline", QoS::AtLeastOnce, true, Some(properties)));
        if let Some(own) = address(broker.ip(), self.number) {
            let mut network = NetworkOptions::new();
            network.set_bind_addr(SocketAddr::new(own, 0));
            options.set_network_options(network);
        }
        options
    }

    async fn listen(&self, client: &AsyncClient, events: &mut EventLoop) -> Over {
        let mut up = false;
        loop {
            match events.poll().await {
                Ok(Event::Incoming(Packet::ConnAck(_))) => {
                    up = true;
                    self.subscribe(client);
                    self.node.borrow_mut().connected(self.shared.now());
                    self.shared.stand(self.number, |standing| standing.connections += 1);
                    self.places.set(UNDER_WAY_MAX);
                }
                Ok(Event::Incoming(Packet::PubAck(_))) => self.places.set(self.places.get() + 1),
                Ok(Event::Incoming(Packet::Publish(publish))) => {
                    let topic = String::from_utf8_lossy(&publish.topic);
                    self.node.borrow_mut().heard(&topic, &publish.payload, self.shared.now());
                    self.note();
                }
                Ok(Event::Incoming(Packet::Disconnect(_))) => return Over::Lost,
                Ok(_) => continue,
                Err(_) if up => return Over::Lost,
                Err(_) => return Over::Refused,
            }
            self.news.notify_one();
        }
    }

    fn subscribe(&self, client: &AsyncClient) {
        for (filter, retained) in self.node.borrow().filters() {
            let mut filter = SubscribeFilter::new(&filter, QoS::AtLeastOnce);
            filter.preserve_retain = true;
            filter.retain_forward_rule =
                if retained { RetainForwardRule::OnEverySubscribe } else { RetainForwardRule::Never };
            let _ = client.try_subscribe_many([filter]);
        }
    }

    /// Publishes whatever there is as long as there are places.
    async fn speak(&self, client: &AsyncClient) {
        loop {
            let now = self.shared.now();
            let making = self.shared.orders.borrow().making;
            self.node.borrow_mut().pass(making, now);
            while self.places.get() > 0 {
                let Some(out) = self.node.borrow_mut().next(now) else { break };
                if let Some(frame) = out.frame {
                    self.shared.frame_bytes.set(out.payload.len());
                    if self.failing.get() == Some(frame) {
                        let name = self.node.borrow().topics.node().as_str().to_owned();
                        self.shared.raised.borrow_mut().entry(name).or_insert(now);
                    }
                }
                let options = PublishOptions::at_least_once().retain(out.retain);
                if client.try_publish(out.topic, out.payload, options).is_err() {
                    return;
                }
                self.places.set(self.places.get() - 1);
            }
            self.note();
            let wake = self.node.borrow().wake().saturating_sub(now);
            let wake = if making { wake } else { Duration::from_secs(1) };
            tokio::select! {
                () = self.news.notified() => {}
                () = sleep_until(Instant::now() + wake) => {}
            }
        }
    }

    async fn obey(&self, mut orders: tokio::sync::watch::Receiver<Orders>, before: Orders) -> Over {
        let mut quiet = before.quiet;
        loop {
            if orders.changed().await.is_err() {
                return Over::Stop;
            }
            let told = *orders.borrow_and_update();
            if told.stop {
                return Over::Stop;
            }
            let now = self.shared.now();
            if told.cuts != before.cuts {
                let mut node = self.node.borrow_mut();
                node.make_record(now);
                self.owed.set(node.records.made());
                return Over::Cut;
            }
            if told.quiet && !quiet {
                quiet = true;
                self.node.borrow_mut().spread_heartbeats(now);
            }
            if self.number < told.failing && self.failing.get().is_none() {
                self.failing.set(Some(self.node.borrow_mut().fail(now)));
                self.news.notify_one();
            }
        }
    }

    /// How it stands.
    fn note(&self) {
        let (node, now) = (self.node.borrow(), self.shared.now());
        let settled = node.records.acked >= self.owed.get();
        self.shared.stand(self.number, |standing| {
            if settled {
                standing.settled.get_or_insert(now);
            }
            standing.ledger = Ledger {
                node: node.topics.node().as_str().to_owned(),
                record_stream: node.records.stream.to_string(),
                records_made: node.records.made(),
                records_acknowledged: node.records.acked,
                records_offered: node.records.offers,
                frame_stream: node.frames.stream.to_string(),
                frames_made: node.frames.made,
                frames_sent: node.frames.sent,
                frames_again: node.frames.again,
            };
        });
    }
}

/// Brokers count connections by address; nodes of a fleet come from many.
fn address(broker: IpAddr, number: u32) -> Option<IpAddr> {
    let [_, _, high, low] = (number / 250 * 256 + number % 250 + 2).to_be_bytes();
    (broker == IpAddr::V4(Ipv4Addr::LOCALHOST)).then(|| Ipv4Addr::new(127, 1, high, low).into())
}
