//! What is bounded, and why at this number. What happens when it is full is said at each.

/// Nodes: four times the largest fleet that one sidecar is built for. A further one is refused.
pub const NODES_MAX: usize = 4096;
/// Objects of a node. A further one is refused; what is there goes on.
pub const OBJECTS_PER_NODE_MAX: usize = 512;
/// Open alerts: ten for each node of the largest fleet. A further one stays pending until there is room, and people are told.
pub const ALERTS_MAX: usize = 10_000;
/// Silences and maintenance windows. A further one is refused.
pub const QUIETS_MAX: usize = 512;
/// Incidents: every open alert may have one of its own, and two thousand are remembered beside. The one that ended longest
/// ago makes room; one with open alerts never does.
pub const INCIDENTS_MAX: usize = 12_000;
/// Alerts that one incident gathers. A further one begins the next incident.
pub const ALERTS_PER_INCIDENT_MAX: usize = 256;
/// Entries of an incident's timeline. The first ones stay, the oldest of the rest make room, and are counted.
pub const TIMELINE_MAX: usize = 200;
/// Of those, how many of the first ones stay: how it began.
pub const TIMELINE_FIRST: usize = 20;
/// Points that a rule about growth remembers of a value: of its window, one each twelfth.
pub const HISTORY_MAX: usize = 16;
/// Of what people write, and of texts from outside, in bytes. Longer ones are cut.
pub const TEXT_BYTES_MAX: usize = 500;
/// Alerts that a notification's text names; all of them are in its data.
pub const LINES_MAX: usize = 20;
/// Notifications of one kind to one channel set in one tick. More become one.
pub const NOTICES_PER_TICK_MAX: usize = 10;
/// Rules in all files.
pub const RULES_MAX: usize = 1_000;

/// Seconds by which the engine's clock goes on in one step at most.
pub const STEP_SECONDS_MAX: u64 = 300;
/// Seconds that the first notification of an incident waits for what belongs to it.
pub const GROUP_WAIT_SECONDS: u64 = 30;
/// Seconds between two notifications about one incident.
pub const GROUP_INTERVAL_SECONDS: u64 = 300;
/// Seconds after an alert of it last began or ended in which another one joins an incident.
pub const JOIN_SECONDS: u64 = 3_600;
/// Seconds in which firing again counts as flapping.
pub const FLAP_SECONDS: u64 = 6 * 3_600;
/// Seconds by which each flap delays firing, and how far that goes.
pub const FLAP_UP_SECONDS: u64 = 60;
/// See [`FLAP_UP_SECONDS`].
pub const FLAP_UP_SECONDS_MAX: u64 = 600;
/// Seconds that recovering takes at least once it came back.
pub const FLAP_DOWN_SECONDS: u64 = 900;
/// Seconds that recovering is delayed to at most by flapping.
pub const FLAP_DOWN_SECONDS_MAX: u64 = 3_600;
/// Seconds after which an object that was not heard of is unknown: four heartbeats of an agent.
pub const STALE_SECONDS: u64 = 3_600;
/// Seconds after which a solved incident counts as verified, if nothing of it came back.
pub const VERIFY_SECONDS: u64 = 24 * 3_600;
/// Seconds between two notifications that the engine is full.
pub const FULL_SECONDS: u64 = 3_600;

const _: () = assert!(TIMELINE_FIRST < TIMELINE_MAX);
const _: () = assert!(GROUP_WAIT_SECONDS < GROUP_INTERVAL_SECONDS);
const _: () = assert!(ALERTS_MAX < INCIDENTS_MAX);
const _: () = assert!(ALERTS_PER_INCIDENT_MAX <= ALERTS_MAX);
