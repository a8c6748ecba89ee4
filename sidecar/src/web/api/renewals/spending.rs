//! Whether and how much may be spent.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Amount, By};
use crate::web::App;
use crate::web::api::body::{Asked, Body, Nothing};
use crate::web::api::caller::{Caller, Operates, Reads};
use crate::web::api::problem::Problem;

/// Whether and how much may be spent.
#[derive(Serialize, ToSchema)]
#[schema(as = Spending)]
pub(super) struct Shown {
    /// Whether anything may be.
    on: bool,
    /// Who switched it off.
    #[schema(required = true)]
    switched_off_by: Option<String>,
    /// Whether everything is looked at and nothing is bought.
    dry_run: bool,
    /// For each currency in which something may be bought.
    months: Vec<Month>,
}

/// A currency.
#[derive(Serialize, ToSchema)]
#[schema(as = SpendingMonth)]
struct Month {
    /// What may be spent in a month.
    cap: Amount,
    /// What was, or may have been, in this one.
    spent: Amount,
}

/// Whether and how much may be spent this month.
#[utoipa::path(get, path = "/renewals/spending", tag = "renewals", security(("token" = ["read"])),
    responses((status = 200, body = Shown)))]
pub(super) async fn show(
    State(app): State<App>,
    caller: Caller<Reads>,
    _: Asked<Nothing>,
) -> Result<Json<Shown>, Problem> {
    caller.of_all()?;
    let (seen, terms) = (app.shared.renewals.seen(), app.shared.renewals.terms());
    let now = app.shared.clock.now().seconds();
    let month = |cap: &atalaya_renew::Money| {
        let spent = seen.spent(&terms, *cap, now)?;
        Some(Month { cap: (*cap).into(), spent: spent.into() })
    };
    Ok(Json(Shown {
        on: seen.head.switched_off.is_none(),
        switched_off_by: seen.head.switched_off.clone(),
        dry_run: terms.dry_run,
        months: terms.caps.iter().filter_map(month).collect(),
    }))
}

/// Switches it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SpendingSwitch)]
pub(super) struct Switch {
    /// Off: nothing is bought any more, whatever is approved. On again takes somebody who may approve.
    on: bool,
    /// For on, as for an approval.
    by: Option<By>,
}

/// Switches spending off, or on again.
#[utoipa::path(put, path = "/renewals/spending", tag = "renewals", request_body = Switch, security(("token" = ["operate"])),
    responses((status = 204, description = "It is so from now on")))]
pub(super) async fn switch(
    State(app): State<App>,
    caller: Caller<Operates>,
    _: Asked<Nothing>,
    Body(said): Body<Switch>,
) -> Result<StatusCode, Problem> {
    app.shared.acts.switch_spending(&caller.by(), said.on, By::named(said.by)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
