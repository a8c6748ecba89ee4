//! Everything with an end.

use atalaya_renew::{ByItself, Ends, Item, Key, State as Known, Terms, ahead, left, problem, standing};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::KindWord;
use crate::web::App;
use crate::web::api::body::{Asked, Body, Nothing, within};
use crate::web::api::caller::{Caller, Operates, Reads};
use crate::web::api::happened::Part;
use crate::web::api::page::{Page, Slice};
use crate::web::api::problem::Problem;
use crate::web::api::time;

/// Something that ends.
#[derive(Serialize, ToSchema)]
#[schema(as = Renewal)]
pub(super) struct Shown {
    /// What it is.
    kind: KindWord,
    /// Its name.
    #[schema(example = "example.com")]
    name: String,
    /// `lasting`, `fine`, `due`, `late`, `not_accepted`, `critical`, `over` or `unknown`.
    #[schema(example = "fine")]
    standing: &'static str,
    /// When it ends; null where nobody knows, and where it does not.
    #[schema(required = true, format = DateTime)]
    ends: Option<String>,
    /// What share of its life is left, in percent.
    #[schema(required = true, minimum = 0, maximum = 100)]
    left_percent: Option<f64>,
    /// What happens without a person: `nothing`, `provider_renews`, `provider_replaces`, `renewed`, `unknown`.
    #[schema(example = "nothing")]
    by_itself: &'static str,
    /// From when on it is renewed without a person; null where nobody says.
    #[schema(required = true, format = DateTime)]
    renewed_at: Option<String>,
    /// From when on a person is asked to have it bought; null where nobody is.
    #[schema(required = true, format = DateTime)]
    proposed_at: Option<String>,
    /// Why it could not be renewed the last time it was tried.
    #[schema(required = true)]
    failed: Option<String>,
    /// When its source is asked next; null of one that speaks when it likes.
    #[schema(required = true, format = DateTime)]
    next_check: Option<String>,
    /// Who says so.
    #[schema(required = true, example = "godaddy")]
    source: Option<String>,
    /// When it was last looked at.
    #[schema(required = true, format = DateTime)]
    seen: Option<String>,
    /// Why its price could not be had when it was last asked for.
    #[schema(required = true)]
    no_price: Option<String>,
    /// What is wrong with it, or what is wanted of a person, in a sentence; null where nothing is.
    #[schema(required = true)]
    problem: Option<String>,
    /// What is unusual about it, and why nobody knows.
    notes: Vec<String>,
    /// What a person is asked to do.
    #[schema(required = true)]
    task: Option<Task>,
    /// The plan that is not over yet.
    #[schema(required = true, minimum = 0)]
    plan: Option<u64>,
}

/// Something a provider's mail asks for.
#[derive(Serialize, ToSchema)]
#[schema(as = RenewalTask)]
struct Task {
    /// What.
    what: String,
    /// By when.
    #[schema(required = true, format = DateTime)]
    deadline: Option<String>,
}

pub(in crate::web) const fn by_itself(of: ByItself) -> &'static str {
    match of {
        ByItself::Nothing => "nothing",
        ByItself::ProviderRenews => "provider_renews",
        ByItself::ProviderReplaces => "provider_replaces",
        ByItself::Renewed => "renewed",
        ByItself::Unknown => "unknown",
    }
}

impl Shown {
    fn new(item: &Item, known: &Known, terms: &Terms, now: i64) -> Self {
        let (life, best) = (item.life(), item.best());
        let ahead = ahead(item, known, terms, now);
        let found = best.map(|(_, seen)| &seen.found);
        let mut notes: Vec<String> =
            found.into_iter().flat_map(|found| &found.flags).map(|flag| flag.word().to_owned()).collect();
        notes.extend(found.map(|found| found.note.clone()).filter(|note| !note.is_empty()));
        if let Some(Ends::Unknown(why)) = found.map(|found| &found.ends) {
            notes.push(why.clone());
        }
        let task = item.task.as_ref().map(|task| Task { what: task.what.clone(), deadline: time(task.deadline) });
        Self {
            kind: item.key.kind.into(),
            name: item.key.name.clone(),
            standing: standing(item, now).word(),
            ends: life.as_ref().and_then(|life| time(life.ends)),
            left_percent: life.as_ref().map(|life| (left(life, now) * 1000.0).round() / 10.0),
            by_itself: by_itself(item.by_itself()),
            renewed_at: ahead.renewed.and_then(time),
            proposed_at: ahead.proposed.and_then(time),
            failed: found.and_then(|found| found.next.failed.clone()),
            next_check: ahead.check.and_then(time),
            source: best.map(|(source, _)| source.to_owned()),
            seen: item.last_seen().and_then(time),
            no_price: item.no_price.clone(),
            problem: problem(item),
            notes,
            task,
            plan: known.open_plan(&item.key).map(|plan| plan.id.0),
        }
    }
}

/// Everything with an end, by kind and name.
#[utoipa::path(get, path = "/renewals", tag = "renewals", params(Part), security(("token" = ["read"])),
    responses((status = 200, body = Page<Shown>)))]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller<Reads>,
    asked: Asked<Part>,
) -> Result<Json<Page<Shown>>, Problem> {
    caller.of_all()?;
    let slice = Slice::<(String, String)>::of(&asked.query)?;
    let (seen, now) = (app.shared.renewals.seen(), app.shared.clock.now().seconds());
    let key = |item: &&Item| (item.key.kind.word().to_owned(), item.key.name.clone());
    let mut all: Vec<&Item> = seen.items.values().collect();
    all.sort_by_key(key);
    let terms = app.shared.renewals.terms();
    Ok(Json(slice.page_of(all, key, |item| Shown::new(item, &seen, &terms, now))))
}

/// Has all providers asked now. What they say stands in the list when they have answered.
#[utoipa::path(post, path = "/renewals/check", tag = "renewals", security(("token" = ["operate"])),
    responses((status = 202, description = "They are asked")))]
pub(super) async fn check(
    State(app): State<App>,
    caller: Caller<Operates>,
    _: Asked<Nothing>,
) -> Result<StatusCode, Problem> {
    app.shared.acts.check_renewals(&caller.by()).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Something that ends, by what it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RenewalNamed)]
pub(super) struct Which {
    /// What it is.
    kind: KindWord,
    /// Its name.
    #[schema(min_length = 1, max_length = 300, example = "nas.ddns.net")]
    name: String,
}

impl Which {
    pub(super) fn key(&self) -> Result<Key, Problem> {
        within("name", &self.name, &(1..=300))?;
        Ok(Key::new(self.kind.into(), &self.name))
    }
}

/// A person confirmed or changed it just now, where only its provider's page can tell.
#[utoipa::path(post, path = "/renewals/confirm", tag = "renewals", request_body = Which, security(("token" = ["operate"])),
    responses((status = 204, description = "Its life begins now")))]
pub(super) async fn confirm(
    State(app): State<App>,
    caller: Caller<Operates>,
    _: Asked<Nothing>,
    Body(which): Body<Which>,
) -> Result<StatusCode, Problem> {
    app.shared.acts.confirm(&caller.by(), which.key()?).await?;
    Ok(StatusCode::NO_CONTENT)
}
