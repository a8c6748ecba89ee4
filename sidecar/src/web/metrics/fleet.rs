//! What nodes say: every number of every view, and what is wrong.

use std::collections::BTreeMap;

use atalaya_alert::Presence;
use atalaya_wire::view::{KINDS, Kind, Value};
use atalaya_wire::{ObjectId, Sample};

use super::families::{Families, Labels};
use crate::limits::SILENT_AFTER;
use crate::people::Customers;
use crate::tower::{NodeState, word};
use crate::web::App;
use crate::web::view::View;

/// Kinds that are left out first where there would be too much, from the least important on.
const MINOR: [&str; 6] = ["probe", "log", "net", "auth", "updates", "meta"];
/// Keys with words that say how something is.
const STATES: [&str; 7] = ["state", "health", "result", "power", "checked", "verdict", "overdue"];

/// Everything of these customers' nodes.
pub(super) fn gather(app: &App, whose: &Customers, now: i64, families: &mut Families) {
    let (names, kinds) = app.look(whose, |view| {
        alerts(view, families);
        let names: Vec<String> = members(view).map(|node| node.row.name.clone()).collect();
        (names, fitting(view, now, families))
    });
    // Node by node, so that nobody waits for all of them.
    for name in names {
        app.look(whose, |view| view.node(&name).map(|node| one(node, &kinds, now, families)));
    }
}

/// The same at once.
#[cfg(test)]
pub(super) fn of(view: &View<'_>, now: i64, families: &mut Families) {
    alerts(view, families);
    let kinds = fitting(view, now, families);
    members(view).for_each(|node| one(node, &kinds, now, families));
}

pub(super) fn members<'a>(view: &View<'a>) -> impl Iterator<Item = &'a NodeState> {
    view.nodes().filter(|node| node.row.state == "member")
}

/// Whether it was heard lately: what it said before is of no use now.
pub(super) fn is_fresh(node: &NodeState, now: i64) -> bool {
    node.presence == Presence::Online
        && now.saturating_sub(node.seen) < i64::try_from(SILENT_AFTER.as_secs()).unwrap_or(300)
}

