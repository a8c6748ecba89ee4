//! The built-in MQTT broker: listeners, identities, rights, retained messages around the router and client handler of
//! `mqtt5`.
//!
//! ```text
//!  connection ─▶ accept ─▶ (tls) ─▶ ClientHandler ─▶ MessageRouter ─▶ other clients' handlers
//!                permits              │    ▲                │
//!                                     ▼    │                ▼
//!                  guard ◀──────────  door (rights, flood)  kept (ledger) ─▶ due ─▶ whoever writes
//! ```
//!
//! # Who is who
//!
//! | who | shown by | client id |
//! |---|---|---|
//! | own link | random password of this start, at [`Addresses::own`] only | any; [`OWN_CLIENT_ID`] |
//! | node | certificate, or its id and token | `atalaya-<its id>` |
//! | tool | token's name and token | any that is not a node's |
//! | anybody | nothing, on this machine, if the guard says so | any |
//!
//! A client id that somebody is connected with, or has a session under, is never given to somebody else. Whoever shows a
//! certificate is judged by it alone.
//!
//! The own link hears in the user property [`SENDER`] who sent a message, wills too. What a node retains on its own topics
//! has no properties, this one neither: nobody else may write there. Parsed as [`Sender`],
//! it must be [`Sender::Node`] of the node that the topic names, but for `…/ack` and `…/cmd/<name>`, which others write.
//! Without the property it came from anybody on this machine. It needs MQTT 5: under 3.1.1 there are no properties.
//!
//! # What happens when it is full
//!
//! | what (`limits`) | then |
//! |---|---|
//! | connections, those that have not said who they are | closed at once |
//! | packet too large | connection closed |
//! | clients that come at once | let in one after another (`pace`) |
//! | messages or bytes of one client a second | that connection is read later |
//! | lane of a subscriber | its publisher waits up to two seconds, then the queue; QoS 0 is dropped |
//! | queue behind it | the oldest go |
//! | retained messages | delivered, not retained |
//! | subscriptions | refused in SUBACK |
//! | long sessions | refused in CONNACK |
//!
//! # `mqtt5` 0.49.0, and how we go around
//!
//! `MqttBroker` is not used: its TLS handshake stands in the accept loop, and its certificate log-in believes the client id.
//! Besides:
//!
//! - A client id is taken over whoever has it: `guests` and the session's user are asked before.
//! - Retained messages lie in router and storage: `kept` takes them out of the storage.
//! - Retained messages are found by going through all of them, one topic too: about 20 ms among 35,000, and what is
//!   found is copied. `alike` asks for many at a time, but for a few by themselves: what is written at once is at most 4 MiB,
//!   but while it is read all of one kind of topic can be in memory twice. A subscription costs a client more the more there
//!   are (`flood`).
//! - A retained message that has expired is told to nobody but stays in the router until it is replaced or removed. It counts
//!   for the bounds of its node, and is not written.
//! - A refused message of MQTT 3.1.1 is answered with a PUBACK of MQTT 5, which ends the connection: `door` has it
//!   acknowledged and dropped instead.
//! - The rate limit of a client is forgotten when its id is taken over, and logs two lines a message: it is off, `flood` is
//!   ours.
//! - What is larger than allowed ends the connection without the DISCONNECT that MQTT 5 knows (0x95).
//! - A shutdown publishes all wills: `door` refuses them then, as nobody is gone but the broker.
//! - All that is retained is put into a new subscriber's lane at once, and what has no room there and in the queue is lost:
//!   so lanes of tools are long. The own link's is not: it asks for news alone, and what is retained is read past it (`memory`).
//! - A connection takes about 35 KiB, half of it the handler's future and buffers of fixed size, a quarter its two lanes.
//! - It logs each connection at `info`, with client ids: whoever sets up the log should have it at `error`.

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod accept;
mod alike;
mod builtin;
mod counters;
mod door;
mod flood;
mod guests;
mod house;
mod kept;
mod ledger;
pub mod limits;
mod memory;
mod pace;
mod permits;
mod props;
mod rights;
mod tls;
mod who;

pub use builtin::{Addresses, Builtin, Error, Terms};
pub use counters::Counters;
pub use kept::{Changes, Kept};
pub use memory::{OWN_CLIENT_ID, Retained};
pub use rights::Why;
pub use tls::{fingerprint, server_config};
pub use who::{Guard, OwnPassword, SENDER, Sender, ToolRights, Who};
