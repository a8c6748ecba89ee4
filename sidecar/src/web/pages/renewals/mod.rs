//! What expires: what waits for somebody first, then everything, then what was bought.

mod act;
mod item;
mod plan;
mod record;

use askama::Template;
use axum::Router;
use axum::extract::State as At;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use atalaya_mailbox::Why;
use atalaya_renew::{Standing, State as Known};

use super::frame::Frame;
use super::part::{Mark, State, When};
use super::{missing, render};
use crate::renewals::mailbox::Note;
use crate::renewals::{About, Seal};
use crate::web::App;
use item::{Can, Row};
use plan::Card;
use record::Line;

/// Plans that are over, on the page; the API has the others.
const PLANS_SHOWN: usize = 30;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/renewals", get(page))
        .route("/renewals/check", post(act::check))
        .route("/renewals/confirm", post(act::confirm))
        .route("/renewals/plans", post(act::plan))
        .route("/renewals/plans/{id}/approve", post(act::approve))
        .route("/renewals/plans/{id}/reject", post(act::reject))
        .route("/renewals/plans/{id}/settle", post(act::settle))
        .route("/renewals/spending", post(act::spending))
}

#[derive(Template)]
#[template(path = "renewals.html")]
struct Page {
    frame: Frame,
    verdict: State,
    /// Plans that wait for a person, or of which nobody knows what became of them.
    waiting: Vec<Card>,
    rows: Vec<Row>,
    over: Vec<Card>,
    providers: Vec<Provider>,
    /// Names that follow nodes.
    records: Vec<Line>,
    spending: Spending,
    letters: Vec<Letter>,
    /// Whether the reader may approve.
    can_approve: bool,
}

struct Provider {
    name: String,
    /// Its kind, and what it may do.
    about: String,
    state: State,
    listed: Option<When>,
    next: Option<When>,
    problem: String,
}

/// A mail that is no task.
struct Letter {
    when: Option<When>,
    state: State,
    from: &'static str,
    subject: String,
}

struct Spending {
    on: bool,
    /// Whether anything is bought, in a sentence.
    word: String,
    /// What was spent, of what, for each currency.
    months: Vec<String>,
}

async fn page(At(app): At<App>, frame: Frame) -> Response {
    // Names and money are everybody's: to who has some customers there is nothing.
    if !frame.sees_all() {
        return missing().await.into_response();
    }
    let known = app.shared.renewals.seen();
    let (waiting, over): (Vec<_>, Vec<_>) = known.plans.values().rev().partition(|plan| plan.is_open());
    let now = frame.now.seconds();
    // Without its key links are not shown, and the provider's site is where it is done.
    let has_link = known.items.values().any(|item| item.task.as_ref().is_some_and(|task| task.link.is_some()));
    let seal = has_link.then(|| Seal::of(&app.shared.folder).ok()).flatten();
    let terms = app.shared.renewals.terms();
    let can = Can { terms: &terms, seal: seal.as_ref() };
    let mut rows: Vec<Row> = known.items.values().map(|item| Row::new(&frame, &known, item, &can)).collect();
    rows.sort_by(|one, other| (one.mark, &one.ends_at).cmp(&(other.mark, &other.ends_at)));
    render(&Page {
        verdict: verdict(&frame, &known, now),
        waiting: waiting.into_iter().map(|plan| Card::new(&frame, plan)).collect(),
        over: over.into_iter().take(PLANS_SHOWN).map(|plan| Card::new(&frame, plan)).collect(),
        providers: providers(&frame, &known, &app.shared.renewals.about()),
        records: app.shared.records.list().into_iter().map(|standing| Line::new(&frame, standing)).collect(),
        letters: app.shared.post.notes().iter().map(|note| letter(&frame, note)).collect(),
        spending: spending(&app, &frame, &known, now),
        can_approve: frame.can_manage && !frame.is_local,
        rows,
        frame,
    })
}

