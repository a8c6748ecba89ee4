//! Lines of an incident's timeline. Of a notification it says through what it went, and what came of that: the engine only
//! wants people to be told, and a set may have no channel.

use atalaya_alert::{AlertKey, Entry, Kind, Rules, What};

use super::frame::Frame;
use super::incidents::STAGES;
use super::part::{Mark, When};
use super::{rules as of_rules, said};
use crate::web::came::Came;
use crate::web::view::View;

/// A line of the timeline.
pub(super) struct Told {
    pub(super) mark: Mark,
    pub(super) when: When,
    pub(super) text: String,
    pub(super) who: String,
    pub(super) note: String,
}

pub(super) fn told(frame: &Frame, rules: &Rules, seen: &View<'_>, came: &Came, entry: &Entry) -> Told {
    let alert = |key: &AlertKey| {
        let rule = rules.get(&key.rule, &key.node, &key.object);
        let title = rule.map_or(key.rule.as_str(), |rule| of_rules::of(frame, &rule.title));
        let label = said::label_of(frame, seen, key.node.as_str(), key.object.view(), key.object.id());
        (if label.is_empty() { title.to_owned() } else { format!("{title} · {label}") }, rule.map(|rule| rule.severity))
    };
    let (mark, text) = match &entry.what {
        What::Fired(key) => {
            let (what, severity) = alert(key);
            (severity.map_or(Mark::Unknown, Mark::from), frame.fill("told.fired", &[("what", &what)]))
        }
        What::Resolved(key) => (Mark::Ok, frame.fill("told.resolved", &[("what", &alert(key).0)])),
        What::Acknowledged(key) => (Mark::Low, frame.fill("told.acknowledged", &[("what", &alert(key).0)])),
        What::Told { kind, to, id } => {
            let (mark, how) = how(frame, came.get(id).map(Vec::as_slice));
            (mark, frame.fill(key_of(*kind), &[("set", to), ("how", &how)]))
        }
        What::Note => (Mark::Low, frame.t("told.note").to_owned()),
        What::Stage(stage) => {
            let key = STAGES.iter().find(|(known, ..)| known == stage).map_or("unknown", |(_, _, key)| key);
            (Mark::Off, frame.fill("told.stage", &[("stage", frame.t(key))]))
        }
    };
    let when = frame.when(entry.at.0).unwrap_or_default();
    Told { mark, when, text, who: entry.who.clone(), note: entry.text.clone() }
}

const fn key_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Fired => "told.sent_fired",
        Kind::StillFiring => "told.sent_still",
        Kind::Escalated => "told.sent_escalated",
        Kind::SilenceEnded => "told.sent_silence",
        Kind::Resolved => "told.sent_resolved",
        Kind::Full => "told.sent_full",
    }
}

/// Through which channels, and whether it got there.
fn how(frame: &Frame, came: Option<&[(String, String)]>) -> (Mark, String) {
    let Some(came) = came else { return (Mark::Unknown, frame.t("told.forgotten").to_owned()) };
    if came.is_empty() {
        return (Mark::High, frame.t("told.nobody").to_owned());
    }
    let failed = came.iter().any(|(_, state)| state == "failed");
    let one = |(channel, state): &(String, String)| {
        let key = match state.as_str() {
            "waiting" => "sent.waiting",
            "sent" => "sent.sent",
            "merged" => "sent.merged",
            "dropped" => "sent.dropped",
            _ => "sent.failed",
        };
        format!("{channel} ({})", frame.t(key))
    };
    (if failed { Mark::High } else { Mark::Off }, came.iter().map(one).collect::<Vec<_>>().join(", "))
}
