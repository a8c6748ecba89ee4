//! Runs of jobs, and what else happened at a node.

use atalaya_wire::Hex;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::body::{Asked, Place};
use super::caller::{Caller, Reads};
use super::names::NodeId;
use super::page::{Page, Slice};
use super::problem::Problem;
use super::time;
use crate::db::read::runs;
use crate::web::App;

/// Which runs.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents what the query may hold")]
pub(super) struct WhichRuns {
    /// Only of this job.
    #[param(max_length = 64)]
    job: Option<String>,
    /// At most so many.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<u16>,
    /// The `next` of the page before.
    #[param(max_length = 1024)]
    cursor: Option<String>,
}

/// A run of a job.
#[derive(Serialize, ToSchema)]
pub(super) struct Run {
    /// Random.
    #[schema(example = "00112233445566778899aabbccddeeff")]
    run: String,
    /// Its name.
    job: String,
    /// Who or what began it.
    #[schema(required = true)]
    cause: Option<String>,
    /// When.
    #[schema(required = true, format = DateTime)]
    began: Option<String>,
    /// When it ended; null while it goes on.
    #[schema(required = true, format = DateTime)]
    ended: Option<String>,
    /// `ok`, `warnings`, `failed` or `stopped`; null while it goes on.
    #[schema(required = true)]
    result: Option<String>,
    /// Of its process.
    #[schema(required = true)]
    exit: Option<i32>,
    /// Why it is not as it should be.
    #[schema(required = true)]
    problem: Option<String>,
    /// Its figures, as the view `backup` of docs/wire.md.
    #[schema(required = true, value_type = Option<Object>)]
    values: Option<Value>,
}

/// Runs of a node's jobs, the newest first.
#[utoipa::path(get, path = "/nodes/{node}/runs", tag = "nodes", params(NodeId, WhichRuns), security(("token" = ["read"])),
    responses((status = 200, body = Page<Run>)))]
pub(super) async fn runs(
    State(app): State<App>,
    caller: Caller<Reads>,
    Place(node): Place<String>,
    asked: Asked<WhichRuns>,
) -> Result<Json<Page<Run>>, Problem> {
    let slice = Slice::<(i64, [u8; 16])>::of(&asked.query)?;
    let number = caller.number_of(&app, node).await?;
    let (job, after, limit) = (asked.query.one("job").map(str::to_owned), slice.after, slice.reads());
    let read = move |connection: &_| runs::runs_after(connection, number, job.as_deref(), after, limit);
    let all = app.shared.readers.with(read).await?;
    let show = |run: crate::db::Run| Run {
        run: Hex(&run.run).to_string(),
        job: run.job,
        cause: run.cause,
        began: run.began.and_then(time),
        ended: run.ended.and_then(time),
        result: run.result,
        exit: run.exit,
        problem: run.problem,
        values: run.view.and_then(|view| serde_json::from_str(&view).ok()),
    };
    Ok(Json(slice.page(all, |run| (run.ended.or(run.began).unwrap_or_default(), run.run), show)))
}

/// Which part.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents what the query may hold")]
pub(super) struct Part {
    /// At most so many.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<u16>,
    /// The `next` of the page before.
    #[param(max_length = 1024)]
    cursor: Option<String>,
}

/// Something that happened at a node.
#[derive(Serialize, ToSchema)]
#[schema(as = NodeEvent)]
pub(super) struct Happened {
    /// When.
    #[schema(required = true, format = DateTime)]
    at: Option<String>,
    /// `began`, `changed`, `command`, `lost` or `result`.
    kind: String,
    /// View and id; empty for the node itself.
    object: String,
    /// More of it, by its kind.
    #[schema(value_type = Object)]
    detail: Value,
}

/// What happened at a node, the newest first.
#[utoipa::path(get, path = "/nodes/{node}/events", tag = "nodes", params(NodeId, Part), security(("token" = ["read"])),
    responses((status = 200, body = Page<Happened>)))]
pub(super) async fn events(
    State(app): State<App>,
    caller: Caller<Reads>,
    Place(node): Place<String>,
    asked: Asked<Part>,
) -> Result<Json<Page<Happened>>, Problem> {
    let slice = Slice::<(i64, i64)>::of(&asked.query)?;
    let number = caller.number_of(&app, node).await?;
    let (after, limit) = (slice.after, slice.reads());
    let all = app.shared.readers.with(move |connection| runs::events_after(connection, number, after, limit)).await?;
    let show = |event: runs::Happened| Happened {
        at: time(event.at),
        kind: event.kind,
        object: event.object,
        detail: serde_json::from_str(&event.body).unwrap_or_default(),
    };
    Ok(Json(slice.page(all, |event| (event.at, event.id), show)))
}
