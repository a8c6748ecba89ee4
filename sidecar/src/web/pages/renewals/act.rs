//! What the page's forms ask for. Rights are looked at where it is done.

use atalaya_renew::{Act, Key, Kind, PlanId};
use axum::Extension;
use axum::extract::{Form, Path, State as At};
use axum::response::Response;
use serde::Deserialize;

use super::super::frame::Frame;
use super::super::settings::done;
use crate::web::App;
use crate::web::guard::Reader;

const BACK: &str = "/renewals";

pub(super) async fn check(At(app): At<App>, Extension(reader): Extension<Reader>, frame: Frame) -> Response {
    done(&frame, app.shared.acts.check_renewals(&reader.by()).await, BACK, "asked")
}

#[derive(Debug, Deserialize)]
pub(super) struct Which {
    kind: String,
    name: String,
}

impl Which {
    fn key(&self) -> Key {
        let kind = Kind::ALL.into_iter().find(|kind| kind.word() == self.kind);
        // One that is unknown names nothing that is there.
        Key::new(kind.unwrap_or(Kind::Secret), &self.name)
    }
}

pub(super) async fn confirm(
    At(app): At<App>,
    Extension(reader): Extension<Reader>,
    frame: Frame,
    Form(form): Form<Which>,
) -> Response {
    done(&frame, app.shared.acts.confirm(&reader.by(), form.key()).await, BACK, "changed")
}

#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    domain: String,
    /// Years, or `auto`.
    what: String,
}

pub(super) async fn plan(
    At(app): At<App>,
    Extension(reader): Extension<Reader>,
    frame: Frame,
    Form(form): Form<Wanted>,
) -> Response {
    let act = match form.what.as_str() {
        "auto" => Act::AutoRenew,
        // What is no number is refused as none that can be.
        years => Act::Renew { years: years.parse().unwrap_or(0) },
    };
    let key = Key::new(Kind::Domain, &form.domain);
    done(&frame, app.shared.acts.plan(&reader.by(), key, act).await, BACK, "asked")
}

pub(super) async fn approve(
    At(app): At<App>,
    Extension(reader): Extension<Reader>,
    Path(id): Path<u64>,
    frame: Frame,
) -> Response {
    done(&frame, app.shared.acts.approve(&reader.by(), PlanId(id), None).await, BACK, "approved")
}

pub(super) async fn reject(
    At(app): At<App>,
    Extension(reader): Extension<Reader>,
    Path(id): Path<u64>,
    frame: Frame,
) -> Response {
    done(&frame, app.shared.acts.reject(&reader.by(), PlanId(id)).await, BACK, "rejected")
}

#[derive(Debug, Deserialize)]
pub(super) struct Settled {
    /// `yes` or `no`.
    done: String,
}

pub(super) async fn settle(
    At(app): At<App>,
    Extension(reader): Extension<Reader>,
    Path(id): Path<u64>,
    frame: Frame,
    Form(form): Form<Settled>,
) -> Response {
    let did = app.shared.acts.settle(&reader.by(), PlanId(id), form.done == "yes", None).await;
    done(&frame, did, BACK, "changed")
}

#[derive(Debug, Deserialize)]
pub(super) struct Switch {
    /// `on` or `off`.
    to: String,
}

pub(super) async fn spending(
    At(app): At<App>,
    Extension(reader): Extension<Reader>,
    frame: Frame,
    Form(form): Form<Switch>,
) -> Response {
    done(&frame, app.shared.acts.switch_spending(&reader.by(), form.to == "on", None).await, BACK, "changed")
}
