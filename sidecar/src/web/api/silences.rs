//! Times in which what matches is not told: silences, and work that was planned.

use std::ops::RangeInclusive;

use atalaya_alert::{Matcher, Quiet, QuietId, Severity, Wall};
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
use super::names::SeverityWord;
use super::page::{Page, Slice};
use super::problem::Problem;
use super::time;
use crate::people::random;
use crate::tower::{Wish, wish};
use crate::web::App;

/// A silence is no way to forget something.
const SECONDS: RangeInclusive<i64> = 60..=90 * 86_400;

/// Which alerts: every part that is there must match. `*` stands for anything, at the end or the beginning.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Matcher)]
pub(super) struct About {
    /// The node's id.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 64, example = "0123456789abcdef")]
    node: Option<String>,
    /// View and id.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 160, example = "fs/*")]
    object: Option<String>,
    /// The rule.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 64)]
    rule: Option<String>,
    /// This severity and those below.
    #[serde(default)]
    #[schema(value_type = Option<SeverityWord>)]
    severity: Option<Severity>,
}

/// A silence.
#[derive(Serialize, ToSchema)]
pub(super) struct Silence {
    /// Random.
    #[schema(example = "0123456789abcdef")]
    id: String,
    /// What it is about.
    matcher: About,
    /// Whether it is work that was planned.
    maintenance: bool,
    /// When it ends.
    #[schema(required = true, format = DateTime)]
    until: Option<String>,
    /// Who wants it.
    by: String,
    /// Why.
    why: String,
}

impl From<&Matcher> for About {
    fn from(matcher: &Matcher) -> Self {
        let Matcher { node, object, rule, severity } = matcher.clone();
        Self { node, object, rule, severity }
    }
}

impl About {
    /// As the engine has it, if it says something and the caller may say so.
    pub(super) fn matcher(self, app: &App, caller: &Caller<Operates>) -> Result<Matcher, Problem> {
        let Self { node, object, rule, severity } = self;
        for (field, part, most) in [("node", &node, 64), ("object", &object, 160), ("rule", &rule, 64)] {
            part.as_deref().map_or(Ok(()), |part| within(&format!("matcher.{field}"), part, &(1..=most)))?;
        }
        let matcher = Matcher { node, object, rule, severity };
        if matcher == Matcher::default() {
            return Err(Problem::field("matcher", "must have at least one part"));
        }
        // A pattern may be about anybody's nodes, also those to come.
        match matcher.node.as_deref().filter(|node| !node.contains('*')) {
            Some(node) => caller.of_node(app, node)?,
            None => caller.of_all()?,
        }
        Ok(matcher)
    }
}

impl From<&Quiet> for Silence {
    fn from(quiet: &Quiet) -> Self {
        Self {
            id: quiet.id.as_str().to_owned(),
            matcher: About::from(&quiet.matcher),
            maintenance: quiet.maintenance,
            until: time(quiet.until.0),
            by: quiet.who.clone(),
            why: quiet.why.clone(),
        }
    }
}

/// Silences and maintenance that hold, by id.
#[utoipa::path(get, path = "/silences", tag = "alerts", params(Part), security(("token" = ["read"])),
    responses((status = 200, body = Page<Silence>)))]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller<Reads>,
    asked: Asked<Part>,
) -> Result<Json<Page<Silence>>, Problem> {
    let slice = Slice::<String>::of(&asked.query)?;
    Ok(Json(app.look(&caller.person.customers, |view| {
        let mut all: Vec<&Quiet> = view.quiets().collect();
        all.sort_by(|one, other| one.id.cmp(&other.id));
        slice.page_of(all, |quiet| quiet.id.as_str().to_owned(), Silence::from)
    })))
}

/// A silence that is wanted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SilenceWanted)]
pub(super) struct Wanted {
    /// What it is about; at least one part of it.
    matcher: About,
    /// When it ends: RFC 3339, in a minute to 90 days.
    #[schema(format = DateTime)]
    until: String,
    /// Why.
    #[serde(default)]
    #[schema(max_length = 500)]
    why: String,
    /// Whether it is work that was planned.
    #[serde(default)]
    maintenance: bool,
}

/// What was made.
#[derive(Serialize, ToSchema)]
#[schema(as = SilenceMade)]
pub(super) struct Made {
    /// To end it by.
    id: String,
}

/// Nobody is told of what matches until then.
#[utoipa::path(post, path = "/silences", tag = "alerts", request_body = Wanted, security(("token" = ["operate"])),
    responses((status = 201, body = Made)))]
pub(super) async fn add(
    State(app): State<App>,
    caller: Caller<Operates>,
    _: Asked<Nothing>,
    Body(wanted): Body<Wanted>,
) -> Result<(StatusCode, Json<Made>), Problem> {
    within("why", &wanted.why, &(0..=TEXT_CHARS_MAX))?;
    let matcher = wanted.matcher.matcher(&app, &caller)?;
    let until = wanted.until.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second);
    let until = until.filter(|until| SECONDS.contains(&(until - app.shared.clock.now().seconds())));
    let until = until
        .ok_or_else(|| Problem::field("until", "must be a time in a minute to 90 days, as 2026-11-22T10:00:00Z"))?;
    let id = Hex(&random::<8>()?).to_string();
    let quiet = Quiet {
        id: QuietId::from(id.as_str()),
        maintenance: wanted.maintenance,
        matcher,
        until: Wall(until),
        who: caller.person.name.clone(),
        why: wanted.why,
        ends: Default::default(),
    };
    wish(&app.shared.tower, Wish::Quiet(quiet), caller.who()).await?;
    Ok((StatusCode::CREATED, Json(Made { id })))
}

/// A silence.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "documents what the path holds")]
pub(super) struct Id {
    /// As it stands in the list.
    #[param(min_length = 1, max_length = 64, example = "0123456789abcdef")]
    id: String,
}

/// It ends before its time.
#[utoipa::path(delete, path = "/silences/{id}", tag = "alerts", params(Id), security(("token" = ["operate"])),
    responses((status = 204, description = "It is over")))]
pub(super) async fn end(
    State(app): State<App>,
    caller: Caller<Operates>,
    Place(id): Place<String>,
    _: Asked<Nothing>,
) -> Result<StatusCode, Problem> {
    let is_theirs = app.look(&caller.person.customers, |view| view.quiets().any(|quiet| quiet.id.as_str() == id));
    if !is_theirs {
        return Err(Problem::missing("there is no such silence any more"));
    }
    wish(&app.shared.tower, Wish::EndQuiet(QuietId::from(id.as_str())), caller.who()).await?;
    Ok(StatusCode::NO_CONTENT)
}
