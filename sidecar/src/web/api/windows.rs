//! Maintenance that is announced: once ahead, or again and again.

use atalaya_alert::QuietId;
use atalaya_wire::Hex;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::alerts::TEXT_CHARS_MAX;
use super::body::{Asked, Body, Nothing, Place, within};
use super::caller::{Caller, Operates, Reads};
use super::happened::Part;
use super::page::{Page, Slice};
use super::problem::Problem;
use super::silences::About;
use super::time;
use crate::people::random;
use crate::tower::{Wish, wish};
use crate::web::App;
use crate::web::view::View;
use crate::window::{self, Lasts, Plan, Span};

/// Maintenance that is announced.
#[derive(Serialize, ToSchema)]
#[schema(as = Window)]
pub(super) struct Shown {
    /// Random; the maintenance that it becomes has the same one.
    #[schema(example = "0123456789abcdef")]
    id: String,
    /// What it is about.
    matcher: About,
    /// When it begins first, by the clock of its zone.
    #[schema(example = "2026-11-28T22:00")]
    begins: String,
    /// On which days it comes again; null for once.
    #[schema(required = true, example = "first sun")]
    every: Option<String>,
    /// Until the clock of its zone shows this; null where it lasts so many minutes.
    #[schema(required = true, example = "05:00")]
    to: Option<String>,
    /// So many minutes; null where it lasts until a time of day.
    #[schema(required = true, example = 240)]
    minutes: Option<u32>,
    /// Whose clock counts.
    #[schema(example = "Europe/Madrid")]
    zone: String,
    /// When what holds of it now ends; null while nothing does.
    #[schema(required = true, format = DateTime)]
    until: Option<String>,
    /// What comes next; null for nothing more.
    #[schema(required = true)]
    next: Option<Occurrence>,
    /// Who wants it.
    by: String,
    /// Why.
    why: String,
}

/// Once of it.
#[derive(Serialize, ToSchema)]
#[schema(as = WindowOccurrence)]
struct Occurrence {
    /// The first second.
    #[schema(required = true, format = DateTime)]
    begins: Option<String>,
    /// It ends with this one.
    #[schema(required = true, format = DateTime)]
    ends: Option<String>,
}

impl From<Span> for Occurrence {
    fn from(span: Span) -> Self {
        Self { begins: time(span.begins), ends: time(span.ends) }
    }
}

impl Shown {
    fn new(view: &View<'_>, window: &window::Window, now: i64) -> Self {
        let Plan { begins, lasts, every, zone } = &window.plan;
        let (to, minutes) = match lasts {
            Lasts::To(to) => (Some(to.strftime("%H:%M").to_string()), None),
            Lasts::Minutes(minutes) => (None, Some(*minutes)),
        };
        Self {
            id: window.id.as_str().to_owned(),
            matcher: About::from(&window.matcher),
            begins: begins.strftime("%Y-%m-%dT%H:%M").to_string(),
            every: every.map(|every| every.to_string()),
            to,
            minutes,
            zone: zone.name().to_owned(),
            until: view.runs(window).and_then(|quiet| time(quiet.until.0)),
            next: window.plan.next(now).map(Occurrence::from),
            by: window.who.clone(),
            why: window.why.clone(),
        }
    }
}

/// All that are announced, by id. What is over is shown for a day.
#[utoipa::path(get, path = "/windows", tag = "alerts", params(Part), security(("token" = ["read"])),
    responses((status = 200, body = Page<Shown>)))]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller<Reads>,
    asked: Asked<Part>,
) -> Result<Json<Page<Shown>>, Problem> {
    let slice = Slice::<String>::of(&asked.query)?;
    let now = app.shared.clock.now().seconds();
    Ok(Json(app.look(&caller.person.customers, |view| {
        let show = |window: &window::Window| Shown::new(view, window, now);
        // They come by id.
        slice.page_of(view.windows(), |window| window.id.as_str().to_owned(), show)
    })))
}

