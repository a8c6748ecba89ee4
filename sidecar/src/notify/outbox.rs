//! What was decided, as rows.

use atalaya_notify::turn::{Change, DeliveryId, Digest, Settled};

use super::body::{DIGEST, Many};
use crate::db::Row;
use crate::tower::word;

/// Rows of changes at `now`, in seconds since 1970. `tried` is what was just tried, and how often with this time.
pub(super) fn rows(changes: &[Change], tried: Option<(&DeliveryId, u32)>, now: i64) -> Vec<Row> {
    let tries = |id: &DeliveryId| tried.filter(|(tried, _)| *tried == id).map_or(0, |(_, tries)| tries);
    let mut rows = Vec::new();
    for change in changes {
        match change {
            Change::Settled { id, how } => rows.push(settled(id, how, tries(id), now)),
            Change::Again { id, tries, next, why } => rows.push(Row::Delivered {
                notification: id.notification.clone(),
                channel: id.channel.clone(),
                state: "waiting",
                tries: *tries,
                next: next.0,
                done: None,
                answer: Some(why.clone()),
                merged: None,
            }),
            Change::Digest(digest) => rows.extend(many(digest, now)),
        }
    }
    rows
}

fn settled(id: &DeliveryId, how: &Settled, tries: u32, now: i64) -> Row {
    let (state, answer, merged) = match how {
        Settled::Sent(answer) => ("sent", Some(answer), None),
        Settled::Failed(why) => ("failed", Some(why), None),
        Settled::Merged(into) => ("merged", None, Some(into)),
        Settled::Untold => ("dropped", None, None),
    };
    Row::Delivered {
        notification: id.notification.clone(),
        channel: id.channel.clone(),
        state,
        tries,
        next: now,
        done: Some(now),
        answer: answer.cloned(),
        merged: merged.cloned(),
    }
}

/// The digest first: what is merged names it.
fn many(digest: &Digest, now: i64) -> impl Iterator<Item = Row> {
    let (id, channel) = (&digest.id.notification, &digest.id.channel);
    let made = Row::Notification {
        id: id.clone(),
        at: now,
        kind: DIGEST.into(),
        severity: word(&digest.severity),
        body: serde_json::to_string(&Many::new(digest)).unwrap_or_default(),
    };
    let waits = Row::Delivery { notification: id.clone(), channel: channel.clone(), next: now };
    let merged = digest.of.iter().map(move |one| {
        let one = DeliveryId { notification: one.clone(), channel: channel.clone() };
        settled(&one, &Settled::Merged(id.clone()), 0, now)
    });
    [made, waits].into_iter().chain(merged)
}
