//! Rules in words, and what to do when one fires.

use askama::Template;
use atalaya_alert::rule::{Literal, Rule, Term, Test, When, Words};
use axum::extract::{Path, State as At};
use axum::response::{IntoResponse, Response};

use super::frame::Frame;
use super::part::{Runbook, State};
use super::table::{Cell, Table};
use super::{missing, render};
use crate::web::App;
use crate::web::words::Language;

/// What a text is in the reader's language.
pub(super) fn of<'a>(frame: &Frame, words: &'a Words) -> &'a str {
    match frame.language {
        Language::En => &words.en,
        Language::Es => &words.es,
    }
}

/// When a rule fires, a line for each condition.
pub(super) fn threshold(frame: &Frame, rule: &Rule) -> Vec<String> {
    let mut lines: Vec<String> = match &rule.when {
        When::All(terms) => terms.iter().map(|term| condition(frame, term)).collect(),
        When::Absent(seconds) => vec![frame.fill("rule.absent", &[("span", &span(frame, *seconds))])],
    };
    if rule.up > 0 {
        lines.push(frame.fill("rule.for", &[("span", &span(frame, rule.up))]));
    }
    lines
}

#[expect(clippy::cast_precision_loss, reason = "it is shown in two units")]
fn span(frame: &Frame, seconds: u64) -> String {
    frame.language.span(seconds as f64)
}

/// One condition in words.
fn condition(frame: &Frame, term: &Term) -> String {
    let key = frame.key(&term.key);
    let value = |number: f64| frame.language.with_unit(&term.key, number);
    let list = |all: &[Literal]| all.iter().map(|one| literal(frame, &term.key, one)).collect::<Vec<_>>().join(", ");
    match &term.test {
        Test::Above(limit) => frame.fill("rule.above", &[("key", &key), ("value", &value(*limit))]),
        Test::Below(limit) => frame.fill("rule.below", &[("key", &key), ("value", &value(*limit))]),
        Test::OneOf(all) => frame.fill("rule.is", &[("key", &key), ("value", &list(all))]),
        Test::NotOneOf(all) => frame.fill("rule.is_not", &[("key", &key), ("value", &list(all))]),
        Test::Grew { by, within } => {
            let within = span(frame, *within);
            frame.fill("rule.grew", &[("key", &key), ("value", &value(*by)), ("span", &within)])
        }
        Test::Reaches { value: limit, within, over } => {
            let (within, over) = (span(frame, *within), span(frame, *over));
            let with = [("key", &*key), ("value", &*value(*limit)), ("span", &*within), ("over", &*over)];
            frame.fill("rule.reaches", &with)
        }
        Test::Older(age) => {
            let most = match &age.key {
                Some(other) if age.seconds == 0 => frame.key(other),
                Some(other) => format!("{} + {}", frame.key(other), span(frame, age.seconds)),
                None => span(frame, age.seconds),
            };
            frame.fill("rule.older", &[("key", &key), ("span", &most)])
        }
    }
}

fn literal(frame: &Frame, key: &str, literal: &Literal) -> String {
    match literal {
        Literal::Flag(true) => frame.t("yes").to_owned(),
        Literal::Flag(false) => frame.t("no").to_owned(),
        Literal::Number(number) => frame.language.with_unit(key, *number),
        Literal::Text(text) => frame.value(text),
    }
}

#[derive(Template)]
#[template(path = "rules.html")]
struct All {
    frame: Frame,
    count: String,
    table: Table,
}

/// All rules.
pub(super) async fn page(At(app): At<App>, frame: Frame) -> Response {
    let mut rules: Vec<&Rule> = app.shared.rules.iter().collect();
    rules.sort_by(|a, b| (&a.view, b.severity, &a.id).cmp(&(&b.view, a.severity, &b.id)));
    let row = |rule: &&Rule| {
        vec![
            Cell::state(frame.state(rule.severity.into())),
            Cell {
                link: format!("/runbooks/{}", super::escape(rule.id.as_str())),
                ..Cell::text(of(&frame, &rule.title))
            }
            .note(rule.id.as_str()),
            Cell::text(threshold(&frame, rule).join("; ")),
            Cell::text(plain(of(&frame, &rule.runbook))),
        ]
    };
    let heads = frame.heads(&["head.severity", "rule", "head.condition", "head.todo"]);
    let table = Table { caption: frame.t("rules").to_owned(), heads, rows: rules.iter().map(row).collect() };
    let count = frame.count("rules.count", rules.len());
    render(&All { count, table, frame })
}

/// Without marks for code.
fn plain(text: &str) -> String {
    text.replace('`', "")
}

#[derive(Template)]
#[template(path = "runbook.html")]
struct One {
    frame: Frame,
    title: String,
    id: String,
    state: State,
    urgency: String,
    when: Vec<String>,
    clear: Vec<String>,
    only: Vec<String>,
    runbook: Runbook,
    repeat: Option<String>,
    escalate: Vec<String>,
    depends: Vec<(String, String)>,
    source: String,
    link: String,
}

/// One rule.
pub(super) async fn runbook(At(app): At<App>, Path(id): Path<String>, frame: Frame) -> Response {
    let rules = &app.shared.rules;
    let Some(rule) = rules.iter().find(|rule| rule.id.as_str() == id) else { return missing().await.into_response() };
    let words = |terms: &[Term]| terms.iter().map(|term| condition(&frame, term)).collect::<Vec<_>>();
    let mut clear = words(&rule.clear);
    if clear.is_empty() {
        clear.push(frame.t("rule.over").to_owned());
    }
    if rule.down > 0 {
        clear.push(frame.fill("rule.for", &[("span", &span(&frame, rule.down))]));
    }
    let parent = |id: &atalaya_alert::RuleId| {
        let found = rules.iter().find(|rule| rule.id == *id);
        (
            id.as_str().to_owned(),
            found.map_or_else(|| id.as_str().to_owned(), |rule| of(&frame, &rule.title).to_owned()),
        )
    };
    let step = |step: &atalaya_alert::rule::Step| {
        frame.fill("rule.escalates", &[("span", &span(&frame, step.after)), ("set", &step.to)])
    };
    let is_web = rule.link.starts_with("https://") || rule.link.starts_with("http://");
    render(&One {
        title: of(&frame, &rule.title).to_owned(),
        id,
        state: frame.state(rule.severity.into()),
        urgency: frame.t(super::alerts::urgency(rule.severity)).to_owned(),
        when: threshold(&frame, rule),
        clear,
        only: words(&rule.only),
        runbook: Runbook::new(of(&frame, &rule.runbook)),
        repeat: rule.repeat.map(|seconds| frame.fill("rule.repeats", &[("span", &span(&frame, seconds))])),
        escalate: rule.escalate.iter().map(step).collect(),
        depends: rule.depends.iter().map(parent).collect(),
        source: rule.source.clone(),
        link: if is_web { rule.link.clone() } else { String::new() },
        frame,
    })
}
