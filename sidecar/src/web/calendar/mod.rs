//! What expires as a calendar that others subscribe to. Most of them can show nothing but an address, so a token stands in it:
//! one with the scope `read`, which is revoked like any other.

mod ics;

use atalaya_renew::{Item, Plan, Standing, State as Known, standing};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::App;
use super::words::Language;
use crate::people::{Customers, Need, guard};
use crate::renewals::id;
use ics::{Day, calendar};

pub(super) fn routes() -> Router<App> {
    Router::new().route("/calendar/{token}", get(feed))
}

async fn feed(State(app): State<App>, Path(token): Path<String>) -> Response {
    let now = app.shared.clock.now();
    let token = token.strip_suffix(".ics").unwrap_or(&token);
    let person = app.shared.identity.people.bearer(token, now);
    let may =
        person.is_some_and(|person| person.customers == Customers::All && guard(&person, Need::Read, None).is_ok());
    if !may {
        // Nothing is said of what is not theirs.
        return StatusCode::NOT_FOUND.into_response();
    }
    let known = app.shared.renewals.seen();
    let text = calendar("Atalaya", &days(&app, &known, now.seconds()));
    ([(CONTENT_TYPE, "text/calendar; charset=utf-8")], text).into_response()
}

/// The days on which something ends, in the sidecar's own language and zone.
fn days(app: &App, known: &Known, now: i64) -> Vec<Day> {
    let state = &app.shared.config.state;
    let language = if state.language == "es" { Language::Es } else { Language::En };
    let url = app.shared.config.web.url.as_ref().map_or_else(String::new, |url| format!("{url}/renewals"));
    let day = |item: &Item| {
        let life = item.life()?;
        let ends = jiff::Timestamp::from_second(life.ends).ok()?;
        let stamp = jiff::Timestamp::from_second(item.last_seen().unwrap_or(now)).ok()?;
        let key = if standing(item, now) == Standing::Over { "calendar.ended" } else { "calendar.ends" };
        Some(Day {
            uid: format!("{}@{}", id(item), state.id),
            date: ends.to_zoned(state.zone.clone()).date(),
            stamp,
            title: app.words.get(language, key).replace("{name}", &item.key.name),
            text: item.task.as_ref().map_or_else(String::new, |task| task.what.clone()),
            url: url.clone(),
        })
    };
    // What waits for somebody's yes is over one day, too.
    let plan = |plan: &Plan| {
        let until = jiff::Timestamp::from_second(plan.until()?).ok()?;
        let price = plan.price.map_or_else(String::new, |price| price.to_string());
        Some(Day {
            uid: format!("plan_{}@{}", plan.id, state.id),
            date: until.to_zoned(state.zone.clone()).date(),
            stamp: jiff::Timestamp::from_second(plan.made).ok()?,
            title: app.words.get(language, "calendar.decide").replace("{name}", &plan.key.name),
            text: price,
            url: url.clone(),
        })
    };
    known.items.values().filter_map(day).chain(known.plans.values().filter_map(plan)).collect()
}