/// The worst of all, in a sentence.
fn verdict(frame: &Frame, known: &Known, now: i64) -> State {
    let wants = known.items.values().filter(|item| atalaya_renew::standing(item, now).wants());
    let unknown = known.items.values().filter(|item| atalaya_renew::standing(item, now) == Standing::Unknown).count();
    let worst = known.items.values().map(|item| item::mark(atalaya_renew::standing(item, now)).0).min();
    let worst = worst.unwrap_or(Mark::Medium);
    let (mark, word) = match (known.items.len(), wants.count(), unknown) {
        (0, ..) => (Mark::Off, frame.t("renewals.none").to_owned()),
        (_, 0, 0) => (Mark::Ok, frame.t("renewals.fine").to_owned()),
        (_, 0, unknown) => (Mark::Unknown, frame.count("renewals.unknown", unknown)),
        (_, wants, _) => (worst, frame.count("renewals.want", wants)),
    };
    State { mark, word }
}

fn letter(frame: &Frame, note: &Note) -> Letter {
    let (mark, key) = match note.why {
        None => (Mark::Low, "letter.look"),
        Some(Why::OtherSender | Why::Senders) => (Mark::High, "letter.sender"),
        Some(Why::NotChecked | Why::NotSigned) => (Mark::High, "letter.not_signed"),
        Some(Why::NotOurs) => (Mark::Medium, "letter.not_ours"),
        Some(Why::Unreadable) => (Mark::Medium, "letter.unreadable"),
    };
    Letter {
        when: frame.when(note.at),
        state: frame.state_as(mark, key),
        from: note.provider.name(),
        subject: note.subject.clone(),
    }
}

fn providers(frame: &Frame, known: &Known, all: &[About]) -> Vec<Provider> {
    let show = |about: &About| {
        let provider = known.providers.get(&about.name);
        let trouble = provider.and_then(|provider| provider.trouble.as_ref()).map(|(why, _)| why);
        let is_known = provider.is_some_and(|provider| provider.listed.is_some());
        let (mark, key) = match trouble.map(atalaya_renew::Trouble::may_pass) {
            None if is_known => (Mark::Ok, "channel.works"),
            None => (Mark::Unknown, "unknown"),
            Some(true) => (Mark::Low, "channel.failing"),
            Some(false) => (Mark::High, "channel.wrong"),
        };
        Provider {
            name: about.name.clone(),
            about: abilities(frame, about),
            state: frame.state_as(mark, key),
            listed: provider.and_then(|provider| frame.when(provider.listed?)),
            next: provider.and_then(|provider| frame.when(provider.next)),
            problem: trouble.map_or_else(String::new, ToString::to_string),
        }
    };
    all.iter().map(show).collect()
}

fn abilities(frame: &Frame, about: &About) -> String {
    let all = [
        (about.sells.renewal, "provider.sells.renewal"),
        (about.sells.auto_renew, "provider.sells.auto_renew"),
        (about.holds_records, "provider.records"),
    ];
    let mut said = vec![about.kind];
    said.extend(all.into_iter().filter(|(is_so, _)| *is_so).map(|(_, key)| frame.t(key)));
    said.join(" · ")
}

fn spending(app: &App, frame: &Frame, known: &Known, now: i64) -> Spending {
    let terms = app.shared.renewals.terms();
    let month = |cap: &atalaya_renew::Money| {
        let (spent, cap) = (known.spent(&terms, *cap, now)?.to_string(), cap.to_string());
        Some(frame.fill("spending.month", &[("spent", &spent), ("cap", &cap)]))
    };
    let word = match &known.head.switched_off {
        Some(who) => frame.fill("spending.off", &[("who", who)]),
        None if terms.dry_run => frame.t("spending.dry_run").to_owned(),
        None if terms.caps.is_empty() => frame.t("spending.no_cap").to_owned(),
        None => frame.t("spending.on").to_owned(),
    };
    let months = terms.caps.iter().filter_map(month).collect();
    Spending { on: known.head.switched_off.is_none(), word, months }
}
