//! The database as a whole. Only over the control socket: it is about files of the machine.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::web::App;
use crate::web::api::body::{Asked, Body, Nothing};
use crate::web::api::caller::{Caller, Manages};
use crate::web::api::problem::Problem;

/// What came of it.
#[derive(Serialize, ToSchema)]
pub(super) struct Smaller {
    /// The file was so large.
    before_bytes: u64,
    /// And is now.
    after_bytes: u64,
}

/// Where to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct To {
    /// The whole path of a file on the sidecar's machine, where nothing is yet.
    #[schema(min_length = 2, max_length = 4096, example = "/mnt/usb/sidecar.db")]
    file: String,
}

/// A copy.
#[derive(Serialize, ToSchema)]
pub(super) struct Copied {
    /// Where it is.
    file: String,
    /// How large.
    bytes: u64,
}

/// Gives free space of the database back to the disk. Over the control socket alone.
#[utoipa::path(post, path = "/database/vacuum", tag = "sidecar",
    responses((status = 200, body = Smaller)), security(("token" = ["manage"])))]
pub(super) async fn vacuum(
    State(app): State<App>,
    caller: Caller<Manages>,
    _: Asked<Nothing>,
) -> Result<Json<Smaller>, Problem> {
    let done = app.shared.acts.vacuum(&caller.by()).await?;
    Ok(Json(Smaller { before_bytes: done.before, after_bytes: done.after }))
}

/// Copies the database to a file. Over the control socket alone.
#[utoipa::path(post, path = "/database/backup", tag = "sidecar", request_body = To,
    responses((status = 201, body = Copied)), security(("token" = ["manage"])))]
pub(super) async fn backup(
    State(app): State<App>,
    caller: Caller<Manages>,
    _: Asked<Nothing>,
    Body(to): Body<To>,
) -> Result<(StatusCode, Json<Copied>), Problem> {
    let bytes = app.shared.acts.backup(&caller.by(), to.file.clone().into()).await?;
    Ok((StatusCode::CREATED, Json(Copied { file: to.file, bytes })))
}
