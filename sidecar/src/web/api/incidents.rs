//! Incidents: what belonged together, from its beginning to what was learnt.

use atalaya_alert::{Entry, IncidentId, Stage, Target, What};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::alerts::{Alert, TEXT_CHARS_MAX};
use super::body::{Asked, Body, Nothing, Place, within};
use super::caller::{Caller, Operates, Reads, Right};
use super::names::{IncidentNumber, SeverityWord, StageWord, Words};
use super::page::{Page, Slice};
use super::problem::Problem;
use super::time;
use crate::db::read::incidents::{self, Incident as Row};
use crate::tower::{Wish, wish};
use crate::web::App;
use crate::web::came::{self, Came};

/// Of a timeline.
const ENTRIES_MAX: u32 = 500;
/// Of an owner, and of a number in another system.
const NAME_CHARS_MAX: usize = 200;

/// Which incidents.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents what the query may hold")]
pub(super) struct Which {
    /// Only of this node.
    #[param(max_length = 64)]
    node: Option<String>,
    /// Only those that go on, or only those that are over.
    #[param(inline)]
    state: Option<OpenWord>,
    /// At most so many.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<u16>,
    /// The `next` of the page before.
    #[param(max_length = 1024)]
    cursor: Option<String>,
}

/// Whether it goes on.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "documents the words that a query may hold")]
pub(super) enum OpenWord {
    Open,
    Ended,
}

/// An incident in a list.
#[derive(Serialize, ToSchema)]
pub(super) struct Incident {
    /// Its number.
    incident: u64,
    /// Where.
    node: String,
    /// The highest of its alerts.
    #[schema(value_type = SeverityWord)]
    severity: String,
    /// What its first alert is called.
    title: Words,
    /// When it began.
    #[schema(required = true, format = DateTime)]
    began: Option<String>,
    /// When the last of its alerts ended; null while one fires.
    #[schema(required = true, format = DateTime)]
    ended: Option<String>,
    /// How far it is.
    #[schema(value_type = StageWord)]
    stage: String,
    /// Who cares for it.
    #[schema(required = true)]
    owner: Option<String>,
    /// Until when.
    #[schema(required = true, format = DateTime)]
    due: Option<String>,
    /// Number in another system.
    #[schema(required = true)]
    ticket: Option<String>,
}

impl From<Row> for Incident {
    fn from(row: Row) -> Self {
        Self {
            incident: row.id,
            node: row.node,
            severity: row.severity,
            title: Words { en: row.title_en, es: row.title_es },
            began: time(row.began),
            ended: row.ended.and_then(time),
            stage: row.stage,
            owner: row.owner,
            due: row.due.and_then(time),
            ticket: row.ticket,
        }
    }
}

/// Incidents, the newest first.
#[utoipa::path(get, path = "/incidents", tag = "incidents", params(Which), security(("token" = ["read"])),
    responses((status = 200, body = Page<Incident>)))]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller<Reads>,
    asked: Asked<Which>,
) -> Result<Json<Page<Incident>>, Problem> {
    let slice = Slice::<(i64, u64)>::of(&asked.query)?;
    let over = asked.query.word("state", &["open", "ended"])?.map(|state| state == "ended");
    let (whose, node) = (caller.person.customers.clone(), asked.query.one("node").map(str::to_owned));
    let (after, limit) = (slice.after, slice.reads());
    let read = move |connection: &_| incidents::listed(connection, &whose, (node.as_deref(), over), after, limit);
    let all = app.shared.readers.with(read).await?;
    Ok(Json(slice.page(all, |row| (row.began, row.id), Incident::from)))
}

/// An incident with what happened in it.
#[derive(Serialize, ToSchema)]
#[schema(as = IncidentDetail)]
pub(super) struct Whole {
    #[serde(flatten)]
    incident: Incident,
    /// Its alerts that are open.
    alerts: Vec<Alert>,
    /// What happened, the first first; the last 500 of it.
    timeline: Vec<Line>,
}

