//! One connection: who it is, what it may do, how much, and when it has to go.
//!
//! `mqtt5` asks an `AuthProvider`, and tells an event handler what is published. Here both are made for one connection, so
//! that what is decided is decided about this one and not about whoever says that he has its client id.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use mqtt5::broker::auth::{AuthProvider, AuthResult};
use mqtt5::broker::events::{BrokerEventHandler, ClientPublishEvent, PublishAction};
use mqtt5::packet::connect::ConnectPacket;
use mqtt5::packet::publish::PublishPacket;
use mqtt5::protocol::v5::reason_codes::ReasonCode;
use tokio::sync::{Notify, broadcast};

use crate::accept::Place;
use crate::counters::count;
use crate::flood::Bucket;
use crate::house::House;
use crate::limits::{RETAINED_PER_MESSAGE, SESSION};
use crate::permits::Permit;
use crate::rights::{Act, Why};
use crate::who::Who;

type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// See the module.
pub(crate) struct Door {
    pub(crate) house: Arc<House>,
    pub(crate) number: u64,
    pub(crate) place: Place,
    /// SHA-256 of the certificate that was shown in the TLS handshake.
    pub(crate) certificate: OnceLock<[u8; 32]>,
    inside: OnceLock<Inside>,
    permit: Mutex<Option<Permit>>,
    bucket: Mutex<Bucket>,
    closed: AtomicBool,
    /// The message that comes next is to be acknowledged and dropped.
    drop_next: AtomicBool,
    goodbye: broadcast::Sender<()>,
    cut: Notify,
}

/// Somebody who was let in.
struct Inside {
    who: Who,
    client_id: String,
    /// MQTT 3.1.1, which knows no refusal of a message.
    old: bool,
}

impl Door {
    pub(crate) fn new(house: Arc<House>, place: Place, permit: Permit) -> Arc<Self> {
        Arc::new(Self {
            number: house.guests.number(),
            house,
            place,
            certificate: OnceLock::new(),
            inside: OnceLock::new(),
            permit: Mutex::new(Some(permit)),
            bucket: Mutex::default(),
            closed: false.into(),
            drop_next: false.into(),
            goodbye: broadcast::channel(1).0,
            cut: Notify::new(),
        })
    }

    pub(crate) fn who(&self) -> Option<&Who> {
        self.inside.get().map(|inside| &inside.who)
    }

    /// Whether what was shown still counts. One that shows something else by now is another.
    pub(crate) fn may_stay(&self) -> bool {
        let Some(who) = self.who() else { return true };
        match (who, self.certificate.get()) {
            (Who::Own, _) => true,
            (Who::Node(node), Some(shown)) => self.house.guard.certificate(shown).as_ref() == Some(node),
            (Who::Anybody, _) => self.house.guard.anonymous(),
            _ => self.house.guard.still(who),
        }
    }

    pub(crate) fn client_id(&self) -> Option<&str> {
        self.inside.get().map(|inside| inside.client_id.as_str())
    }

    pub(crate) fn ending(&self) -> broadcast::Receiver<()> {
        self.goodbye.subscribe()
    }

