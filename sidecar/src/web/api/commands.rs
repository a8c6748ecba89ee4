//! What nodes are told to do.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::{Asked, Body, Nothing, Place};
use super::caller::{Caller, Operates};
use super::names::NodeId;
use super::problem::Problem;
use crate::acts::Command;
use crate::web::App;

/// What to do.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum CommandName {
    /// Read everything and tell it again.
    Refresh,
    /// Begin a backup.
    Backup,
    /// Stop a backup that runs; what it stored is not lost.
    Stop,
    /// Forget hardware that is gone for good.
    Dismiss,
}

impl CommandName {
    const fn name(self) -> &'static str {
        match self {
            Self::Refresh => "refresh",
            Self::Backup => "backup",
            Self::Stop => "stop",
            Self::Dismiss => "dismiss",
        }
    }
}

/// A command.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewCommand {
    command: CommandName,
    /// For `backup` and `stop`: which job; without it all, or whichever runs.
    #[schema(min_length = 1, max_length = 64, example = "photos")]
    job: Option<String>,
    /// For `dismiss`: view and id.
    #[schema(max_length = 160, example = "disk/WD-1")]
    object: Option<String>,
}

/// It is on its way.
#[derive(Serialize, ToSchema)]
pub(super) struct Sent {
    /// Where it will stand what became of it.
    #[schema(example = "/api/v1/nodes/0123456789abcdef/events")]
    events: String,
}

/// Tells a node to do something. The answer comes when it is sent; what became of it is one of the node's events.
#[utoipa::path(post, path = "/nodes/{node}/commands", tag = "nodes", params(NodeId), request_body = NewCommand,
    responses((status = 202, body = Sent), (status = 409, description = "The node is away", body = Problem)),
    security(("token" = ["operate"])))]
pub(super) async fn send(
    State(app): State<App>,
    caller: Caller<Operates>,
    Place(node): Place<String>,
    _: Asked<Nothing>,
    Body(new): Body<NewCommand>,
) -> Result<(StatusCode, Json<Sent>), Problem> {
    caller.of_node(&app, &node)?;
    let NewCommand { command, job, object } = new;
    let command = Command::read(command.name(), job, object.as_deref()).map_err(|field| match field {
        "job" => Problem::field(field, "must be a job of at most 64 bytes, and is for backup and stop alone"),
        field => Problem::field(field, "must be view and id as disk/WD-1, and is for dismiss alone"),
    })?;
    app.shared.acts.command(&caller.by(), &node, command).await?;
    let events = format!("{}/nodes/{node}/events", super::PREFIX);
    Ok((StatusCode::ACCEPTED, Json(Sent { events })))
}
