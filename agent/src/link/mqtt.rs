//! A connection over MQTT 5, in a thread of its own: `rumqttc` brings a runtime, and nothing else here depends on it.

use std::thread::{self, JoinHandle};
use std::time::Duration;

use async_channel::{Receiver, Sender};
use rumqttc::mqttbytes::QoS;
use rumqttc::mqttbytes::v5::{LastWill, Packet, RetainForwardRule, SubscribeFilter};
use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, PublishOptions, SessionMode, TlsConfiguration, Transport};

use super::{Ear, Heard, Link, Out, tls};
use crate::config::Output;

/// Messages that may be under way: the rest waits where it can be replaced by something newer.
const UNDER_WAY_MAX: usize = 16;
/// Largest packet that is taken in: commands and acknowledgements are small.
const INCOMING_BYTES_MAX: u32 = 64 << 10;
/// How long a broker keeps the session, and waits with the will.
const SESSION_SECONDS: u32 = 60;
const KEEP_ALIVE_SECONDS: u16 = 30;
const WAIT_MIN: Duration = Duration::from_secs(1);
const WAIT_MAX: Duration = Duration::from_secs(120);

/// What the broker says when the connection is lost.
#[derive(Clone, Debug)]
pub struct Will {
    /// Where; retained.
    pub topic: String,
    /// What.
    pub payload: &'static str,
}

/// What is subscribed to.
#[derive(Clone, Debug)]
pub struct Subscription {
    /// Topic, perhaps with wildcards.
    pub filter: String,
    /// Whether what the broker kept is wanted.
    pub retained: bool,
}

/// See the module.
pub struct Mqtt {
    requests: Sender<Out>,
    thread: Option<JoinHandle<()>>,
}

impl Mqtt {
    /// Keeps up a connection to `output` as link `number`. `identity` is the client's id; `spread` (0 to 1) makes waits of
    /// many nodes differ.
    ///
    /// # Errors
    ///
    /// If there is no thread for it.
    pub fn start(
        number: usize,
        output: Output,
        identity: String,
        will: Will,
        subscriptions: Vec<Subscription>,
        spread: f64,
        ear: Ear,
    ) -> std::io::Result<Self> {
        let (requests, receiver) = async_channel::bounded(UNDER_WAY_MAX);
        let session = Session { number, output, identity, will, subscriptions, spread, ear, requests: receiver };
        let thread = thread::Builder::new().name("mqtt".into()).stack_size(256 << 10).spawn(move || session.run())?;
        Ok(Self { requests, thread: Some(thread) })
    }
}

impl Link for Mqtt {
    fn offer(&self, out: Out) -> Result<(), Out> {
        self.requests.try_send(out).map_err(async_channel::TrySendError::into_inner)
    }

    fn stop(&mut self, deadline: Duration) {
        self.requests.close();
        let Some(thread) = self.thread.take() else { return };
        let until = std::time::Instant::now() + deadline;
        while !thread.is_finished() && std::time::Instant::now() < until {
            thread::sleep(Duration::from_millis(20));
        }
        if thread.is_finished() {
            let _ = thread.join();
        }
    }
}

struct Session {
    number: usize,
    output: Output,
    identity: String,
    will: Will,
    subscriptions: Vec<Subscription>,
    spread: f64,
    ear: Ear,
    requests: Receiver<Out>,
}

