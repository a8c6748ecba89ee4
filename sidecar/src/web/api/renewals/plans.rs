//! What costs money: planned, approved, carried out.

use std::cmp::Reverse;

use atalaya_renew::{Act, Plan, PlanId};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Amount, By, KindWord};
use crate::web::App;
use crate::web::api::body::{Asked, Body, Nothing, Place, within};
use crate::web::api::caller::{Approves, Caller, Operates, Reads};
use crate::web::api::happened::Part;
use crate::web::api::page::{Page, Slice};
use crate::web::api::problem::Problem;
use crate::web::api::time;

/// What is bought.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PlanAct)]
pub(super) enum ActWord {
    /// So many years more.
    Renew,
    /// The provider renews it from now on, and charges.
    AutoRenew,
}

/// Something that costs money.
#[derive(Serialize, ToSchema)]
#[schema(as = Plan)]
pub(super) struct Shown {
    /// Its number, for good.
    #[schema(minimum = 0)]
    id: u64,
    /// For what.
    kind: KindWord,
    /// For which.
    #[schema(example = "example.com")]
    name: String,
    /// At whom, by its name in the configuration.
    #[schema(example = "godaddy")]
    provider: String,
    /// What is bought.
    act: ActWord,
    /// For how many years; null where that is no matter.
    #[schema(required = true, minimum = 1, maximum = 10)]
    years: Option<u8>,
    /// For what price; null where the provider says none.
    #[schema(required = true)]
    price: Option<Amount>,
    /// When it ended as it was planned.
    #[schema(required = true, format = DateTime)]
    expires: Option<String>,
    /// When it would end then; null for what moves no end.
    #[schema(required = true, format = DateTime)]
    would_end: Option<String>,
    /// Who asked for it; null where it was time.
    #[schema(required = true)]
    wanted_by: Option<String>,
    /// Until when it is to be decided, or to be carried out if it was approved; null behind that.
    #[schema(required = true, format = DateTime)]
    until: Option<String>,
    /// `proposed`, `approved`, `sending`, `looking`, `done`, `unsettled`, `rejected`, `lapsed`, `stopped` or `rehearsed`.
    #[schema(example = "proposed")]
    stage: &'static str,
    /// Whether something may still become of it.
    open: bool,
    /// What happened, oldest first.
    history: Vec<Line>,
}

/// Something that happened to a plan.
#[derive(Serialize, ToSchema)]
#[schema(as = PlanLine)]
struct Line {
    /// When.
    #[schema(required = true, format = DateTime)]
    at: Option<String>,
    /// What.
    what: String,
}

impl From<&Plan> for Shown {
    fn from(plan: &Plan) -> Self {
        let (act, years) = match plan.act {
            Act::Renew { years } => (ActWord::Renew, Some(years)),
            Act::AutoRenew => (ActWord::AutoRenew, None),
        };
        let line = |line: &atalaya_renew::Line| Line { at: time(line.at), what: line.what.clone() };
        Self {
            id: plan.id.0,
            kind: plan.key.kind.into(),
            name: plan.key.name.clone(),
            provider: plan.provider.clone(),
            act,
            years,
            price: plan.price.map(Amount::from),
            expires: time(plan.expires),
            would_end: plan.would_end().and_then(time),
            wanted_by: plan.wanted_by.clone(),
            until: plan.until().and_then(time),
            stage: plan.stage.word(),
            open: plan.is_open(),
            history: plan.history.iter().map(line).collect(),
        }
    }
}

/// All plans of three years, the newest first.
#[utoipa::path(get, path = "/renewals/plans", tag = "renewals", params(Part), security(("token" = ["read"])),
    responses((status = 200, body = Page<Shown>)))]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller<Reads>,
    asked: Asked<Part>,
) -> Result<Json<Page<Shown>>, Problem> {
    caller.of_all()?;
    let slice = Slice::<Reverse<u64>>::of(&asked.query)?;
    let seen = app.shared.renewals.seen();
    Ok(Json(slice.page_of(seen.plans.values().rev(), |plan| Reverse(plan.id.0), Shown::from)))
}

