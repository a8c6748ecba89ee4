//! Alerts: what happened, why it matters, what to do; silences; what was lately.

use askama::Template;
use atalaya_alert::Quiet;
use axum::extract::State as At;
use axum::response::Response;

use super::frame::Frame;
use super::incidents::Line;
use super::needs::needs_somebody;
use super::part::{Runbook, When};
use super::rules::{of, threshold};
use super::said::{Said, worst_first};
use super::render;
use crate::db::read::incidents;
use crate::web::App;

/// Incidents at the end of the page.
const RECENT: u32 = 10;
/// Alerts on one page; more than that are one cause, and the fleet's page is better for it.
const CARDS_MAX: usize = 100;

#[derive(Template)]
#[template(path = "alerts.html")]
struct Page {
    frame: Frame,
    groups: Vec<Group>,
    left_out: usize,
    quiets: Vec<Silenced>,
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
    let recent = app.shared.readers.with(|connection| incidents::recent(connection, RECENT)).await.unwrap_or_default();
    let page = {
        let seen = app.shared.board.read();
        let mut cards: Vec<(usize, Card)> = Vec::new();
        for alert in seen.alerts.values().filter(|alert| alert.phase.fires()) {
            let said = Said::new(&frame, &seen, &app.shared.rules, alert);
            let key = &alert.alert;
            let rule = app.shared.rules.get(&key.rule, &key.node, &key.object);
            let group = if needs_somebody(alert) { 0 } else if alert.ack.is_some() { 1 } else { 2 };
            let card = Card {
                why: rule.map(|rule| threshold(&frame, rule)).unwrap_or_default(),
                runbook: Runbook::new(rule.map_or("", |rule| of(&frame, &rule.runbook))),
                urgency: frame.t(urgency(alert.severity)).to_owned(),
                firing: alert.phase == atalaya_alert::Phase::Firing,
                said,
            };
            cards.push((group, card));
        }
        let left_out = cards.len().saturating_sub(CARDS_MAX);
        let quiets = seen.quiets.iter().map(|quiet| silenced(&frame, quiet)).collect();
        let line = |incident: &incidents::Incident| Line::new(&frame, &seen, incident);
        let recent = recent.iter().map(line).collect();
        Page { groups: groups(&frame, cards), left_out, quiets, recent, frame }
    };
    render(&page)
}

fn groups(frame: &Frame, cards: Vec<(usize, Card)>) -> Vec<Group> {
    let mut groups = [("waiting", "group.waiting"), ("cared", "group.cared"), ("quiet", "group.quiet")]
        .map(|(id, title)| Group { id, title: frame.t(title).to_owned(), cards: Vec::new() });
    let mut order: Vec<Said> = cards.iter().map(|(_, card)| card.said.clone()).collect();
    worst_first(&mut order);
    let place = |card: &Card| order.iter().position(|said| said.anchor == card.said.anchor).unwrap_or(usize::MAX);
    let mut cards = cards;
    cards.sort_by_cached_key(|(group, card)| (*group, place(card)));
    for (group, card) in cards.into_iter().take(CARDS_MAX) {
        if let Some(group) = groups.get_mut(group) {
            group.cards.push(card);
        }
    }
    groups.into_iter().filter(|group| !group.cards.is_empty()).collect()
}

const fn urgency(severity: atalaya_alert::Severity) -> &'static str {
    match severity {
        atalaya_alert::Severity::Critical => "urgency.critical",
        atalaya_alert::Severity::High => "urgency.high",
        atalaya_alert::Severity::Medium => "urgency.medium",
        atalaya_alert::Severity::Low => "urgency.low",
    }
}

fn silenced(frame: &Frame, quiet: &Quiet) -> Silenced {
    let matcher = &quiet.matcher;
    let parts = [("head.node", &matcher.node), ("head.object", &matcher.object), ("rule", &matcher.rule)];
    let mut about: Vec<String> = parts
        .iter()
        .filter_map(|(key, value)| value.as_ref().map(|value| format!("{}: {value}", frame.t(key))))
        .collect();
    if let Some(severity) = matcher.severity {
        let word = frame.t(super::part::Mark::from(severity).key()).to_owned();
        about.push(frame.fill("silence.most", &[("severity", &word)]));
    }
    Silenced {
        id: quiet.id.as_str().to_owned(),
        kind: frame.t(if quiet.maintenance { "silence.planned" } else { "silence" }).to_owned(),
        about: about.join(" · "),
        who: quiet.who.clone(),
        why: quiet.why.clone(),
        until: frame.when(quiet.until.0),
    }
}