/// Kinds whose lines all fit.
fn fitting(view: &View<'_>, now: i64, families: &mut Families) -> Vec<&'static Kind> {
    let mut objects: BTreeMap<&str, usize> = BTreeMap::new();
    for node in members(view).filter(|node| is_fresh(node, now)) {
        node.objects.keys().for_each(|(kind, _)| *objects.entry(kind).or_default() += 1);
    }
    let mut room = families.room().saturating_sub(2 * members(view).count());
    let minor = |kind: &&Kind| MINOR.iter().rev().position(|minor| *minor == kind.name).map_or(0, |at| at + 1);
    let mut kinds: Vec<&Kind> = KINDS.iter().collect();
    kinds.sort_by_key(minor);
    kinds.retain(|kind| {
        let lines = objects.get(kind.name).copied().unwrap_or(0)
            * (kind.fields.iter().filter(|field| is_told(field)).count() + beside(kind));
        let fits = lines <= room;
        if fits {
            room -= lines;
        } else {
            families.left_out.push(kind.name);
        }
        fits
    });
    kinds
}

/// Lines of an object that are made of several of its fields.
fn beside(kind: &Kind) -> usize {
    match kind.name {
        "fs" => 1,
        "backup" => 3,
        _ => 0,
    }
}

fn is_told(field: &atalaya_wire::view::Field) -> bool {
    field.shape != "text" || STATES.contains(&field.key)
}

fn labels(node: &NodeState) -> Labels {
    vec![("customer", node.row.customer.clone()), ("node", node.row.name.clone())]
}

fn one(node: &NodeState, kinds: &[&'static Kind], now: i64, families: &mut Families) {
    let fresh = is_fresh(node, now);
    let up = if fresh { 1.0 } else { 0.0 };
    families.gauge("atalaya_node_up", "Whether the node was heard in the last five minutes", labels(node), up);
    if node.seen > 0 {
        let help = "When the node was last heard, in seconds since 1970";
        families.gauge("atalaya_node_last_seen_timestamp_seconds", help, labels(node), seconds(node.seen));
    }
    refused(node, families);
    if !fresh {
        return;
    }
    for ((kind, id), latest) in &node.objects {
        let told = kinds.iter().find(|known| known.name == *kind);
        if let Some((kind, sample)) = told.and_then(|kind| Some((kind, latest.sample()?))) {
            object(node, kind, id, &sample, families);
        }
    }
}

/// What of it was not taken: of a node that sends nothing else that is all there is to see.
fn refused(node: &NodeState, families: &mut Families) {
    for (why, count) in node.refused.iter() {
        let mut labels = labels(node);
        labels.push(("reason", why.name().to_owned()));
        let help = "Messages of the node that were not taken since the sidecar started";
        #[expect(clippy::cast_precision_loss, reason = "Prometheus has no other numbers")]
        families.count("atalaya_node_refused_messages", help, labels, count as f64);
    }
}

/// Every number of it, and its states.
fn object(node: &NodeState, kind: &Kind, id: &ObjectId, sample: &Sample, families: &mut Families) {
    for (at, field) in kind.fields.iter().enumerate().filter(|(_, field)| is_told(field)) {
        let mut labels = labels(node);
        labels.push(("id", id.as_str().to_owned()));
        let name = format!("atalaya_{}_{}", kind.name, field.key);
        #[expect(clippy::cast_precision_loss, reason = "Prometheus has no other numbers")]
        let number = match sample.value(at) {
            Value::Unknown => continue,
            Value::Number(number) => f64::from(number),
            Value::Whole(number) => number as f64,
            Value::Signed(number) => number as f64,
            Value::Flag(flag) => f64::from(u8::from(flag)),
            Value::Text(text) => {
                labels.push(("state", text.to_owned()));
                let name = if field.key == "state" { name } else { format!("{name}_state") };
                families.gauge(&name, field.about, labels, 1.0);
                continue;
            }
        };
        families.gauge(&name, field.about, labels, number);
    }
    if let Sample::Backup(backup) = sample {
        health(node, backup, families);
    }
    if let Sample::FileSystem(fs) = sample
        && let Some(used) = fs.used_percent
    {
        let mut labels = labels(node);
        labels.extend([("job", String::new()), ("mount", fs.mount.as_deref().unwrap_or_default().to_owned())]);
        let help = "How full a file system is; atalaya_store_free_percent is of those that hold a repository";
        families.gauge("backup_disk_usage_percent", help, labels, f64::from(used));
    }
}

/// 1 where a check of a job says that all is well.
fn health(node: &NodeState, backup: &atalaya_wire::view::Backup, families: &mut Families) {
    let result = backup.result.as_deref().map(|result| matches!(result, "ok" | "warnings"));
    let checked = backup.checked.as_deref().filter(|checked| *checked != "unverified");
    for (check, well) in [
        ("result", result),
        ("overdue", backup.overdue.map(|overdue| !overdue)),
        ("repository", checked.map(|checked| checked == "verified")),
    ] {
        let Some(well) = well else { continue };
        let mut labels = labels(node);
        labels
            .extend([("job", backup.job.as_deref().unwrap_or_default().to_owned()), ("check_type", check.to_owned())]);
        let help = "Whether a check of a backup job says that all is well";
        families.gauge("backup_health_status", help, labels, f64::from(u8::from(well)));
    }
}

/// Alerts that are open, of each node, by how bad and how far they are.
fn alerts(view: &View<'_>, families: &mut Families) {
    let mut counts: BTreeMap<(String, String, String), u32> = BTreeMap::new();
    for alert in view.alerts() {
        let key = (alert.alert.node.as_str().to_owned(), word(&alert.severity), word(&alert.phase));
        *counts.entry(key).or_default() += 1;
    }
    for ((node, severity, state), count) in counts {
        let customer = view.node(&node).map(|node| node.row.customer.clone()).unwrap_or_default();
        let labels = vec![("customer", customer), ("node", node), ("severity", severity), ("state", state)];
        families.gauge("atalaya_alerts", "Alerts that are open", labels, f64::from(count));
    }
}

#[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are exact for millions of years")]
pub(super) const fn seconds(at: i64) -> f64 {
    at as f64
}
