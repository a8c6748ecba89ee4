//! One connection: what comes in and what goes out, side by side, neither ever cut off by the other.

use std::sync::Arc;
use std::time::Duration;

use async_channel::{Receiver, Sender};
use atalaya_base::wait;
use rumqttc::mqttbytes::v5::{DisconnectProperties, DisconnectReasonCode, Packet, RetainForwardRule, SubscribeFilter};
use rumqttc::mqttbytes::{self, QoS};
use rumqttc::{
    AsyncClient, ConnectReturnCode, ConnectionError, Event, EventLoop, PublishNotice, PublishNoticeError,
    PublishOptions, StateError,
};
use tokio::sync::Semaphore;

use super::mqtt::{Terms, UNDER_WAY_MAX, Will, closed};
use super::{Heard, Out};

/// How long what is under way has to arrive when the daemon stops.
const GOODBYE: Duration = Duration::from_secs(2);

/// How a connection ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// As it was told to.
    Stopped,
    /// There was one.
    Lost(String),
    /// There was none.
    Refused(String),
    /// Somebody else has our id.
    TakenOver(String),
}

impl Ended {
    /// What that means for the next try, perhaps with a `rival` having been seen.
    pub(super) fn kind(&self, rival: bool) -> wait::Ended {
        match self {
            Self::TakenOver(_) => wait::Ended::Rival,
            _ if rival => wait::Ended::Rival,
            Self::Lost(_) => wait::Ended::Lost,
            Self::Refused(_) | Self::Stopped => wait::Ended::Refused,
        }
    }
}

/// See the module.
pub(super) struct Talk<'a> {
    pub(super) terms: &'a Terms,
    pub(super) requests: &'a Receiver<Out>,
    pub(super) client: AsyncClient,
}

impl Talk<'_> {
    /// Until it ends.
    pub(super) async fn run(&self, events: &mut EventLoop) -> Ended {
        // A place for each message under way; none before there is a connection.
        let places = Arc::new(Semaphore::new(0));
        let (tell, fates) = async_channel::unbounded();
        let both = async {
            tokio::select! {
                ended = self.listen(events, &places) => ended,
                ended = self.send(&places, tell) => ended,
                ended = self.pass_on(fates) => ended,
            }
        };
        tokio::task::LocalSet::new().run_until(both).await
    }

    async fn hear(&self, heard: Heard) {
        let _ = self.terms.ear.send((self.terms.number, heard)).await;
    }

    async fn listen(&self, events: &mut EventLoop, places: &Semaphore) -> Ended {
        let mut up = false;
        loop {
            match events.poll().await {
                Ok(Event::Incoming(Packet::ConnAck(_))) => {
                    if let Err(why) = self.subscribe() {
                        return Ended::Lost(why);
                    }
                    up = true;
                    self.hear(Heard::Up).await;
                    places.add_permits(UNDER_WAY_MAX);
                }
                Ok(Event::Incoming(Packet::Publish(publish))) => {
                    let topic = String::from_utf8_lossy(&publish.topic).into_owned();
                    let (payload, retained) = (publish.payload.to_vec(), publish.retain);
                    self.hear(Heard::Message { topic, payload, retained }).await;
                }
                Ok(Event::Incoming(Packet::Disconnect(bye))) => return self.dismissed(bye.reason_code),
                Ok(_) => {}
                Err(_) if self.requests.is_closed() => return Ended::Stopped,
                Err(ConnectionError::MqttState(StateError::ServerDisconnect { reason_code, .. })) => {
                    return self.dismissed(reason_code);
                }
                Err(err) if up => return Ended::Lost(said(&err)),
                Err(err) => return Ended::Refused(said(&err)),
            }
        }
    }

    fn subscribe(&self) -> Result<(), String> {
        for one in &self.terms.subscriptions {
            let mut filter = SubscribeFilter::new(&one.filter, QoS::AtLeastOnce);
            filter.preserve_retain = true;
            filter.retain_forward_rule =
                if one.retained { RetainForwardRule::OnEverySubscribe } else { RetainForwardRule::Never };
            self.client.try_subscribe_many([filter]).map_err(|err| format!("cannot subscribe: {err}"))?;
        }
        Ok(())
    }

    fn dismissed(&self, reason: DisconnectReasonCode) -> Ended {
        match reason {
            DisconnectReasonCode::SessionTakenOver => {
                Ended::TakenOver(format!("another client connected as {:?}", self.terms.identity))
            }
            other => Ended::Lost(format!("the broker ended the connection: {other:?}")),
        }
    }

    /// Takes from the daemon as long as there are places, so that a slow broker holds nobody up.
    async fn send(&self, places: &Arc<Semaphore>, fates: Sender<Heard>) -> Ended {
        loop {
            let place = tokio::select! {
                biased;
                place = Arc::clone(places).acquire_owned() => place.ok(),
                () = closed(self.requests) => None,
            };
            // Without a place there is no goodbye either: the broker tells the will when the line is cut.
            let Some(place) = place else { return Ended::Stopped };
            let Ok(out) = self.requests.recv().await else { return self.goodbye().await };
            let options = PublishOptions::at_least_once().retain(out.retain);
            match self.client.try_publish_tracked(out.topic.clone(), out.payload, options) {
                Err(err) => return Ended::Lost(format!("cannot publish: {err}")),
                Ok(notice) => {
                    let fates = fates.clone();
                    tokio::task::spawn_local(async move {
                        let fate = fate(notice, out.topic, out.token).await;
                        drop(place);
                        if let Some(fate) = fate {
                            let _ = fates.send(fate).await;
                        }
                    });
                }
            }
        }
    }

    async fn pass_on(&self, fates: Receiver<Heard>) -> Ended {
        while let Ok(heard) = fates.recv().await {
            self.hear(heard).await;
        }
        std::future::pending().await
    }

    /// Who leaves says so: the will would wait for us to come back.
    async fn goodbye(&self) -> Ended {
        let Will { topic, payload } = &self.terms.will;
        let options = PublishOptions::at_least_once().retain(true);
        if let Ok(notice) = self.client.try_publish_tracked(topic.clone(), *payload, options) {
            let _ = tokio::time::timeout(GOODBYE, notice.wait_completion_async()).await;
        }
        let reason = DisconnectReasonCode::NormalDisconnection;
        let over = DisconnectProperties {
            session_expiry_interval: Some(0),
            reason_string: None,
            user_properties: Vec::new(),
            server_reference: None,
        };
        if self.client.try_disconnect_with_properties_timeout(reason, over, GOODBYE).is_err() {
            return Ended::Stopped;
        }
        // The other half ends once all is out.
        std::future::pending().await
    }
}

