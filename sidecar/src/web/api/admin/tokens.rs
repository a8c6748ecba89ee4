//! Tokens of programs.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Name, Part, customers, names};
use crate::people::{Scope, TokenView, TokenWish};
use crate::web::App;
use crate::web::api::body::{Asked, Body, Nothing, Place};
use crate::web::api::caller::{Caller, Manages};
use crate::web::api::pace::HasSecret;
use crate::web::api::page::{Page, Slice};
use crate::web::api::problem::Problem;
use crate::web::api::time;

/// A token, without its secret.
#[derive(Serialize, ToSchema)]
pub(super) struct TokenItem {
    /// Its name.
    #[schema(example = "prometheus")]
    name: String,
    /// What it may.
    #[schema(example = json!(["metrics"]))]
    scopes: Vec<&'static str>,
    /// Of which customers; `null` for all.
    #[schema(required = true)]
    customers: Option<Vec<String>>,
    /// When it was made.
    #[schema(required = true)]
    made_at: Option<String>,
    /// When it ends; `null` for never.
    #[schema(required = true)]
    ends_at: Option<String>,
    /// When it was last shown, to within five minutes.
    #[schema(required = true)]
    seen_at: Option<String>,
}

/// A token that is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewToken {
    /// Letters, digits, `.`, `_`, `-` and `@`. At the broker it is the user.
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9._@-]+$", example = "prometheus")]
    name: String,
    /// `read`, `metrics`, `operate`, `manage`, `mqtt:read`, `mqtt:home_assistant`; none contains another.
    #[schema(min_items = 1, max_items = 6, example = json!(["metrics"]))]
    scopes: Vec<String>,
    /// Of which customers; without it, or `null`, all.
    #[serde(default)]
    #[schema(min_items = 1, max_items = 100)]
    customers: Option<Vec<String>>,
    /// It ends after so many days; without it never.
    #[schema(minimum = 1, maximum = 3650)]
    days: Option<u32>,
}

/// A token that was made.
#[derive(Serialize, ToSchema)]
pub(super) struct MadeToken {
    /// Its name.
    name: String,
    /// The token itself. It is shown here and nowhere else.
    #[schema(example = "atl_…")]
    token: String,
}

fn item(view: TokenView) -> TokenItem {
    TokenItem {
        scopes: view.scopes().into_iter().map(Scope::name).collect(),
        customers: names(&view.customers()),
        made_at: time(view.row.made),
        ends_at: view.row.ends.and_then(time),
        seen_at: view.seen.and_then(time),
        name: view.row.name,
    }
}

/// All tokens, by name.
#[utoipa::path(get, path = "/tokens", tag = "tokens", params(Part),
    responses((status = 200, body = Page<TokenItem>)), security(("token" = ["manage"])))]
pub(super) async fn list(
    State(app): State<App>,
    _caller: Caller<Manages>,
    asked: Asked<Part>,
) -> Result<Json<Page<TokenItem>>, Problem> {
    let slice = Slice::<String>::of(&asked.query)?;
    let all = app.shared.identity.people.tokens();
    Ok(Json(slice.page_of(all, |token| token.row.name.clone(), item)))
}

/// Makes a token.
#[utoipa::path(post, path = "/tokens", tag = "tokens", request_body = NewToken,
    responses((status = 201, body = MadeToken), (status = 409, description = "There is one of that name", body = Problem)),
    security(("token" = ["manage"])))]
pub(super) async fn add(
    State(app): State<App>,
    caller: Caller<Manages>,
    _: Asked<Nothing>,
    Body(new): Body<NewToken>,
) -> Result<(StatusCode, Extension<HasSecret>, Json<MadeToken>), Problem> {
    let NewToken { name, scopes, customers: of, days } = new;
    let unknown = |scope: &str| Problem::field("scopes", format!("there is no scope {scope:?}; there are {}", all()));
    let scopes = scopes.iter().map(|scope| Scope::named(scope).ok_or_else(|| unknown(scope)));
    let scopes = scopes.collect::<Result<BTreeSet<_>, _>>()?;
    let wish = TokenWish { name: name.clone(), scopes, customers: customers(of)?, days };
    let made = app.shared.acts.add_token(&caller.by(), wish).await?;
    Ok((StatusCode::CREATED, Extension(HasSecret), Json(MadeToken { name, token: made.0 })))
}

fn all() -> String {
    Scope::ALL.map(Scope::name).join(", ")
}

/// Makes a token count no more, from this moment.
#[utoipa::path(delete, path = "/tokens/{name}", tag = "tokens", params(Name),
    responses((status = 204, description = "It is gone")), security(("token" = ["manage"])))]
pub(super) async fn revoke(
    State(app): State<App>,
    caller: Caller<Manages>,
    Place(name): Place<String>,
    _: Asked<Nothing>,
) -> Result<StatusCode, Problem> {
    app.shared.acts.revoke_token(&caller.by(), &name).await?;
    Ok(StatusCode::NO_CONTENT)
}
