//! DNS records that follow a node.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::renewals::records::Standing;
use crate::web::App;
use crate::web::api::body::Asked;
use crate::web::api::caller::{Caller, Reads};
use crate::web::api::happened::Part;
use crate::web::api::page::{Page, Slice};
use crate::web::api::problem::Problem;
use crate::web::api::time;

/// A DNS record that follows a node's public address.
#[derive(Serialize, ToSchema)]
#[schema(as = FollowedRecord)]
pub(super) struct Shown {
    /// Its name.
    #[schema(example = "nas.example.com")]
    name: String,
    /// `A` or `AAAA`.
    #[schema(example = "A")]
    r#type: &'static str,
    /// `ok`, `waiting` for an address, `failing` at its provider, or `not_verified`: its servers do not show what was set.
    #[schema(example = "ok")]
    state: &'static str,
    /// Why it is not well; empty where it is.
    problem: String,
    /// What it holds, as far as is known.
    #[schema(required = true, example = "203.0.113.7")]
    address: Option<String>,
    /// Who holds its zone.
    #[schema(example = "cloudflare")]
    provider: String,
    /// The id of the node that it follows.
    #[schema(example = "nas-1")]
    node: String,
    /// When the zone's own servers last showed it; null while they do not.
    #[schema(required = true, format = DateTime)]
    verified: Option<String>,
}

impl From<Standing> for Shown {
    fn from(standing: Standing) -> Self {
        Self {
            name: standing.name,
            r#type: standing.kind.as_str(),
            state: standing.state.word(),
            problem: standing.problem,
            address: standing.address.map(|address| address.to_string()),
            provider: standing.provider,
            node: standing.node,
            verified: standing.verified.and_then(time),
        }
    }
}

/// DNS records that follow a node's public address, by name and type.
#[utoipa::path(get, path = "/renewals/records", tag = "renewals", params(Part), security(("token" = ["read"])),
    responses((status = 200, body = Page<Shown>)))]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller<Reads>,
    asked: Asked<Part>,
) -> Result<Json<Page<Shown>>, Problem> {
    caller.of_all()?;
    let slice = Slice::<String>::of(&asked.query)?;
    Ok(Json(slice.page_of(app.shared.records.list(), Standing::key, Shown::from)))
}
