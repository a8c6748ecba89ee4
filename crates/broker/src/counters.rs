//! What happened and was refused, to be shown.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use atalaya_wire::NodeId;
use mqtt5::MqttError;

use crate::rights::Why;
use crate::who::Who;

/// What happened since the start, and what is there now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Connections now.
    pub connections: usize,
    /// Of them, those that have not said who they are.
    pub unknown: usize,
    /// Retained messages now.
    pub retained: usize,
    /// Their bytes, with topics.
    pub retained_bytes: u64,
    /// Clients let in.
    pub welcomed: u64,
    /// Connections closed at once, because too many were there.
    pub no_room: u64,
    /// TLS handshakes that failed or took too long.
    pub handshakes_failed: u64,
    /// Connections that ended because nothing came in time.
    pub timed_out: u64,
    /// What was refused or held up, and why; the node if it was one.
    pub refused: BTreeMap<(Option<NodeId>, Why), u64>,
}

impl Counters {
    /// How often something was refused or held up for this reason, to anybody.
    #[must_use]
    pub fn refused_for(&self, why: Why) -> u64 {
        self.refused.iter().filter(|((_, other), _)| *other == why).map(|(_, count)| count).sum()
    }
}

/// Counted while it runs.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) welcomed: AtomicU64,
    pub(crate) no_room: AtomicU64,
    pub(crate) handshakes_failed: AtomicU64,
    pub(crate) timed_out: AtomicU64,
    refused: Mutex<BTreeMap<(Option<NodeId>, Why), u64>>,
}

pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Tally {
    /// Nodes here have shown that they are; so there are no more than there are nodes.
    pub(crate) fn refuse(&self, who: Option<&Who>, why: Why) {
        let node = who.and_then(Who::node).cloned();
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner).entry((node, why)).or_default() += 1;
    }

    pub(crate) fn ended(&self, who: Option<&Who>, error: &MqttError) {
        match error {
            MqttError::PacketTooLarge { .. } | MqttError::MessageTooLarge => self.refuse(who, Why::TooLarge),
            MqttError::Timeout | MqttError::KeepAliveTimeout => count(&self.timed_out),
            MqttError::MalformedPacket(_)
            | MqttError::ProtocolError(_)
            | MqttError::InvalidTopicName(_)
            | MqttError::InvalidTopicFilter(_)
            | MqttError::InvalidQoS(_)
            | MqttError::InvalidPacketType(_)
            | MqttError::InvalidReasonCode(_)
            | MqttError::InvalidPropertyId(_)
            | MqttError::DuplicatePropertyId(_)
            | MqttError::UnsupportedProtocolVersion => self.refuse(who, Why::Malformed),
            _ => {}
        }
    }

    pub(crate) fn now(&self) -> Counters {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counters {
            welcomed: read(&self.welcomed),
            no_room: read(&self.no_room),
            handshakes_failed: read(&self.handshakes_failed),
            timed_out: read(&self.timed_out),
            refused: self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            ..Counters::default()
        }
    }
}
