//! Accounts of people.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Name, Part, customers, given, names};
use crate::acts::AccountChange;
use crate::people::{Account, AccountWish, Password, Role};
use crate::web::App;
use crate::web::api::body::{Asked, Body, Nothing, Place};
use crate::web::api::caller::{Caller, Manages};
use crate::web::api::page::{Page, Slice};
use crate::web::api::problem::Problem;
use crate::web::api::time;

/// An account.
#[derive(Serialize, ToSchema)]
pub(super) struct AccountItem {
    /// Its name.
    #[schema(example = "ana")]
    name: String,
    /// What it may.
    #[schema(example = "operator")]
    role: &'static str,
    /// Of which customers; `null` for all.
    #[schema(required = true)]
    customers: Option<Vec<String>>,
    /// `en` or `es`.
    #[schema(example = "es")]
    language: String,
    /// Name of a time zone.
    #[schema(example = "Europe/Madrid")]
    zone: String,
    /// When it was made.
    #[schema(required = true, example = "2026-11-22T10:00:00Z")]
    made_at: Option<String>,
}

/// What an account may; each may what those before it may.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum RoleName {
    /// Read.
    Viewer,
    /// Acknowledge, silence, note, command.
    Operator,
    /// Approve; with all customers, manage.
    Approver,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Viewer => Self::Viewer,
            RoleName::Operator => Self::Operator,
            RoleName::Approver => Self::Approver,
        }
    }
}

/// An account that is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewAccount {
    /// Letters, digits, `.`, `_`, `-` and `@`; big and small ones are the same.
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9._@-]+$", example = "ana")]
    name: String,
    role: RoleName,
    /// Of which customers; without it, or `null`, all.
    #[serde(default)]
    #[schema(min_items = 1, max_items = 100)]
    customers: Option<Vec<String>>,
    /// Without it the sidecar's.
    #[schema(pattern = "^(en|es)$", example = "es")]
    language: Option<String>,
    /// Without it the sidecar's.
    #[schema(max_length = 64, example = "Europe/Madrid")]
    zone: Option<String>,
    /// Not the name.
    #[schema(min_length = 10, max_length = 1024, example = "correct horse battery")]
    password: String,
}

/// What is to be another: role and customers, or the password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountPatch {
    role: Option<RoleName>,
    /// Of which customers; `null` for all.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Vec<String>>, min_items = 1, max_items = 100)]
    customers: Option<Option<Vec<String>>>,
    /// All sessions of the account end. In a request of its own.
    #[schema(min_length = 10, max_length = 1024)]
    password: Option<String>,
}

fn item(account: Account) -> AccountItem {
    let Account { name, role, customers, language, zone, made, .. } = account;
    AccountItem { name, role: role.name(), customers: names(&customers), language, zone, made_at: time(made) }
}

/// All accounts, by name.
#[utoipa::path(get, path = "/accounts", tag = "accounts", params(Part),
    responses((status = 200, body = Page<AccountItem>)), security(("token" = ["manage"])))]
pub(super) async fn list(
    State(app): State<App>,
    _caller: Caller<Manages>,
    asked: Asked<Part>,
) -> Result<Json<Page<AccountItem>>, Problem> {
    let slice = Slice::<String>::of(&asked.query)?;
    let key = |account: &Account| account.name.to_ascii_lowercase();
    Ok(Json(slice.page_of(app.shared.identity.people.accounts(), key, item)))
}

/// Makes an account.
#[utoipa::path(post, path = "/accounts", tag = "accounts", request_body = NewAccount,
    responses((status = 201, description = "It is made"), (status = 409, description = "There is one of that name", body = Problem)),
    security(("token" = ["manage"])))]
pub(super) async fn add(
    State(app): State<App>,
    caller: Caller<Manages>,
    _: Asked<Nothing>,
    Body(new): Body<NewAccount>,
) -> Result<StatusCode, Problem> {
    let state = &app.shared.config.state;
    let wish = AccountWish {
        name: new.name,
        role: new.role.into(),
        customers: customers(new.customers)?,
        language: new.language.unwrap_or_else(|| state.language.to_owned()),
        zone: new.zone.unwrap_or_else(|| state.zone.iana_name().unwrap_or("UTC").to_owned()),
    };
    app.shared.acts.add_account(&caller.by(), wish, Password::from(new.password)).await?;
    Ok(StatusCode::CREATED)
}

/// Gives an account another role, other customers, or another password.
#[utoipa::path(patch, path = "/accounts/{name}", tag = "accounts", params(Name), request_body = AccountPatch,
    responses((status = 204, description = "It is so"), (status = 409, description = "Nobody would be left to manage", body = Problem)),
    security(("token" = ["manage"])))]
pub(super) async fn change(
    State(app): State<App>,
    caller: Caller<Manages>,
    Place(name): Place<String>,
    _: Asked<Nothing>,
    Body(patch): Body<AccountPatch>,
) -> Result<StatusCode, Problem> {
    let (acts, by) = (&app.shared.acts, caller.by());
    match patch {
        AccountPatch { role: None, customers: None, password: Some(password) } => {
            acts.set_password(&by, &name, Password::from(password)).await?;
        }
        AccountPatch { password: Some(_), .. } => {
            return Err(Problem::field("password", "is changed in a request of its own"));
        }
        AccountPatch { role, customers: of, .. } => {
            let change = AccountChange { role: role.map(Role::from), customers: of.map(customers).transpose()? };
            acts.change_account(&by, &name, change).await?;
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Removes an account; its sessions end.
#[utoipa::path(delete, path = "/accounts/{name}", tag = "accounts", params(Name),
    responses((status = 204, description = "It is gone"), (status = 409, description = "Nobody would be left to manage", body = Problem)),
    security(("token" = ["manage"])))]
pub(super) async fn remove(
    State(app): State<App>,
    caller: Caller<Manages>,
    Place(name): Place<String>,
    _: Asked<Nothing>,
) -> Result<StatusCode, Problem> {
    app.shared.acts.remove_account(&caller.by(), &name).await?;
    Ok(StatusCode::NO_CONTENT)
}