/// A plan that is wanted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PlanWanted)]
pub(super) struct Wanted {
    /// The domain.
    #[schema(min_length = 1, max_length = 300, example = "example.com")]
    domain: String,
    /// What is bought.
    act: ActWord,
    /// For how many years; 1 without it.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 10)]
    years: Option<u8>,
}

/// Asks what it costs. What the provider answers becomes a plan that waits for approval.
#[utoipa::path(post, path = "/renewals/plans", tag = "renewals", request_body = Wanted, security(("token" = ["operate"])),
    responses((status = 202, description = "The provider is asked for its price"),
        (status = 422, description = "There is a plan for it, or nobody sells it", body = Problem)))]
pub(super) async fn add(
    State(app): State<App>,
    caller: Caller<Operates>,
    _: Asked<Nothing>,
    Body(wanted): Body<Wanted>,
) -> Result<StatusCode, Problem> {
    within("domain", &wanted.domain, &(1..=300))?;
    let act = match (wanted.act, wanted.years.unwrap_or(1)) {
        (ActWord::AutoRenew, _) => Act::AutoRenew,
        (ActWord::Renew, years @ 1..=10) => Act::Renew { years },
        (ActWord::Renew, _) => return Err(Problem::field("years", "must be a number from 1 to 10")),
    };
    let key = atalaya_renew::Key::new(atalaya_renew::Kind::Domain, &wanted.domain);
    app.shared.acts.plan(&caller.by(), key, act).await?;
    Ok(StatusCode::ACCEPTED)
}

/// A plan.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "documents what the path holds")]
pub(super) struct Id {
    /// Its number.
    #[param(minimum = 0, example = 1)]
    n: u64,
}

/// Who approves.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Approval {
    /// Null for the account of the session; where there is none, it says which account approves.
    by: Option<By>,
}

/// Money may be spent as the plan says, once. Before that, price and expiry are looked at again.
#[utoipa::path(post, path = "/renewals/plans/{n}/approve", tag = "renewals", params(Id), request_body = Approval,
    responses((status = 204, description = "It is carried out"),
        (status = 422, description = "It is not to be decided, or no more may be spent", body = Problem)),
    security(("session" = [])))]
pub(super) async fn approve(
    State(app): State<App>,
    caller: Caller<Approves>,
    Place(id): Place<u64>,
    _: Asked<Nothing>,
    Body(approval): Body<Approval>,
) -> Result<StatusCode, Problem> {
    app.shared.acts.approve(&caller.by(), PlanId(id), By::named(approval.by)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// It is not carried out. One that was sent already cannot be called back.
#[utoipa::path(post, path = "/renewals/plans/{n}/reject", tag = "renewals", params(Id), security(("token" = ["operate"])),
    responses((status = 204, description = "It is over"),
        (status = 422, description = "It is not to be decided", body = Problem)))]
pub(super) async fn reject(
    State(app): State<App>,
    caller: Caller<Operates>,
    Place(id): Place<u64>,
    _: Asked<Nothing>,
) -> Result<StatusCode, Problem> {
    app.shared.acts.reject(&caller.by(), PlanId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What somebody found out.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Settlement {
    /// Whether it was done.
    done: bool,
    /// As for an approval.
    by: Option<By>,
}

/// Says what became of a plan of which nobody knew.
#[utoipa::path(post, path = "/renewals/plans/{n}/settle", tag = "renewals", params(Id), request_body = Settlement,
    responses((status = 204, description = "It is over"),
        (status = 422, description = "It is not to be settled", body = Problem)),
    security(("session" = [])))]
pub(super) async fn settle(
    State(app): State<App>,
    caller: Caller<Approves>,
    Place(id): Place<u64>,
    _: Asked<Nothing>,
    Body(said): Body<Settlement>,
) -> Result<StatusCode, Problem> {
    app.shared.acts.settle(&caller.by(), PlanId(id), said.done, By::named(said.by)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
