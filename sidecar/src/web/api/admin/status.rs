//! How the sidecar itself is.

use axum::Json;
use axum::extract::State;

use crate::status::{self, Status};
use crate::web::App;
use crate::web::api::body::{Asked, Nothing};
use crate::web::api::caller::{Caller, Reads};
use crate::web::api::problem::Problem;

/// Versions, sizes and their bounds, counters, and what is wrong.
#[utoipa::path(get, path = "/status", tag = "sidecar",
    responses((status = 200, body = Status)), security(("token" = ["read"])))]
pub(super) async fn status(
    State(app): State<App>,
    caller: Caller<Reads>,
    _: Asked<Nothing>,
) -> Result<Json<Status>, Problem> {
    caller.of_all()?;
    Ok(Json(status::of(&app.shared)))
}