/// A line of a timeline.
#[derive(Serialize, ToSchema)]
#[schema(as = TimelineEntry)]
pub(super) struct Line {
    /// Numbers it.
    number: u64,
    /// When.
    #[schema(required = true, format = DateTime)]
    at: Option<String>,
    /// Who; empty for the sidecar itself.
    by: String,
    /// `fired`, `resolved`, `acknowledged`, `told` (people are to be), `note` or `stage`; all but `note` with more of it.
    #[schema(value_type = Object, additional_properties, example = json!({"stage": "analysed"}))]
    what: Value,
    /// What they said.
    text: String,
    /// Of `told`: through which channels people were, nobody if there is none; null for everything else, and where that is no
    /// longer kept.
    #[schema(required = true)]
    channels: Option<Vec<Through>>,
}

/// A channel that a notification went to, and what came of it.
#[derive(Serialize, ToSchema)]
#[schema(as = TimelineChannel)]
pub(super) struct Through {
    /// As in the configuration.
    channel: String,
    /// `waiting`, `sent`, `merged` into one that was sent, `dropped` or `failed`.
    state: String,
}

impl Line {
    fn new(entry: Entry, came: &Came) -> Self {
        let channels = match &entry.what {
            What::Told { id, .. } => came.get(id),
            _ => None,
        };
        let through = |(channel, state): &(String, String)| Through { channel: channel.clone(), state: state.clone() };
        let channels = channels.map(|all| all.iter().map(through).collect());
        let what = match serde_json::to_value(&entry.what).unwrap_or_default() {
            Value::String(word) => serde_json::json!({ word: null }),
            what => what,
        };
        Self { number: entry.number, at: time(entry.at.0), by: entry.who, what, text: entry.text, channels }
    }
}

/// One incident.
#[utoipa::path(get, path = "/incidents/{n}", tag = "incidents", params(IncidentNumber), security(("token" = ["read"])),
    responses((status = 200, body = Whole)))]
pub(super) async fn one(
    State(app): State<App>,
    caller: Caller<Reads>,
    Place(n): Place<u64>,
    _: Asked<Nothing>,
) -> Result<Json<Whole>, Problem> {
    let row = theirs(&app, &caller, n).await?;
    let read = move |connection: &_| {
        let told = incidents::timeline(connection, n, ENTRIES_MAX)?;
        let entries: Vec<Entry> = told.iter().filter_map(|body| serde_json::from_str(body).ok()).collect();
        let came = came::of(connection, &entries)?;
        Ok((entries, came))
    };
    let (entries, came) = app.shared.readers.with(read).await?;
    let lines = entries.into_iter().map(|entry| Line::new(entry, &came));
    let alerts = app.look(&caller.person.customers, |view| {
        let its = view.alerts_of(&row.node).filter(|alert| alert.incident.0 == n);
        its.map(|alert| Alert::new(&app, alert)).collect()
    });
    Ok(Json(Whole { timeline: lines.collect(), alerts, incident: row.into() }))
}

/// An incident of a node that the caller may know of.
async fn theirs<R: Right>(app: &App, caller: &Caller<R>, n: u64) -> Result<Row, Problem> {
    let whose = caller.person.customers.clone();
    let row = app.shared.readers.with(move |connection| incidents::one(connection, &whose, n)).await?;
    row.ok_or_else(|| Problem::missing(format!("there is no incident {n}")))
}

/// Something for the timeline.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IncidentNote)]
pub(super) struct Note {
    /// What.
    #[schema(max_length = 500)]
    text: String,
    /// How far the incident is, if that changes; `solved` and what follows once nothing fires.
    #[serde(default)]
    #[schema(value_type = Option<StageWord>)]
    stage: Option<Stage>,
}

/// Writes something down.
#[utoipa::path(post, path = "/incidents/{n}/notes", tag = "incidents", params(IncidentNumber), request_body = Note, security(("token" = ["operate"])),
    responses((status = 204, description = "It is written down")))]
pub(super) async fn note(
    State(app): State<App>,
    caller: Caller<Operates>,
    Place(n): Place<u64>,
    _: Asked<Nothing>,
    Body(Note { text, stage }): Body<Note>,
) -> Result<StatusCode, Problem> {
    within("text", &text, &(usize::from(stage.is_none())..=TEXT_CHARS_MAX))?;
    theirs(&app, &caller, n).await?;
    wish(&app.shared.tower, Wish::Note { incident: IncidentId(n), text, stage }, caller.who()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Why it is cared for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IncidentAcknowledgement)]