/// What became of a message; `None` where the connection ended first, and it is offered again.
async fn fate(notice: PublishNotice, topic: String, token: Option<u64>) -> Option<Heard> {
    match notice.wait_completion_async().await {
        Ok(()) => Some(token.map_or(Heard::Room, Heard::Delivered)),
        Err(PublishNoticeError::V5PubAck(reason)) => Some(Heard::Denied(format!("{topic}: {reason:?}"))),
        Err(_) => None,
    }
}

/// An error in words, without the names of types, and the same words for the same error however often it comes.
pub(super) fn said(err: &ConnectionError) -> String {
    match err {
        ConnectionError::ConnectionRefused(
            ConnectReturnCode::NotAuthorized | ConnectReturnCode::BadUserNamePassword,
        ) => "the broker refuses this name or password".into(),
        ConnectionError::ConnectionRefused(code) => format!("the broker refused: {code:?}"),
        ConnectionError::Timeout(_) => "the broker does not answer".into(),
        ConnectionError::MqttState(StateError::AwaitPingResp) => "the broker is silent".into(),
        ConnectionError::MqttState(
            StateError::ConnectionAborted | StateError::Deserialization(mqttbytes::Error::Io(_)),
        ) => "the connection was cut".into(),
        ConnectionError::NotConnAck(_) | ConnectionError::MqttState(StateError::Deserialization(_)) => {
            "whoever answers there does not speak MQTT 5".into()
        }
        ConnectionError::Io(err) => format!("no connection: {err}"),
        other => {
            let text = other.to_string().replace('\n', " ");
            // What follows is the time, which is another one at each try.
            text.split(": verification time").next().unwrap_or_default().to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rival_counts_however_the_connection_ended() {
        let why = String::new;
        assert_eq!(Ended::Lost(why()).kind(true), wait::Ended::Rival);
        assert_eq!(Ended::Refused(why()).kind(true), wait::Ended::Rival);
        assert_eq!(Ended::TakenOver(why()).kind(false), wait::Ended::Rival);
        assert_eq!(Ended::Lost(why()).kind(false), wait::Ended::Lost);
        assert_eq!(Ended::Refused(why()).kind(false), wait::Ended::Refused);
    }
}
