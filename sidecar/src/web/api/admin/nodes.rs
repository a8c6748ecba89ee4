//! Nodes that come, are called something else, and go.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::acts::NodeChange;
use crate::pki::Expected;
use crate::web::App;
use crate::web::api::body::{Asked, Body, Nothing, Place};
use crate::web::api::caller::{Caller, Manages};
use crate::web::api::names::NodeId;
use crate::web::api::pace::HasSecret;
use crate::web::api::problem::Problem;
use crate::web::api::time;

/// A node that is to come.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewNode {
    /// Its id, if it has to be that one: the only way to another certificate for a node that is there already.
    #[schema(min_length = 1, max_length = 64, example = "0123456789abcdef")]
    node: Option<String>,
    /// For people; without it what it calls itself. Bytes, not characters, count here and below.
    #[schema(max_length = 128, example = "Basement NAS")]
    name: Option<String>,
    /// Whose it is.
    #[schema(max_length = 128)]
    customer: Option<String>,
    /// Where it stands.
    #[schema(max_length = 128)]
    site: Option<String>,
    /// The node that is between it and the sidecar.
    #[schema(max_length = 64)]
    parent: Option<String>,
    /// Whether it logs in with a password at the broker instead of joining: for what knows no certificates.
    #[serde(default)]
    password: bool,
}

/// How it comes in.
#[derive(Serialize, ToSchema)]
pub(super) struct AddedNode {
    /// Its id, if it is known already: with a password the user at the broker.
    #[schema(required = true)]
    node: Option<String>,
    /// What `atalaya-agent setup --join` takes; good once. It is shown here and nowhere else.
    #[schema(required = true, example = "atalaya1:…")]
    join: Option<String>,
    /// Until when that is good.
    #[schema(required = true)]
    expires_at: Option<String>,
    /// The password at the broker. It is shown here and nowhere else.
    #[schema(required = true)]
    password: Option<String>,
}

/// What is to be said of it; what is not there stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NodePatch {
    /// For people.
    #[schema(min_length = 1, max_length = 128)]
    name: Option<String>,
    /// Whose it is; empty for nobody's.
    #[schema(max_length = 128)]
    customer: Option<String>,
    /// Where it stands.
    #[schema(max_length = 128)]
    site: Option<String>,
    /// The node that is between it and the sidecar; empty for none.
    #[schema(max_length = 64)]
    parent: Option<String>,
}

/// What becomes of its past.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents what the query may hold")]
pub(super) struct Past {
    /// Whether its history is erased as well; it stays without.
    forget: Option<bool>,
}

/// Prepares for a node to come.
#[utoipa::path(post, path = "/nodes", tag = "nodes", request_body = NewNode,
    responses((status = 201, body = AddedNode), (status = 409, description = "There is no TLS listener for it to come to", body = Problem)),
    security(("token" = ["manage"])))]
pub(super) async fn add(
    State(app): State<App>,
    caller: Caller<Manages>,
    _: Asked<Nothing>,
    Body(new): Body<NewNode>,
) -> Result<(StatusCode, Extension<HasSecret>, Json<AddedNode>), Problem> {
    let NewNode { node, name: title, customer, site, parent, password } = new;
    let expected = Expected { node: node.clone(), title, customer, site, parent };
    let (acts, by) = (&app.shared.acts, caller.by());
    let added = if password {
        let made = acts.add_with_password(&by, expected).await?;
        let (node, password) = (Some(made.node.as_str().to_owned()), Some(made.password.0));
        AddedNode { node, join: None, expires_at: None, password }
    } else {
        let made = acts.invite(&by, expected).await?;
        AddedNode { node, join: Some(made.join.0), expires_at: time(made.ends), password: None }
    };
    Ok((StatusCode::CREATED, Extension(HasSecret), Json(added)))
}

/// Says something else of a node; one that waits to be accepted is accepted.
#[utoipa::path(patch, path = "/nodes/{node}", tag = "nodes", params(NodeId), request_body = NodePatch,
    responses((status = 204, description = "It is so")), security(("token" = ["manage"])))]
pub(super) async fn change(
    State(app): State<App>,
    caller: Caller<Manages>,
    Place(node): Place<String>,
    _: Asked<Nothing>,
    Body(patch): Body<NodePatch>,
) -> Result<StatusCode, Problem> {
    let NodePatch { name: title, customer, site, parent } = patch;
    app.shared.acts.change_node(&caller.by(), &node, NodeChange { title, customer, site, parent }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Retires a node: its certificate is void at once.
#[utoipa::path(delete, path = "/nodes/{node}", tag = "nodes", params(NodeId, Past),
    responses((status = 204, description = "It is gone")), security(("token" = ["manage"])))]
pub(super) async fn retire(
    State(app): State<App>,
    caller: Caller<Manages>,
    Place(node): Place<String>,
    asked: Asked<Past>,
) -> Result<StatusCode, Problem> {
    let forget = match asked.query.one("forget") {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(Problem::field("forget", "must be true or false")),
    };
    app.shared.acts.retire_node(&caller.by(), &node, forget).await?;
    Ok(StatusCode::NO_CONTENT)
}