pub(super) struct Cared {
    /// What others are to know.
    #[serde(default)]
    #[schema(max_length = 500)]
    note: String,
}

/// Somebody cares for all that fires in it.
#[utoipa::path(post, path = "/incidents/{n}/acknowledge", tag = "incidents", params(IncidentNumber), request_body = Cared, security(("token" = ["operate"])),
    responses((status = 204, description = "It is written down")))]
pub(super) async fn acknowledge(
    State(app): State<App>,
    caller: Caller<Operates>,
    Place(n): Place<u64>,
    _: Asked<Nothing>,
    Body(Cared { note }): Body<Cared>,
) -> Result<StatusCode, Problem> {
    within("note", &note, &(0..=TEXT_CHARS_MAX))?;
    theirs(&app, &caller, n).await?;
    let what = Target::Incident(IncidentId(n));
    wish(&app.shared.tower, Wish::Acknowledge { what, note }, caller.who()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What is to be said of an incident from now on: what is not there stays, null takes it away.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IncidentChange)]
pub(super) struct Change {
    /// Who cares for it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 200)]
    owner: Option<Option<String>>,
    /// Until when: RFC 3339.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, format = DateTime)]
    due: Option<Option<String>>,
    /// Number in another system.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 200)]
    ticket: Option<Option<String>>,
}

/// What is null is told apart from what is not there.
fn given<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(from).map(Some)
}

/// Who cares for an incident, until when, and where else that stands.
#[utoipa::path(patch, path = "/incidents/{n}", tag = "incidents", params(IncidentNumber), request_body = Change, security(("token" = ["operate"])),
    responses((status = 200, body = Incident)))]
pub(super) async fn change(
    State(app): State<App>,
    caller: Caller<Operates>,
    Place(n): Place<u64>,
    _: Asked<Nothing>,
    Body(change): Body<Change>,
) -> Result<Json<Incident>, Problem> {
    theirs(&app, &caller, n).await?;
    for (field, text) in [("owner", &change.owner), ("ticket", &change.ticket)] {
        text.iter().flatten().try_for_each(|text| within(field, text, &(1..=NAME_CHARS_MAX)))?;
    }
    let due = change.due.map(|due| due.as_deref().map(moment).transpose()).transpose()?;
    let Change { owner, ticket, .. } = change;
    wish(&app.shared.tower, Wish::Owner { incident: IncidentId(n), owner, due, ticket }, caller.who()).await?;
    Ok(Json(theirs(&app, &caller, n).await?.into()))
}

fn moment(text: &str) -> Result<i64, Problem> {
    let at = text.parse::<jiff::Timestamp>().map(jiff::Timestamp::as_second);
    let at = at.ok().filter(|at| (0..atalaya_history::limits::TIME_SECONDS_MAX).contains(at));
    at.ok_or_else(|| Problem::field("due", "must be a time such as 2026-11-22T10:00:00Z"))
}

#[cfg(test)]
mod tests {
    use atalaya_alert::{Kind, Wall};

    use super::*;

    #[test]
    fn a_timeline_tells_through_which_channels_people_were_told_and_what_came_of_it() {
        let came = Came::from([
            ("a".to_owned(), vec![("desk".to_owned(), "sent".to_owned()), ("phone".to_owned(), "failed".to_owned())]),
            ("b".to_owned(), Vec::new()),
        ]);
        let line = |what| {
            let entry = Entry { number: 1, at: Wall(1_800_000_000), what, who: String::new(), text: String::new() };
            serde_json::to_value(Line::new(entry, &came)).unwrap()
        };
        let told = |id: &str| line(What::Told { kind: Kind::Fired, to: "office".into(), id: id.into() });
        let of_a = serde_json::json!([{"channel": "desk", "state": "sent"}, {"channel": "phone", "state": "failed"}]);
        assert_eq!(told("a")["channels"], of_a);
        assert_eq!(told("b")["channels"], serde_json::json!([]), "nobody was told");
        assert!(told("c")["channels"].is_null(), "what came of it is no longer kept");
        assert_eq!(
            line(What::Note),
            serde_json::json!({"number": 1, "at": "2027-01-15T08:00:00Z", "by": "",
            "what": {"note": null}, "text": "", "channels": null})
        );
    }
}
