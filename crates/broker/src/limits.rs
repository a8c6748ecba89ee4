//! What is bounded, and why at this number. What happens when it is full stands in the crate's documentation.

use std::time::Duration;

/// Of a packet from anybody: four times the largest message that Atalaya makes, and room for other tools.
pub const PACKET_BYTES_MAX: usize = 256 << 10;
/// Of a packet of the sidecar's own link.
pub const OWN_PACKET_BYTES_MAX: usize = 1 << 20;

/// Of connections: twice the largest fleet that is measured.
pub const CONNECTIONS_MAX: usize = 2_000;
/// Of connections that have not said who they are.
pub const UNKNOWN_MAX: usize = 64;
/// Of those from one address (IPv6: one /64), so that one machine cannot keep all others out.
pub const UNKNOWN_PER_ADDRESS_MAX: usize = 20;
/// For the TLS handshake. The same counts from there to a whole CONNECT, which `mqtt5` sees to.
pub const HANDSHAKE: Duration = Duration::from_secs(10);

/// Clients that are let in a second; so many at once after a pause. Each tells all that it retains as it comes, and what is
/// heard faster than it is written waits in memory: a fleet that comes at once is let in as fast as it is heard.
pub const WELCOMES_PER_SECOND: u32 = 40;

/// Messages of one client a second; a burst of one second passes. What is more waits, and with it who sends it.
pub const MESSAGES_PER_SECOND: u32 = 1_000;
/// Bytes of payload of one client a second.
pub const BYTES_PER_SECOND: u64 = 4 << 20;
/// Retained topics that are looked at for the cost of one message when somebody subscribes.
pub const RETAINED_PER_MESSAGE: usize = 2_048;

/// Messages waiting in the lane of a node, which hears commands and acknowledgements only.
pub const NODE_LANE_MAX: usize = 256;
/// The same of tools, which are told everything retained at once when they subscribe.
pub const TOOL_LANE_MAX: usize = 4_096;
/// The same of the own link: a fleet that comes at once fills it whatever it is, and is held back then. With
/// 1,024 a thousand nodes that came at once were heard two minutes later, as most had to wait behind it. A message takes 1 KiB.
pub const OWN_LANE_MAX: usize = 4_096;
/// Messages waiting behind a full lane; the oldest go first.
pub const QUEUE_MESSAGES_MAX: usize = 1_000;
/// Bytes waiting there.
pub const QUEUE_BYTES_MAX: usize = 4 << 20;
/// Messages with QoS 2 that a client may leave unfinished.
pub const UNFINISHED_MAX: u16 = 32;

/// Subscriptions of a client that showed a node's certificate.
pub const NODE_SUBSCRIPTIONS_MAX: usize = 64;
/// The same of others: Home Assistant subscribes to each topic by name.
pub const TOOL_SUBSCRIPTIONS_MAX: usize = 4_096;

/// How long a session is kept for a client that is away.
pub const SESSION: Duration = Duration::from_secs(600);
/// The same for accounts, which may be away for a night.
pub const ACCOUNT_SESSION: Duration = Duration::from_secs(86_400);
/// Of clients other than nodes whose sessions are kept longer than [`SESSION`].
pub const LONG_SESSIONS_MAX: usize = 128;
/// Between two looks for sessions and messages that have expired.
pub const SWEEP: Duration = Duration::from_secs(600);

/// Between two looks for connections whose token or certificate counts no more.
pub const REVIEW: Duration = Duration::from_secs(30);

/// Retained messages in all.
pub const RETAINED_MAX: usize = 100_000;
/// Bytes of one.
pub const RETAINED_BYTES_MAX: usize = 128 << 10;
/// Bytes of all, topics included.
pub const RETAINED_TOTAL_BYTES_MAX: u64 = 64 << 20;
/// Of one node.
pub const RETAINED_PER_NODE_MAX: usize = 1_024;

/// How long a new or removed retained topic waits for others, so that they are written together.
pub const NEW_TOPIC_WAIT: Duration = Duration::from_secs(5);
/// Bytes of retained messages that are handed out at once to be written: as long as that takes, they are in memory once more.
pub const BATCH_BYTES_MAX: u64 = 1 << 20;

/// Of those, topics that are asked for one by one: each costs a look at all that is retained, and more than so many that are
/// alike a copy of all of their kind, for as long as they are read. That is at most [`RETAINED_TOTAL_BYTES_MAX`] once more.
pub const ONE_BY_ONE_MAX: usize = 8;

/// How long connections have to end by themselves before they are cut.
pub const GOODBYE: Duration = Duration::from_secs(2);

const _: () = assert!(PACKET_BYTES_MAX >= atalaya_wire::limits::MESSAGE_BYTES_MAX + 1024);
const _: () = assert!(OWN_PACKET_BYTES_MAX >= PACKET_BYTES_MAX);
const _: () = assert!(RETAINED_BYTES_MAX <= PACKET_BYTES_MAX);
const _: () = assert!(UNKNOWN_PER_ADDRESS_MAX < UNKNOWN_MAX && UNKNOWN_MAX < CONNECTIONS_MAX);
const _: () = assert!(RETAINED_TOTAL_BYTES_MAX + (QUEUE_BYTES_MAX as u64) < 100 << 20);
// Whoever waits to be let in has a place among those who have not said who they are, and is let in before he is given up.
const _: () = assert!((UNKNOWN_MAX as u64) / (WELCOMES_PER_SECOND as u64) < HANDSHAKE.as_secs() / 2);
