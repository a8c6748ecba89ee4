//! One delivery instead of many: where a person would have to read more than he can, and where there is no more room.

use std::collections::BTreeSet;

use atalaya_alert::Severity;
use ring::digest::{SHA256, digest};

use super::lane::{Item, Lane};
use super::{Begun, Change, Delivery, DeliveryId, Digest, Now, Turn};
use crate::limits::WAITING_MAX;
use crate::message::What;

impl Turn {
    /// One delivery instead of these, the worst of which is named first.
    pub(super) fn merge(&mut self, channel: &str, notifications: &[String], now: Now) -> Option<Digest> {
        let lane = self.lanes.get_mut(channel)?;
        let id = DeliveryId { notification: name(channel, notifications), channel: channel.to_owned() };
        let (mut alerts, mut sets) = (BTreeSet::new(), BTreeSet::new());
        let (mut severity, mut of) = (Severity::Low, Vec::new());
        for item in notifications.iter().filter_map(|one| lane.take(one)) {
            severity = severity.max(item.delivery.severity);
            sets.extend(item.delivery.sets);
            if item.delivery.what != What::Alert(atalaya_alert::Kind::Resolved) {
                alerts.extend(item.delivery.alerts);
            }
            of.push(item.delivery.id.notification);
        }
        // What waits for one of them waits for this now.
        for end in lane.items.values_mut().filter(|end| of.iter().any(|one| end.behind.contains(one))) {
            of.iter().for_each(|one| _ = end.behind.remove(one));
            end.behind.insert(id.notification.clone());
        }
        let sets: Vec<String> = sets.into_iter().collect();
        let delivery = Delivery {
            id: id.clone(),
            what: What::Digest,
            severity,
            at: now.wall,
            sets: sets.clone(),
            alerts: alerts.into_iter().collect(),
            begun: Begun::Here,
            tries: 0,
            next: now.wall,
        };
        lane.put(Item { delivery, next: now.moment, end: None, behind: BTreeSet::new() });
        Some(Digest { id, severity, of, sets })
    }

    /// What is least grave makes room, where most of it waits. Nothing is dropped: it is merged.
    pub(super) fn make_room(&mut self, now: Now) -> Vec<Change> {
        let mut changes = Vec::new();
        let mut waiting = self.waiting();
        for most in [Severity::Medium, Severity::High, Severity::Critical] {
            while waiting > WAITING_MAX {
                let way = self.under_way.as_ref().map(|way| way.notification.as_str());
                let crowds = self.lanes.iter().map(|(name, lane)| (lane.up_to(most, way), name.clone()));
                let Some((crowd, channel)) = crowds.max_by_key(|(crowd, _)| crowd.len()) else { break };
                if crowd.len() < 2 {
                    break;
                }
                changes.extend(self.merge(&channel, &crowd, now).map(Change::Digest));
                waiting = self.waiting();
            }
        }
        changes
    }
}

impl Lane {
    /// What is at most so grave and may be merged, the worst first.
    fn up_to(&self, most: Severity, under_way: Option<&str>) -> Vec<String> {
        let free = |item: &&Item| {
            item.delivery.severity <= most
                && item.behind.is_empty()
                && Some(item.delivery.id.notification.as_str()) != under_way
        };
        self.items.values().filter(free).map(|item| item.delivery.id.notification.clone()).collect()
    }
}

/// An id like those of the engine, of the same length.
fn name(channel: &str, notifications: &[String]) -> String {
    let text = format!("digest\n{channel}\n{}", notifications.join("\n"));
    digest(&SHA256, text.as_bytes()).as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