    /// Nothing is allowed any more, and the connection is asked to end.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        // Where nobody listens any more, there is nothing left to end.
        let _ = self.goodbye.send(());
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed) || self.house.is_closing()
    }

    /// Ends the connection without its doing.
    pub(crate) fn cut(&self) {
        self.cut.notify_one();
    }

    pub(crate) async fn until_cut(&self) {
        self.cut.notified().await;
    }

    /// Gives back the place among those who have not said who they are.
    pub(crate) fn known(&self) {
        drop(self.permit.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    fn identify(&self, connect: &ConnectPacket, peer: SocketAddr) -> Result<Who, Why> {
        let password = connect.password.as_deref().unwrap_or_default();
        if self.place == Place::Own {
            let own = connect.username.as_deref().is_some_and(|user| self.house.own.is(user, password));
            return if own { Ok(Who::Own) } else { Err(Why::Password) };
        }
        if let Some(certificate) = self.certificate.get() {
            return self.house.guard.certificate(certificate).map(Who::Node).ok_or(Why::Certificate);
        }
        if let Some(user) = &connect.username {
            return self.house.guard.password(user, password).filter(|who| *who != Who::Own).ok_or(Why::Password);
        }
        let here = peer.ip().to_canonical().is_loopback();
        if here && self.house.guard.anonymous() { Ok(Who::Anybody) } else { Err(Why::Stranger) }
    }

    async fn admit(&self, who: &Who, connect: &ConnectPacket) -> Result<(), Why> {
        let id = &connect.client_id;
        self.house.rights.may_be(who, id)?;
        if let Some(will) = &connect.will {
            self.house.rights.may(who, Act::Publish, &will.topic)?;
            if will.retain && !self.house.keeper.has_room(&will.topic, will.payload.len()) {
                return Err(Why::Will);
            }
        }
        self.house.may_have_session(who, id, wants_long(connect)).await?;
        if self.is_closed() {
            return Err(Why::Stranger);
        }
        self.house.guests.take_id(self.number, id, who)
    }

    async fn enter(&self, connect: &ConnectPacket, peer: SocketAddr) -> AuthResult {
        let refused = |who: Option<&Who>, why: Why| {
            tracing::debug!(%peer, ?why, "refused");
            self.house.tally.refuse(who, why);
            AuthResult::fail(reason(why))
        };
        let who = match self.identify(connect, peer) {
            Ok(who) => who,
            Err(why) => return refused(None, why),
        };
        if who != Who::Own {
            self.house.turn().await;
        }
        if let Err(why) = self.admit(&who, connect).await {
            return refused(Some(&who), why);
        }
        let user = who.sender().map(|sender| sender.to_string());
        let inside = Inside { who, client_id: connect.client_id.clone(), old: connect.protocol_version < 5 };
        // A second CONNECT is refused before it comes here.
        let _ = self.inside.set(inside);
        // Whoever was retired meanwhile was not found here yet by those who throw him out.
        if let Err(why) = self.identify(connect, peer) {
            return refused(self.who(), why);
        }
        self.known();
        count(&self.house.tally.welcomed);
        match user {
            Some(user) => AuthResult::success_with_user(user),
            None => AuthResult::success(),
        }
    }

    /// Waits until the client may send as much as this again. The own link always may.
    async fn pay(&self, messages: u32, bytes: usize) {
        if self.place == Place::Own {
            return;
        }
        let now = self.house.now();
        let wait = self.bucket.lock().unwrap_or_else(PoisonError::into_inner).take(now, messages, bytes);
        if !wait.is_zero() && !self.is_closed() {
            self.house.tally.refuse(self.who(), Why::TooMuch);
            tokio::time::sleep(wait).await;
        }
    }

    fn may(&self, inside: &Inside, act: Act, topic: &str) -> bool {
        match self.house.rights.may(&inside.who, act, topic) {
            Ok(()) => true,
            Err(why) => {
                self.house.tally.refuse(Some(&inside.who), why);
                false
            }
        }
    }
}

/// Whether a session is wanted for longer than a node's.
fn wants_long(connect: &ConnectPacket) -> bool {
    if connect.protocol_version < 5 {
        return !connect.clean_start;
    }
    let seconds = connect.properties.get_session_expiry_interval().unwrap_or(0);
    u64::from(seconds) > SESSION.as_secs()
}

const fn reason(why: Why) -> ReasonCode {
    match why {
        Why::Password => ReasonCode::BadUsernameOrPassword,
        Why::ClientId | Why::Taken => ReasonCode::ClientIdentifierNotValid,
        Why::Sessions | Why::Will => ReasonCode::QuotaExceeded,
        _ => ReasonCode::NotAuthorized,
    }
}

impl AuthProvider for Door {
    fn authenticate<'a>(
        &'a self,
        connect: &'a ConnectPacket,
        peer: SocketAddr,
    ) -> Later<'a, mqtt5::Result<AuthResult>> {
        Box::pin(async move { Ok(self.enter(connect, peer).await) })
    }

    fn authorize_publish<'a>(&'a self, _: &str, _: Option<&'a str>, topic: &'a str) -> Later<'a, bool> {
        Box::pin(async move {
            let Some(inside) = self.inside.get().filter(|_| !self.is_closed()) else { return false };
            self.pay(1, 0).await;
            let may = self.may(inside, Act::Publish, topic);
            if !may && inside.old {
                // `mqtt5` would answer with a PUBACK that 3.1.1 does not know; allowed is to acknowledge and drop.
                self.drop_next.store(true, Ordering::Relaxed);
            }
            may || inside.old
        })
    }

    fn authorize_subscribe<'a>(&'a self, _: &str, _: Option<&'a str>, filter: &'a str) -> Later<'a, bool> {
        Box::pin(async move {
            let Some(inside) = self.inside.get().filter(|_| !self.is_closed()) else { return false };
            let looked_at = self.house.keeper.ledger().len() / RETAINED_PER_MESSAGE;
            self.pay(u32::try_from(looked_at).unwrap_or(u32::MAX).saturating_add(1), 0).await;
            self.may(inside, Act::Subscribe, filter)
        })
    }
}

impl BrokerEventHandler for Door {
    fn on_client_publish<'a>(&'a self, event: ClientPublishEvent) -> Later<'a, PublishAction> {
        Box::pin(async move {
            if self.drop_next.swap(false, Ordering::Relaxed) {
                return PublishAction::Handled;
            }
            self.pay(0, event.payload.len()).await;
            if !event.retain || event.payload.is_empty() {
                return PublishAction::Continue;
            }
            if !self.house.keeper.has_room(&event.topic, event.payload.len()) {
                self.house.tally.refuse(self.who(), Why::NotRetained);
                return PublishAction::Transform(only_delivered(event));
            }
            if self.house.keeper.is_bare(&event.topic) {
                return PublishAction::Transform(bare(event));
            }
            PublishAction::Continue
        })
    }
}

/// The same message without properties, retained.
fn bare(event: ClientPublishEvent) -> PublishPacket {
    let mut packet = PublishPacket::new(event.topic.as_ref(), event.payload, event.qos).with_retain(true);
    packet.packet_id = event.packet_id;
    packet
}

/// The same message, not retained, with its sender; other properties are lost.
fn only_delivered(event: ClientPublishEvent) -> PublishPacket {
    let mut packet = PublishPacket::new(event.topic.as_ref(), event.payload, event.qos);
    packet.packet_id = event.packet_id;
    packet.properties.inject_sender(event.user_id.as_deref());
    packet.properties.inject_client_id(Some(&event.client_id));
    packet
}
