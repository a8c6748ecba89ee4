//! A connection over MQTT 5, in a thread of its own: `rumqttc` brings a runtime, and nothing else here depends on it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use async_channel::{Receiver, Sender};
use atalaya_base::tls;
use atalaya_base::wait::Wait;
use rumqttc::mqttbytes::QoS;
use rumqttc::mqttbytes::v5::{LastWill, LastWillProperties};
use rumqttc::{AsyncClient, MqttOptions, SessionMode, TlsConfiguration, Transport};

use super::talk::{Ended, Talk};
use super::{Ear, Heard, Link, Out};
use crate::clock;
use crate::config::Output;

/// Messages that may be under way: the rest waits where it can be replaced by something newer.
pub(super) const UNDER_WAY_MAX: usize = 16;
/// Largest packet that is taken in: commands and acknowledgements are small.
const INCOMING_BYTES_MAX: u32 = 64 << 10;
/// How long a broker keeps the session: it tells the will when that ends, so not before the will's time.
const SESSION_SECONDS: u32 = 60;
/// How long a connection may be lost before the broker tells it: a router that starts again is no news.
const WILL_DELAY: Duration = Duration::from_secs(60);
const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// The library polls with 244 KiB of frames where nothing is optimised. What is not touched takes no memory.
const STACK_BYTES: usize = 512 << 10;

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

/// Whom to connect to, and as whom.
pub struct Terms {
    /// Of the link, for the ear.
    pub number: usize,
    /// The broker.
    pub output: Output,
    /// The client's id.
    pub identity: String,
    /// What stands for us when we are gone.
    pub will: Will,
    /// What is heard.
    pub subscriptions: Vec<Subscription>,
    /// 0 to 1: makes waits of many nodes differ.
    pub spread: f64,
    /// Who hears it.
    pub ear: Ear,
}

/// See the module.
pub struct Mqtt {
    requests: Sender<Out>,
    rival: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Mqtt {
    /// Keeps up a connection.
    ///
    /// # Errors
    ///
    /// If there is no thread for it.
    pub fn start(terms: Terms) -> std::io::Result<Self> {
        let (requests, receiver) = async_channel::bounded(UNDER_WAY_MAX);
        let rival = Arc::new(AtomicBool::new(false));
        let session = Session { terms, rival: Arc::clone(&rival), requests: receiver };
        let thread = thread::Builder::new().name("mqtt".into()).stack_size(STACK_BYTES).spawn(move || session.run())?;
        Ok(Self { requests, rival, thread: Some(thread) })
    }
}

impl Link for Mqtt {
    fn offer(&self, out: Out) -> Result<(), Out> {
        self.requests.try_send(out).map_err(async_channel::TrySendError::into_inner)
    }

    fn has_rival(&self) {
        self.rival.store(true, Ordering::Relaxed);
    }

    fn close(&self) {
        self.requests.close();
    }

    fn stop(&mut self, deadline: Duration) {
        self.close();
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
    terms: Terms,
    rival: Arc<AtomicBool>,
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
        let _ = self.terms.ear.send_blocking((self.terms.number, heard));
    }

    async fn hear(&self, heard: Heard) {
        let _ = self.terms.ear.send((self.terms.number, heard)).await;
    }

    /// Connects again and again, ever later, until it is told to stop.
    async fn keep_up(self) {
        let mut wait = Wait::new(self.terms.spread);
        while !self.requests.is_closed() {
            let began = clock::boot();
            let ended = match self.options() {
                Err(why) => Ended::Refused(why),
                Ok(options) => {
                    let (client, mut events) = AsyncClient::builder(options).capacity(UNDER_WAY_MAX).build();
                    let talk = Talk { terms: &self.terms, requests: &self.requests, client };
                    talk.run(&mut events).await
                }
            };
            let rival = self.rival.swap(false, Ordering::Relaxed);
            let pause = wait.after(ended.kind(rival), clock::boot().saturating_sub(began));
            match ended {
                Ended::Stopped => return,
                Ended::Lost(why) | Ended::Refused(why) | Ended::TakenOver(why) => self.hear(Heard::Down(why)).await,
            }
            // What was taken for this connection is offered anew on the next.
            while self.requests.try_recv().is_ok() {}
            tokio::select! {
                () = tokio::time::sleep(clock::wait(pause)) => {}
                () = closed(&self.requests) => return,
            }
        }
    }

    fn options(&self) -> Result<MqttOptions, String> {
        let Terms { output, identity, will, .. } = &self.terms;
        let mut options = options(output, identity)?;
        options.set_session_expiry_interval(Some(SESSION_SECONDS));
        let delay = clock::wait(WILL_DELAY).as_secs().max(1) as u32;
        let properties = LastWillProperties {
            delay_interval: Some(delay),
            payload_format_indicator: None,
            message_expiry_interval: None,
            content_type: None,
            response_topic: None,
            correlation_data: None,
            user_properties: Vec::new(),
        };
        options.set_last_will(LastWill::new(&will.topic, will.payload, QoS::AtLeastOnce, true, Some(properties)));
        Ok(options)
    }
}

/// For a connection to that broker. Password and certificates are read for every one, so that changed ones count at once.
pub(super) fn options(output: &Output, identity: &str) -> Result<MqttOptions, String> {
    let url = &output.url;
    let mut options = MqttOptions::new(identity, (url.host.as_str(), url.port));
    options.set_keep_alive(clock::wait(KEEP_ALIVE).as_secs().max(1) as u16);
    options.set_session_mode(SessionMode::Clean);
    options.set_max_packet_size(Some(INCOMING_BYTES_MAX));
    // Without it room is made for 65,535 messages under way: 14 MiB.
    options.set_outgoing_inflight_upper_limit(UNDER_WAY_MAX as u16);
    match (&output.username, &output.password) {
        (Some(user), Some(password)) => {
            options.set_credentials(user, password.read()?.as_bytes().to_vec());
        }
        (Some(user), None) => {
            options.set_username(user);
        }
        _ => {}
    }
    if url.tls {
        let client = output.client.as_ref().map(|(cert, key)| (cert.as_path(), key.as_path()));
        let config = tls::client(output.ca.as_deref(), client)?;
        options.set_transport(Transport::tls_with_config(TlsConfiguration::Rustls(config)));
    }
    Ok(options)
}

/// Until the daemon wants to stop, while nothing can be taken.
pub(super) async fn closed(requests: &Receiver<Out>) {
    while !requests.is_closed() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