/// A window that is wanted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WindowWanted)]
pub(super) struct Wanted {
    /// What it is about; at least one part of it.
    matcher: About,
    /// When it begins first, by the clock of its zone; less than two years ahead.
    #[schema(pattern = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$", example = "2026-11-28T22:00")]
    begins: String,
    /// On which days it comes again, from the first on: `day`, days such as `sat,sun`, `first sun` to `fourth sun`, `last sun`,
    /// `day 1` to `day 28`, `last day`. Without it: once.
    #[serde(default)]
    #[schema(max_length = 40, example = "first sun")]
    every: Option<String>,
    /// Until the clock of its zone shows this, that day or the next. This or `minutes`.
    #[serde(default)]
    #[schema(pattern = r"^\d{2}:\d{2}$", example = "05:00")]
    to: Option<String>,
    /// So many minutes that really pass: up to 1440, for what happens once up to 20160. This or `to`.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 20160)]
    minutes: Option<u32>,
    /// Whose clock counts; without it the sidecar's.
    #[serde(default)]
    #[schema(max_length = 64, example = "Europe/Madrid")]
    zone: Option<String>,
    /// Why.
    #[serde(default)]
    #[schema(max_length = 500)]
    why: String,
}

impl Wanted {
    fn window(self, app: &App, caller: &Caller<Operates>, id: &str) -> Result<Box<window::Window>, Problem> {
        within("why", &self.why, &(0..=TEXT_CHARS_MAX))?;
        let matcher = self.matcher.matcher(app, caller)?;
        let shared = &app.shared;
        let asked = window::Asked {
            begins: &self.begins,
            every: self.every.as_deref(),
            to: self.to.as_deref(),
            minutes: self.minutes,
            zone: self.zone.as_deref().or_else(|| shared.config.state.zone.iana_name()).unwrap_or_default(),
        };
        let plan = Plan::new(&asked, shared.clock.now().seconds());
        let plan = plan.map_err(|wrong| Problem::field(wrong.field(), wrong.to_string()))?;
        let who = caller.person.name.clone();
        Ok(Box::new(window::Window { id: QuietId::from(id), matcher, plan, who, why: self.why }))
    }
}

/// What was made.
#[derive(Serialize, ToSchema)]
#[schema(as = WindowMade)]
pub(super) struct Made {
    /// To change and remove it by.
    id: String,
}

/// Nobody is told of what matches while it holds.
#[utoipa::path(post, path = "/windows", tag = "alerts", request_body = Wanted, security(("token" = ["operate"])),
    responses((status = 201, body = Made)))]
pub(super) async fn add(
    State(app): State<App>,
    caller: Caller<Operates>,
    _: Asked<Nothing>,
    Body(wanted): Body<Wanted>,
) -> Result<(StatusCode, Json<Made>), Problem> {
    let id = Hex(&random::<8>()?).to_string();
    let window = wanted.window(&app, &caller, &id)?;
    wish(&app.shared.tower, Wish::Window { window, is_new: true }, caller.who()).await?;
    Ok((StatusCode::CREATED, Json(Made { id })))
}

/// A window.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "documents what the path holds")]
pub(super) struct Id {
    /// As it stands in the list.
    #[param(min_length = 1, max_length = 64, example = "0123456789abcdef")]
    id: String,
}

/// Another one in its place; what holds of it now is from now on as this one says.
#[utoipa::path(put, path = "/windows/{id}", tag = "alerts", params(Id), request_body = Wanted, security(("token" = ["operate"])),
    responses((status = 204, description = "It is so")))]
pub(super) async fn change(
    State(app): State<App>,
    caller: Caller<Operates>,
    Place(id): Place<String>,
    _: Asked<Nothing>,
    Body(wanted): Body<Wanted>,
) -> Result<StatusCode, Problem> {
    is_theirs(&app, &caller, &id)?;
    let window = wanted.window(&app, &caller, &id)?;
    wish(&app.shared.tower, Wish::Window { window, is_new: false }, caller.who()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// It is announced no more; what holds of it now ends.
#[utoipa::path(delete, path = "/windows/{id}", tag = "alerts", params(Id), security(("token" = ["operate"])),
    responses((status = 204, description = "It is gone")))]
pub(super) async fn remove(
    State(app): State<App>,
    caller: Caller<Operates>,
    Place(id): Place<String>,
    _: Asked<Nothing>,
) -> Result<StatusCode, Problem> {
    is_theirs(&app, &caller, &id)?;
    wish(&app.shared.tower, Wish::RemoveWindow(QuietId::from(id.as_str())), caller.who()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What is another's is not there.
fn is_theirs(app: &App, caller: &Caller<Operates>, id: &str) -> Result<(), Problem> {
    let is_theirs = app.look(&caller.person.customers, |view| view.windows().any(|window| window.id.as_str() == id));
    if is_theirs { Ok(()) } else { Err(Problem::missing("there is no such window any more")) }
}
