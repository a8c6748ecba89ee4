//! Is everything all right? The first sentence that is read, and what follows from it.

use atalaya_alert::{AlertState, Presence, Severity};

use super::frame::Frame;
use super::part::{Mark, When};
use crate::tower::Link;
use crate::web::view::View;

/// Whether an alert waits for somebody: it fires, people should be told of it, and nobody takes care.
pub(super) fn needs_somebody(alert: &AlertState) -> bool {
    alert.phase.fires() && alert.ack.is_none() && alert.mute.is_none()
}

/// The answer.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) mark: Mark,
    pub(super) title: String,
    /// Since when, if not.
    pub(super) since: Option<When>,
    /// What else is to be known.
    pub(super) notes: Vec<String>,
}

impl Verdict {
    pub(super) fn new(frame: &Frame, seen: &View<'_>, problem: Option<&str>) -> Self {
        let notes = notes(frame, seen);
        let said = |mark, title: String, since| Self { mark, title, since, notes: notes.clone() };
        if let Some(problem) = problem {
            return said(Mark::Critical, frame.fill("verdict.disk", &[("why", problem)]), None);
        }
        match seen.link() {
            Link::Up => {}
            Link::Starting => return said(Mark::Unknown, frame.t("verdict.starting").to_owned(), None),
            Link::Down(why) => return said(Mark::Unknown, frame.fill("verdict.deaf", &[("why", why)]), None),
        }
        let waiting: Vec<&AlertState> = seen.alerts().filter(|alert| needs_somebody(alert)).collect();
        if let Some(worst) = waiting.iter().map(|alert| alert.severity).max() {
            let since = waiting.iter().map(|alert| alert.since.0).min().and_then(|at| frame.when(at));
            let title = frame.fill("verdict.needs", &[("what", &counted(frame, &waiting))]);
            return said(worst.into(), title, since);
        }
        if seen.nodes().next().is_none() {
            return said(Mark::Unknown, frame.t("verdict.empty").to_owned(), None);
        }
        if seen.alerts().any(|alert| alert.ack.is_some() && alert.phase.fires()) {
            return said(Mark::Low, frame.t("verdict.cared").to_owned(), None);
        }
        let mut away = seen.nodes().filter(|node| node.presence != Presence::Online && node.row.state == "member");
        match away.next() {
            Some(node) => said(Mark::Unknown, frame.count("verdict.away", 1 + away.count()), frame.when(node.since)),
            None => said(Mark::Ok, frame.t("verdict.ok").to_owned(), None),
        }
    }
}

/// `2 critical, 1 high`.
fn counted(frame: &Frame, alerts: &[&AlertState]) -> String {
    let each = [
        (Severity::Critical, "count.critical"),
        (Severity::High, "count.high"),
        (Severity::Medium, "count.medium"),
        (Severity::Low, "count.low"),
    ];
    let count = |severity| alerts.iter().filter(|alert| alert.severity == severity).count();
    let parts = each.iter().map(|(severity, key)| (count(*severity), key)).filter(|(count, _)| *count > 0);
    parts.map(|(count, key)| frame.count(key, count)).collect::<Vec<_>>().join(", ")
}

/// How many report, and what is open without asking for anybody.
fn notes(frame: &Frame, seen: &View<'_>) -> Vec<String> {
    let members: Vec<_> = seen.nodes().filter(|node| node.row.state == "member").collect();
    let here = members.iter().filter(|node| node.presence == Presence::Online).count();
    let mut notes =
        vec![frame.fill("note.report", &[("here", &here.to_string()), ("all", &members.len().to_string())])];
    if let Some(seen_at) = members.iter().map(|node| node.seen).max().filter(|at| *at > 0) {
        notes.push(frame.fill("note.heard", &[("ago", &frame.ago(seen_at))]));
    }
    let firing = || seen.alerts().filter(|alert| alert.phase.fires());
    let others = [
        ("note.cared", firing().filter(|alert| alert.ack.is_some()).count()),
        ("note.muted", firing().filter(|alert| alert.ack.is_none() && alert.mute.is_some()).count()),
        ("note.quiets", seen.quiets().count()),
    ];
    notes.extend(others.iter().filter(|(_, count)| *count > 0).map(|(key, count)| frame.count(key, *count)));
    notes
}
