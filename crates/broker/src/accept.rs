//! Listeners, and the life of a connection.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use mqtt5::MqttError;
use mqtt5::broker::client_handler::ClientHandler;
use mqtt5::broker::config::BrokerConfig;
use mqtt5::broker::resource_monitor::{ResourceLimits, ResourceMonitor};
use mqtt5::broker::transport::BrokerTransport;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::OwnedSemaphorePermit;

use crate::counters::count;
use crate::door::Door;
use crate::house::House;
use crate::limits::{
    ACCOUNT_SESSION, NODE_LANE_MAX, NODE_SUBSCRIPTIONS_MAX, OWN_LANE_MAX, OWN_PACKET_BYTES_MAX, PACKET_BYTES_MAX,
    SESSION, TOOL_LANE_MAX, TOOL_SUBSCRIPTIONS_MAX, UNFINISHED_MAX,
};
use crate::tls;

/// Where somebody came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A port of this machine that only the sidecar's own link knows.
    Own,
    /// Without TLS.
    Plain,
    /// With TLS.
    Tls,
}

/// Takes in connections, for ever.
pub(crate) async fn listen(house: Arc<House>, listener: TcpListener, place: Place) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => take(&house, stream, peer, place),
            // No descriptors are left, which passes; without a pause this would be all that is done.
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

/// Never waits: what has no room is closed.
fn take(house: &Arc<House>, stream: TcpStream, peer: SocketAddr, place: Place) {
    // The own link finds room however many others there are.
    let (room, unknown) = match place {
        Place::Own => (Some(None), &house.unknown_own),
        _ => (Arc::clone(&house.places).try_acquire_owned().ok().map(Some), &house.unknown),
    };
    let (Some(room), Some(permit)) = (room, unknown.admit(peer.ip())) else {
        count(&house.tally.no_room);
        return;
    };
    // It would only be slower.
    let _ = stream.set_nodelay(true);
    let door = Door::new(Arc::clone(house), place, permit);
    house.guests.come(&door);
    tokio::spawn(stay(Stay { door, _room: room }, stream, peer));
}

/// Whatever ends the task gives back what the connection had.
struct Stay {
    door: Arc<Door>,
    _room: Option<OwnedSemaphorePermit>,
}

impl Drop for Stay {
    fn drop(&mut self) {
        self.door.known();
        self.door.house.guests.leave(&self.door);
    }
}

async fn stay(stay: Stay, stream: TcpStream, peer: SocketAddr) {
    let door = &stay.door;
    let cut = tokio::select! {
        () = talk(door, stream, peer) => false,
        () = door.until_cut() => true,
    };
    if let Some(id) = door.client_id().filter(|id| cut && door.house.guests.has_id(door.number, id)) {
        door.house.forget(id).await;
    }
}

async fn talk(door: &Arc<Door>, stream: TcpStream, peer: SocketAddr) {
    let ending = door.ending();
    let transport = match door.place {
        Place::Own | Place::Plain => BrokerTransport::tcp(stream),
        // Boxed: what a handshake needs would otherwise be kept with each connection for as long as it lasts.
        Place::Tls => match Box::pin(tls::handshake(&door.house, stream)).await {
            Some((transport, shown)) => {
                shown.map(|shown| door.certificate.set(shown));
                transport
            }
            None => return count(&door.house.tally.handshakes_failed),
        },
    };
    let house = &door.house;
    let handler = ClientHandler::new(
        transport,
        peer,
        Arc::new(config(door)),
        Arc::clone(&house.router),
        Arc::clone(door) as Arc<_>,
        Some(Arc::clone(&house.storage)),
        Arc::clone(&house.stats),
        Arc::new(ResourceMonitor::new(UNLIMITED)),
        ending,
    );
    // Large, and moved about as it is made: one allocation instead of several copies on the task.
    match Box::pin(handler.run()).await {
        Ok(()) | Err(MqttError::ClientClosed) => {}
        Err(err) => house.tally.ended(door.who(), &err),
    }
}

/// Ours are in `flood`, `permits` and `guests`.
const UNLIMITED: ResourceLimits = ResourceLimits {
    max_connections: usize::MAX,
    max_connections_per_ip: usize::MAX,
    max_message_rate_per_client: 0,
    max_bandwidth_per_client: 0,
    max_connection_rate: u32::MAX,
    rate_limit_window: Duration::from_secs(1),
};

/// What is known before the client has said a word decides about its bounds.
fn config(door: &Arc<Door>) -> BrokerConfig {
    let node = door.certificate.get().is_some();
    let (packet, lane, subscriptions) = match door.place {
        Place::Own => (OWN_PACKET_BYTES_MAX, OWN_LANE_MAX, NODE_SUBSCRIPTIONS_MAX),
        _ if node => (PACKET_BYTES_MAX, NODE_LANE_MAX, NODE_SUBSCRIPTIONS_MAX),
        _ => (PACKET_BYTES_MAX, TOOL_LANE_MAX, TOOL_SUBSCRIPTIONS_MAX),
    };
    let short = node || door.place == Place::Own || door.house.guard.anonymous();
    BrokerConfig {
        bind_addresses: Vec::new(),
        session_expiry_interval: if short { SESSION } else { ACCOUNT_SESSION },
        max_packet_size: packet,
        topic_alias_maximum: 0,
        shared_subscription_available: false,
        max_subscriptions_per_client: subscriptions,
        client_channel_capacity: lane,
        server_receive_maximum: Some(UNFINISHED_MAX),
        sys_topics_enabled: false,
        event_handler: Some(Arc::clone(door) as Arc<_>),
        ..BrokerConfig::default()
    }
}
