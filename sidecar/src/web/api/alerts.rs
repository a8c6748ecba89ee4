//! Alerts that are open, and who cares for them.

use atalaya_alert::{AlertState, Mute, Target};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::body::{Asked, Body, Nothing, within};
use super::caller::{Caller, Operates, Reads};
use super::names::{Key, SEVERITIES, SeverityWord, Words};
use super::page::{Page, Slice};
use super::problem::Problem;
use super::time;
use crate::tower::{Wish, wish, word};
use crate::web::App;

/// Of what people write.
pub(super) const TEXT_CHARS_MAX: usize = 500;

/// Which alerts.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents what the query may hold")]
pub(super) struct Which {
    /// Only those that are so far.
    #[param(inline)]
    state: Option<Phase>,
    /// Only those as bad as this, or worse.
    #[param(inline)]
    severity: Option<SeverityWord>,
    /// Only of this node.
    #[param(max_length = 64)]
    node: Option<String>,
    /// At most so many.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<u16>,
    /// The `next` of the page before.
    #[param(max_length = 1024)]
    cursor: Option<String>,
}

/// How far an alert is.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "documents the words of atalaya_alert::Phase")]
pub(super) enum Phase {
    /// It may become one.
    Pending,
    /// It is one.
    Firing,
    /// It may be over.
    Recovering,
    /// It is over, and that is not told yet.
    Resolved,
}

/// An alert that is open.
#[derive(Serialize, ToSchema)]
pub(super) struct Alert {
    #[serde(flatten)]
    key: Key,
    /// How far it is.
    #[schema(value_type = Phase)]
    state: String,
    /// How bad.
    #[schema(value_type = SeverityWord)]
    severity: String,
    /// What it is called.
    title: Words,
    /// What was seen when it fired.
    shown: Words,
    /// When it fired.
    #[schema(required = true, format = DateTime)]
    since: Option<String>,
    /// Which incident it belongs to.
    incident: u64,
    /// Who cares for it.
    #[schema(required = true)]
    acknowledged: Option<Acknowledged>,
    /// Why nobody is told: `silence`, `maintenance`, `depends` or `unrouted`.
    #[schema(required = true)]
    muted: Option<&'static str>,
}

/// That somebody cares.
#[derive(Serialize, ToSchema)]
pub(super) struct Acknowledged {
    /// Who.
    by: String,
    /// Since when.
    #[schema(required = true, format = DateTime)]
    at: Option<String>,
    /// What they said.
    note: String,
}

impl Alert {
    pub(super) fn new(app: &App, alert: &AlertState) -> Self {
        let key = &alert.alert;
        let rule = app.shared.rules.get(&key.rule, &key.node, &key.object);
        let named = || Words { en: key.rule.as_str().to_owned(), es: key.rule.as_str().to_owned() };
        Self {
            key: key.into(),
            state: word(&alert.phase),
            severity: word(&alert.severity),
            title: rule.map_or_else(named, |rule| (&rule.title).into()),
            shown: (&alert.shown).into(),
            since: time(alert.since.0),
            incident: alert.incident.0,
            acknowledged: alert.ack.as_ref().map(|ack| Acknowledged {
                by: ack.who.clone(),
                at: time(ack.at.0),
                note: ack.note.clone(),
            }),
            muted: alert.mute.as_ref().map(|mute| match mute {
                Mute::Silence(_) => "silence",
                Mute::Maintenance(_) => "maintenance",
                Mute::Depends(_) => "depends",
                Mute::Unrouted => "unrouted",
            }),
        }
    }
}

/// Alerts that are open, by node, object and rule.
#[utoipa::path(get, path = "/alerts", tag = "alerts", params(Which), security(("token" = ["read"])),
    responses((status = 200, body = Page<Alert>)))]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller<Reads>,
    asked: Asked<Which>,
) -> Result<Json<Page<Alert>>, Problem> {
    let slice = Slice::<Key>::of(&asked.query)?;
    let query = &asked.query;
    let state = query.word("state", &["pending", "firing", "recovering", "resolved"])?;
    let least = query.word("severity", &SEVERITIES.map(|(name, _)| name))?;
    let least = least.and_then(|least| SEVERITIES.iter().find(|(name, _)| *name == least)).map(|(_, least)| *least);
    let node = query.one("node");
    let after = slice.after.as_ref().map(atalaya_alert::AlertKey::from);
    Ok(Json(app.look(&caller.person.customers, |view| {
        let fits = |alert: &&AlertState| {
            after.as_ref().is_none_or(|after| alert.alert > *after)
                && node.is_none_or(|node| node == alert.alert.node.as_str())
                && least.is_none_or(|least| alert.severity >= least)
                && state.is_none_or(|state| state == word(&alert.phase))
        };
        let some: Vec<&AlertState> = view.alerts().filter(fits).take(slice.limit + 1).collect();
        slice.page(some, |alert| (&alert.alert).into(), |alert| Alert::new(&app, alert))
    })))
}

/// Which alert, and why it is cared for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AlertAcknowledgement)]
pub(super) struct Acknowledge {
    /// As in topics.
    #[schema(example = "0123456789abcdef", max_length = 64)]
    node: String,
    /// View and id.
    #[schema(example = "fs/media", max_length = 160)]
    object: String,
    /// Its id.
    #[schema(example = "fs-low", max_length = 64)]
    rule: String,
    /// What others are to know.
    #[serde(default)]
    #[schema(max_length = 500)]
    note: String,
}

/// Somebody cares for an alert: nobody else is told of it again.
#[utoipa::path(post, path = "/alerts/acknowledge", tag = "alerts", request_body = Acknowledge, security(("token" = ["operate"])),
    responses((status = 204, description = "It is written down")))]
pub(super) async fn acknowledge(
    State(app): State<App>,
    caller: Caller<Operates>,
    _: Asked<Nothing>,
    Body(body): Body<Acknowledge>,
) -> Result<StatusCode, Problem> {
    within("note", &body.note, &(0..=TEXT_CHARS_MAX))?;
    caller.of_node(&app, &body.node)?;
    let Acknowledge { node, object, rule, note } = body;
    let what = Target::Alert((&Key { node, object, rule }).into());
    wish(&app.shared.tower, Wish::Acknowledge { what, note }, caller.who()).await?;
    Ok(StatusCode::NO_CONTENT)
}