impl Session {
    fn run(self) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        match runtime {
            Ok(runtime) => runtime.block_on(self.keep_up()),
            Err(err) => self.tell(Heard::Down(format!("cannot start: {err}"))),
        }
    }

    fn tell(&self, heard: Heard) {
        let _ = self.ear.send_blocking((self.number, heard));
    }

    async fn hear(&self, heard: Heard) {
        let _ = self.ear.send((self.number, heard)).await;
    }

    /// Connects again and again, ever later, until it is told to stop.
    async fn keep_up(self) {
        let mut wait = WAIT_MIN;
        while !self.requests.is_closed() {
            match self.options() {
                Err(why) => self.hear(Heard::Down(why)).await,
                Ok(options) => {
                    let (client, events) = AsyncClient::builder(options).capacity(UNDER_WAY_MAX).build();
                    match self.talk(client, events).await {
                        Ended::Stopped => return,
                        Ended::Lost(why) => {
                            wait = WAIT_MIN;
                            self.hear(Heard::Down(why)).await;
                        }
                        Ended::Refused(why) => self.hear(Heard::Down(why)).await,
                    }
                }
            }
            // What was taken for this connection is offered anew on the next.
            while self.requests.try_recv().is_ok() {}
            tokio::time::sleep(wait.mul_f64(0.5 + self.spread / 2.0)).await;
            wait = (wait * 2).min(WAIT_MAX);
        }
    }

    /// Password and certificates are read for every connection, so that changed ones count at once.
    fn options(&self) -> Result<MqttOptions, String> {
        let url = &self.output.url;
        let mut options = MqttOptions::new(&self.identity, (url.host.as_str(), url.port));
        options.set_keep_alive(KEEP_ALIVE_SECONDS);
        options.set_session_mode(SessionMode::Clean);
        options.set_session_expiry_interval(Some(SESSION_SECONDS));
        options.set_max_packet_size(Some(INCOMING_BYTES_MAX));
        options.set_last_will(LastWill::new(&self.will.topic, self.will.payload, QoS::AtLeastOnce, true, None));
        match (&self.output.username, &self.output.password) {
            (Some(user), Some(password)) => {
                options.set_credentials(user, password.read()?.as_bytes().to_vec());
            }
            (Some(user), None) => {
                options.set_username(user);
            }
            _ => {}
        }
        if url.tls {
            let client = self.output.client.as_ref().map(|(cert, key)| (cert.as_path(), key.as_path()));
            let config = tls::client(self.output.ca.as_deref(), client)?;
            options.set_transport(Transport::tls_with_config(TlsConfiguration::Rustls(config)));
        }
        Ok(options)
    }

    async fn talk(&self, client: AsyncClient, mut events: EventLoop) -> Ended {
        let mut up = false;
        let (delivered, deliveries) = async_channel::bounded::<u64>(UNDER_WAY_MAX * 2);
        let local = tokio::task::LocalSet::new();
        local
            .run_until(async {
                loop {
                    let room = up;
                    tokio::select! {
                        event = events.poll() => match event {
                            Ok(Event::Incoming(Packet::ConnAck(_))) => {
                                up = true;
                                for one in &self.subscriptions {
                                    let mut filter = SubscribeFilter::new(&one.filter, QoS::AtLeastOnce);
                                    filter.preserve_retain = true;
                                    filter.retain_forward_rule =
                                        if one.retained { RetainForwardRule::OnEverySubscribe } else { RetainForwardRule::Never };
                                    if client.try_subscribe_many([filter]).is_err() {
                                        return Ended::Lost("cannot subscribe".into());
                                    }
                                }
                                self.hear(Heard::Up).await;
                            }
                            Ok(Event::Incoming(Packet::Publish(publish))) => {
                                let topic = String::from_utf8_lossy(&publish.topic).into_owned();
                                let (payload, retained) = (publish.payload.to_vec(), publish.retain);
                                self.hear(Heard::Message { topic, payload, retained }).await;
                            }
                            Ok(Event::Incoming(Packet::Disconnect(bye))) => {
                                return Ended::Lost(format!("the broker ended the connection: {:?}", bye.reason_code));
                            }
                            Ok(_) => {}
                            Err(rumqttc::ConnectionError::RequestsDone) => return Ended::Stopped,
                            Err(err) if up => return Ended::Lost(said(&err)),
                            Err(err) => return Ended::Refused(said(&err)),
                        },
                        out = self.requests.recv(), if room => match out {
                            Err(_) => {
                                if client.try_disconnect_with_timeout(Duration::from_secs(2)).is_err() {
                                    return Ended::Stopped;
                                }
                                // The event loop ends by itself once all is out.
                                while events.poll().await.is_ok() {}
                                return Ended::Stopped;
                            }
                            Ok(out) => {
                                let options = PublishOptions::at_least_once().retain(out.retain);
                                match client.try_publish_tracked(out.topic, out.payload, options) {
                                    Err(err) => return Ended::Lost(format!("cannot publish: {err}")),
                                    Ok(notice) => {
                                        let (delivered, token) = (delivered.clone(), out.token);
                                        tokio::task::spawn_local(async move {
                                            if notice.wait_async().await.is_ok() {
                                                let _ = delivered.send(token.unwrap_or(0)).await;
                                            }
                                        });
                                    }
                                }
                            }
                        },
                        token = deliveries.recv() => {
                            let heard = match token {
                                Ok(0) | Err(_) => Heard::Room,
                                Ok(token) => Heard::Delivered(token),
                            };
                            self.hear(heard).await;
                        }
                        () = self.closed(), if !room => return Ended::Stopped,
                    }
                }
            })
            .await
    }

    /// Until the daemon wants to stop, while nothing can be taken.
    async fn closed(&self) {
        while !self.requests.is_closed() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// How a connection ended.
enum Ended {
    /// As it was told to.
    Stopped,
    /// There was one.
    Lost(String),
    /// There was none.
    Refused(String),
}

/// An error in words, without the names of types.
fn said(err: &rumqttc::ConnectionError) -> String {
    match err {
        rumqttc::ConnectionError::ConnectionRefused(code) => format!("the broker refused: {code:?}"),
        rumqttc::ConnectionError::Timeout(_) => "the broker does not answer".into(),
        rumqttc::ConnectionError::Io(err) => format!("no connection: {err}"),
        other => other.to_string().replace('\n', " "),
    }
}
