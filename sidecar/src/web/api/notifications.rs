//! Who was told of what, and by which channels.

use atalaya_alert::Severity;
use atalaya_notify::{Outcome, turn};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::body::{Asked, Body, Nothing, Place};
use super::caller::{Caller, Operates, Reads};
use super::happened::Part;
use super::names::{SeverityWord, Words};
use super::page::{Page, Slice};
use super::problem::Problem;
use super::time;
use crate::db::read::notifications::{After, Delivery as Row, deliveries};
use crate::web::App;

/// Which deliveries.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents what the query may hold")]
pub(super) struct Which {
    /// Only by this channel.
    #[param(max_length = 64)]
    channel: Option<String>,
    /// At most so many.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<u16>,
    /// The `next` of the page before.
    #[param(max_length = 1024)]
    cursor: Option<String>,
}

/// A notification on its way through a channel.
#[derive(Serialize, ToSchema)]
pub(super) struct Delivery {
    /// The notification's id; the same in what is sent.
    notification: String,
    /// When it was made.
    #[schema(required = true, format = DateTime)]
    at: Option<String>,
    /// `fired`, `still_firing`, `escalated`, `silence_ended`, `resolved`, `full` or `digest`.
    kind: String,
    /// How bad.
    #[schema(value_type = SeverityWord)]
    severity: String,
    /// What it says, in a line.
    subject: Words,
    /// Through which channel.
    channel: String,
    /// `waiting`, `sent`, `merged`, `dropped` or `failed`.
    state: String,
    /// How often it was tried.
    tries: u32,
    /// When it was done with.
    #[schema(required = true, format = DateTime)]
    done: Option<String>,
    /// The service's last answer, or why there is none.
    #[schema(required = true)]
    answer: Option<String>,
}

impl From<Row> for Delivery {
    fn from(row: Row) -> Self {
        Self {
            notification: row.notification,
            at: time(row.at),
            kind: row.kind,
            severity: row.severity,
            subject: (&row.subject).into(),
            channel: row.channel,
            state: row.state,
            tries: row.tries,
            done: row.done.and_then(time),
            answer: row.answer,
        }
    }
}

/// What was sent, the newest first.
#[utoipa::path(get, path = "/notifications", tag = "notifications", params(Which), security(("token" = ["read"])),
    responses((status = 200, body = Page<Delivery>)))]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller<Reads>,
    asked: Asked<Which>,
) -> Result<Json<Page<Delivery>>, Problem> {
    let slice = Slice::<(i64, String, String)>::of(&asked.query)?;
    let after = slice.after.clone().map(|(at, notification, channel)| After { at, notification, channel });
    let (whose, channel) = (caller.person.customers.clone(), asked.query.one("channel").map(str::to_owned));
    let limit = slice.reads();
    let read = move |connection: &_| deliveries(connection, &whose, after.as_ref(), channel.as_deref(), limit);
    let all = app.shared.readers.with(read).await?;
    Ok(Json(slice.page(all, |row| (row.at, row.notification.clone(), row.channel.clone()), Delivery::from)))
}

/// A way to people.
#[derive(Serialize, ToSchema)]
pub(super) struct Channel {
    /// As in the configuration.
    #[schema(example = "phone")]
    name: String,
    /// `email`, `slack`, `telegram`, `ntfy`, `gotify`, `webhook` or `mqtt`.
    kind: &'static str,
    /// What is wrong with it; null while it works.
    #[schema(required = true)]
    problem: Option<String>,
}

/// Channels of the configuration, by name. For whoever has all customers: they are everybody's.
#[utoipa::path(get, path = "/channels", tag = "notifications", params(Part), security(("token" = ["read"])),
    responses((status = 200, body = Page<Channel>)))]
pub(super) async fn channels(
    State(app): State<App>,
    caller: Caller<Reads>,
    asked: Asked<Part>,
) -> Result<Json<Page<Channel>>, Problem> {
    let slice = Slice::<String>::of(&asked.query)?;
    caller.of_all()?;
    let troubles = app.shared.channels.troubles();
    let problem = |name: &str| match troubles.get(name) {
        None | Some(turn::State::Works) => None,
        Some(turn::State::WrongSetUp(why) | turn::State::Failing(why)) => Some(why.clone()),
    };
    let all = app.shared.config.alerts.channels.iter().map(|channel| {
        let name = channel.settings.common.name.clone();
        Channel { kind: channel.settings.own.kind(), problem: problem(&name), name }
    });
    let mut all: Vec<Channel> = all.collect();
    all.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(Json(slice.page_of(all, |channel| channel.name.clone(), |channel| channel)))
}

/// A channel.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "documents what the path holds")]
pub(super) struct Name {
    /// As in the configuration.
    #[param(min_length = 1, max_length = 64, example = "phone")]
    name: String,
}

/// What is sent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChannelTest)]
pub(super) struct Trial {
    /// As bad as this.
    #[serde(default)]
    #[schema(value_type = Option<SeverityWord>)]
    severity: Option<Severity>,
}

/// What came of it.
#[derive(Serialize, ToSchema)]
#[schema(as = ChannelTestResult)]
pub(super) struct Tried {
    /// Whether it got through.
    sent: bool,
    /// The service's answer, or why there is none.
    answer: String,
}

/// Sends a message that is marked as a test, outside the order of those that wait.
#[utoipa::path(post, path = "/channels/{name}/test", tag = "notifications", params(Name), request_body = Trial, security(("token" = ["operate"])),
    responses((status = 200, body = Tried)))]
pub(super) async fn test(
    State(app): State<App>,
    caller: Caller<Operates>,
    Place(name): Place<String>,
    _: Asked<Nothing>,
    Body(Trial { severity }): Body<Trial>,
) -> Result<Json<Tried>, Problem> {
    caller.of_all()?;
    let by = caller.who();
    let sending = crate::notify::test(&app.shared, &by, &name, severity.unwrap_or(Severity::Low));
    Ok(Json(match sending.await? {
        Outcome::Done(answer) => Tried { sent: true, answer },
        other => Tried { sent: false, answer: other.text().to_owned() },
    }))
}

/// Says that a channel works, because somebody saw it: it rests no longer, and what waits for it is sent now. A test that gets
/// through does that by itself.
#[utoipa::path(post, path = "/channels/{name}/works", tag = "notifications", params(Name), security(("token" = ["operate"])),
    responses((status = 204, description = "What waits is sent")))]
pub(super) async fn works(
    State(app): State<App>,
    caller: Caller<Operates>,
    Place(name): Place<String>,
    _: Asked<Nothing>,
) -> Result<StatusCode, Problem> {
    caller.of_all()?;
    crate::notify::works(&app.shared, &caller.who(), &name).await?;
    Ok(StatusCode::NO_CONTENT)
}
