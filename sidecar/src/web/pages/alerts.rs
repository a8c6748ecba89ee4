//! Alerts: what happened, why it matters, what to do; silences; what was lately.

use askama::Template;
use atalaya_alert::{AlertState, Matcher, Phase, Quiet, Rules, Severity};
use axum::extract::State as At;
use axum::response::Response;

use super::frame::Frame;
use super::incidents::Line;
use super::needs::needs_somebody;
use super::part::{Runbook, When};
use super::render;
use super::rules::{of, threshold};
use super::said::{Said, order};
use super::window::Fields;
use super::windows::{self, Announced};
use crate::db::read::incidents;
use crate::web::App;
use crate::web::view::View;

/// Incidents at the end of the page.
const RECENT: u32 = 10;
/// Alerts on one page; more than that are one cause, and the fleet's page is better for it.
const CARDS_MAX: usize = 100;

#[derive(Template)]
#[template(path = "alerts.html")]
pub(super) struct Page {
    frame: Frame,
    groups: Vec<Group>,
    left_out: usize,
    quiets: Vec<Silenced>,
    windows: Vec<Announced>,
    fields: Fields,
    recent: Vec<Line>,
}

/// Alerts that wait for the same.
struct Group {
    id: &'static str,
    title: String,
    cards: Vec<Card>,
}

/// An alert with all that helps.
struct Card {
    said: Said,
    /// When it is one, in words.
    why: Vec<String>,
    runbook: Runbook,
    /// When that is due, by its severity.
    urgency: String,
    firing: bool,
}

/// A silence or a maintenance window.
struct Silenced {
    id: String,
    kind: String,
    about: String,
    who: String,
    why: String,
    until: Option<When>,
}

pub(super) async fn page(At(app): At<App>, frame: Frame) -> Response {
    let whose = frame.whose.clone();
    let recent = app.shared.readers.with(move |connection| incidents::recent(connection, &whose, RECENT));
    let recent = recent.await.unwrap_or_default();
    render(&frame.look(&app, |frame, seen| build(frame, seen, &app.shared.rules, &recent)))
}

pub(super) fn build(frame: Frame, seen: &View<'_>, rules: &Rules, recent: &[incidents::Incident]) -> Page {
    let firing = seen.alerts().filter(|alert| alert.phase.fires());
    let cards: Vec<(usize, Card)> = firing.map(|alert| card(&frame, seen, rules, alert)).collect();
    let left_out = cards.len().saturating_sub(CARDS_MAX);
    let quiets = seen.quiets().map(|quiet| silenced(&frame, quiet)).collect();
    let (windows, fields) = (windows::all(&frame, seen), Fields::new(&frame));
    let recent = recent.iter().map(|incident| Line::new(&frame, seen, incident)).collect();
    Page { groups: groups(&frame, cards), left_out, quiets, windows, fields, recent, frame }
}

/// An alert with the number of its group.
fn card(frame: &Frame, seen: &View<'_>, rules: &Rules, alert: &AlertState) -> (usize, Card) {
    let key = &alert.alert;
    let rule = rules.get(&key.rule, &key.node, &key.object);
    let group = match (needs_somebody(alert), &alert.ack) {
        (true, _) => 0,
        (false, Some(_)) => 1,
        (false, None) => 2,
    };
    let card = Card {
        said: Said::new(frame, seen, rules, alert),
        why: rule.map(|rule| threshold(frame, rule)).unwrap_or_default(),
        runbook: Runbook::new(rule.map_or("", |rule| of(frame, &rule.runbook))),
        urgency: frame.t(urgency(alert.severity)).to_owned(),
        firing: alert.phase == Phase::Firing,
    };
    (group, card)
}

/// Worst first in each group.
fn groups(frame: &Frame, cards: Vec<(usize, Card)>) -> Vec<Group> {
    let mut groups = [("waiting", "group.waiting"), ("cared", "group.cared"), ("quiet", "group.quiet")]
        .map(|(id, title)| Group { id, title: frame.t(title).to_owned(), cards: Vec::new() });
    let mut cards = cards;
    cards.sort_by(|(one, a), (other, b)| one.cmp(other).then_with(|| order(&a.said, &b.said)));
    for (group, card) in cards.into_iter().take(CARDS_MAX) {
        if let Some(group) = groups.get_mut(group) {
            group.cards.push(card);
        }
    }
    groups.into_iter().filter(|group| !group.cards.is_empty()).collect()
}

/// When something is due.
pub(super) const fn urgency(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "urgency.critical",
        Severity::High => "urgency.high",
        Severity::Medium => "urgency.medium",
        Severity::Low => "urgency.low",
    }
}

/// What something is about, in words.
pub(super) fn about(frame: &Frame, matcher: &Matcher) -> String {
    let parts = [("head.node", &matcher.node), ("head.object", &matcher.object), ("rule", &matcher.rule)];
    let mut about: Vec<String> = parts
        .iter()
        .filter_map(|(key, value)| value.as_ref().map(|value| format!("{}: {value}", frame.t(key))))
        .collect();
    if let Some(severity) = matcher.severity {
        let word = frame.t(super::part::Mark::from(severity).key()).to_owned();
        about.push(frame.fill("silence.most", &[("severity", &word)]));
    }
    about.join(" · ")
}

fn silenced(frame: &Frame, quiet: &Quiet) -> Silenced {
    Silenced {
        id: quiet.id.as_str().to_owned(),
        kind: frame.t(if quiet.maintenance { "silence.planned" } else { "silence" }).to_owned(),
        about: about(frame, &quiet.matcher),
        who: quiet.who.clone(),
        why: quiet.why.clone(),
        until: frame.when(quiet.until.0),
    }
}
