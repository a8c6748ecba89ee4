//! Who did what.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::body::Asked;
use super::caller::{Caller, Manages};
use super::page::{Page, Slice};
use super::problem::Problem;
use super::time;
use crate::db::Audit;
use crate::db::read::people::{AuditFilter, audit};
use crate::web::App;

/// Which lines.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents what the query may hold")]
pub(super) struct Which {
    /// Only of this account or token.
    #[param(max_length = 64)]
    who: Option<String>,
    /// Only of this kind, or of all that begin with it before a point: `account` finds `account.add`.
    #[param(max_length = 64)]
    what: Option<String>,
    /// Not before: RFC 3339, or seconds since 1970.
    #[param(example = "2026-11-21T10:00:00Z")]
    from: Option<String>,
    /// At most so many.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<u16>,
    /// The `next` of the page before.
    #[param(max_length = 1024)]
    cursor: Option<String>,
}

/// Something that was done.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditLine)]
pub(super) struct Line {
    /// Numbers it.
    id: i64,
    /// When.
    #[schema(required = true, format = DateTime)]
    at: Option<String>,
    /// By which account or token.
    who: String,
    /// `page`, `api` or `command`.
    how: String,
    /// From which address; empty on the machine itself.
    peer: String,
    /// What.
    #[schema(example = "alert.acknowledge")]
    what: String,
    /// About what.
    target: String,
    /// More of it.
    detail: String,
}

/// The audit, the newest first.
#[utoipa::path(get, path = "/audit", tag = "audit", params(Which), security(("token" = ["manage"])),
    responses((status = 200, body = Page<Line>)))]
pub(super) async fn list(
    State(app): State<App>,
    _: Caller<Manages>,
    asked: Asked<Which>,
) -> Result<Json<Page<Line>>, Problem> {
    let slice = Slice::<i64>::of(&asked.query)?;
    let text = |key| asked.query.one(key).map(str::to_owned);
    let filter =
        AuditFilter { who: text("who"), what: text("what"), since: asked.query.time("from")?, before: slice.after };
    let limit = slice.reads();
    let all = app.shared.readers.with(move |connection| audit(connection, &filter, limit)).await?;
    let show = |(id, Audit { at, who, how, peer, what, target, detail })| Line {
        id,
        at: time(at),
        who,
        how,
        peer,
        what,
        target,
        detail,
    };
    Ok(Json(slice.page(all, |(id, _)| *id, show)))
}
