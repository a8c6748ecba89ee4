//! How the sidecar itself is.

use std::fmt;

use atalaya_broker::Counters;
use prometheus_client::encoding::{EncodeLabelSet, EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::registry::Registry;

use super::families::Families;
use crate::db::Times;
use crate::tower::Link;
use crate::web::App;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ByBroker {
    node: String,
    reason: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Left {
    view: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Queue {
    queue: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Delivery {
    channel: String,
    result: &'static str,
}

/// What is known of it now.
pub(super) fn register(app: &App, registry: &mut Registry, families: &Families) {
    let own = registry.sub_registry_with_prefix("atalaya_sidecar");
    let health = app.shared.desk.health();
    let flag = |yes: bool| ConstGauge::new(u32::from(yes));
    own.register("database_commits", "Transactions since the start", ConstCounter::new(health.commits));
    own.register("database_rows", "Rows written since the start", ConstCounter::new(health.rows));
    own.register("database_wal_bytes", "Size of the write-ahead log", ConstGauge::new(whole(health.wal_bytes)));
    own.register("database_bytes", "Size of what is used of the database", ConstGauge::new(whole(health.size_bytes)));
    own.register("database_failing", "Whether nothing can be written", flag(health.problem.is_some()));
    own.register("history_full", "Whether no history is taken", flag(health.history.is_some()));
    let refused = Family::<Reason, Gauge>::default();
    let (mut nodes, mut waiting) = (0_u32, 0_u32);
    {
        let seen = app.shared.board.read();
        own.register("link_up", "Whether it hears the broker", flag(seen.link == Link::Up));
        for node in seen.nodes.values() {
            if node.row.state == "new" {
                waiting += 1
            } else {
                nodes += 1
            }
            for (why, count) in node.refused.iter() {
                refused.get_or_create(&Reason { reason: why.name() }).inc_by(i64::try_from(count).unwrap_or(i64::MAX));
            }
        }
    }
    own.register("nodes", "Nodes that are members", ConstGauge::new(nodes));
    own.register("nodes_waiting", "Nodes that nobody accepted yet", ConstGauge::new(waiting));
    own.register("refused_messages", "Messages of nodes that are there, not taken since the start", refused);
    if let Some((_, counters)) = app.shared.doorman.looks() {
        broker(&counters, own);
    }
    traffic(app, own);
    let channels = app.shared.channels.troubles().len();
    own.register(
        "channels_failing",
        "Channels that do not work",
        ConstGauge::new(u32::try_from(channels).unwrap_or(u32::MAX)),
    );
    let left = Family::<Left, Gauge>::default();
    for view in &families.left_out {
        left.get_or_create(&Left { view }).set(1);
    }
    own.register("left_out", "Views that are not here, because there would be more than 100,000 lines", left);
}

/// The built-in broker. Nodes in its counters have shown that they are, so there are no more than there are nodes.
fn broker(counters: &Counters, own: &mut Registry) {
    let refused = Family::<ByBroker, Counter>::default();
    for ((node, why), count) in &counters.refused {
        let node = node.as_ref().map(|node| node.as_str().to_owned()).unwrap_or_default();
        refused.get_or_create(&ByBroker { node, reason: why.name() }).inc_by(*count);
    }
    let help = "What the built-in broker refused or held up since the start; node is empty for others than nodes";
    own.register("broker_refused", help, refused);
    let kept = |number: usize| ConstGauge::new(u32::try_from(number).unwrap_or(u32::MAX));
    own.register("broker_connections", "Connections to the built-in broker", kept(counters.connections));
    own.register("broker_retained", "Messages that the built-in broker keeps", kept(counters.retained));
    for (name, help, count) in [
        ("broker_no_room", "Connections closed at once, because too many were there", counters.no_room),
        ("broker_handshakes_failed", "TLS handshakes that failed or took too long", counters.handshakes_failed),
        ("broker_timed_out", "Connections that ended because nothing came in time", counters.timed_out),
    ] {
        own.register(name, help, ConstCounter::new(count));
    }
}

/// What waits, what was lost, what was sent.
fn traffic(app: &App, own: &mut Registry) {
    let shared = &app.shared;
    let queues = Family::<Queue, Gauge>::default();
    for (queue, waiting) in [("tower", shared.ear.waiting()), ("writer", shared.desk.waiting())] {
        queues.get_or_create(&Queue { queue }).set(i64::try_from(waiting).unwrap_or(i64::MAX));
    }
    own.register("queue_length", "Messages that wait for the tower, batches that wait for the database", queues);
    let dropped = ConstCounter::new(shared.ear.dropped());
    own.register("dropped_messages", "Messages that found no room for ten seconds, since the start", dropped);
    let times = Commits(shared.desk.health().times);
    own.register("database_commit_seconds", "How long transactions took since the start", times);
    let deliveries = Family::<Delivery, Counter>::default();
    for ((channel, result), count) in shared.channels.results() {
        deliveries.get_or_create(&Delivery { channel, result }).inc_by(count);
    }
    own.register("deliveries", "What became of notifications since the start", deliveries);
}

/// Few steps, with a sum.
#[derive(Debug)]
struct Commits(Times);

impl EncodeMetric for Commits {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> Result<(), fmt::Error> {
        let steps: Vec<(f64, u64)> = self.0.steps().collect();
        let count = steps.iter().map(|(_, count)| count).sum();
        encoder.encode_histogram::<NoLabelSet>(self.0.seconds(), count, &steps, None)
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Histogram
    }
}

#[expect(clippy::cast_precision_loss, reason = "Prometheus has no other numbers")]
const fn whole(bytes: u64) -> f64 {
    bytes as f64
}
