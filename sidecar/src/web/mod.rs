//! Pages and API. Everything that is shown is copied out of what is known, then rendered; nothing here decides.

mod api;
mod assets;
mod calendar;
mod came;
pub(crate) mod control;
mod guard;
mod headers;
mod join;
mod listen;
mod live;
mod metrics;
mod pages;
mod reached;
mod refusal;
mod view;
mod whole;
mod words;

pub(crate) use pages::escape;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware;
use axum::routing::get;
use tokio::sync::{Semaphore, watch};
use tower_http::catch_panic::CatchPanicLayer;

use crate::error::Result;
use crate::limits::{BODY_BYTES_MAX, CONNECTIONS_MAX};
use crate::program::Shared;

/// What every page and route has at hand.
#[derive(Clone)]
pub struct App {
    /// Of the whole program.
    pub shared: Shared,
    /// What people read.
    pub words: Arc<words::Catalogues>,
    /// How much callers of the API asked for, and what they were answered.
    pace: api::Pace,
    /// Names that lead here.
    pub names: Arc<Vec<String>>,
    /// Becomes true when nothing is to go on.
    pub stop: watch::Receiver<bool>,
}

/// Whether nobody between a browser and us can read along.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Secure(bool);

impl<S: Send + Sync> axum::extract::FromRequestParts<S> for Secure {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        _: &S,
    ) -> std::result::Result<Self, Self::Rejection> {
        Ok(parts.extensions.get::<Self>().copied().unwrap_or(Self(false)))
    }
}

/// Listeners that serve.
pub struct Serving {
    /// Where.
    pub addresses: Vec<SocketAddr>,
    /// Beginnings of addresses of pages: on this machine, if without TLS; as people reach them.
    pub pages: Vec<String>,
    stop: watch::Sender<bool>,
    app: App,
    routers: watch::Sender<Router>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Serving {
    /// From the next connection on another configuration is served by.
    pub fn renew(&mut self, shared: &Shared) {
        self.app.shared = shared.clone();
        let _ = self.routers.send_replace(router(self.app.clone()));
    }

    /// Takes no more requests, and lets those that are there end.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        for task in self.tasks {
            let _ = task.await;
        }
    }
}

/// Begins to serve.
///
/// # Errors
///
/// If it cannot listen.
pub async fn serve(shared: &Shared) -> Result<Serving> {
    let names = match shared.config.broker.names.as_slice() {
        [] => crate::pki::of_this_machine(),
        names => names.to_vec(),
    };
    let (stop, stopped) = watch::channel(false);
    let words = Arc::new(words::Catalogues::shipped()?);
    let pace = api::Pace::new(Arc::clone(&shared.clock));
    let app = App { shared: shared.clone(), words, pace, names: Arc::new(names), stop: stopped.clone() };
    let (routers, newest) = watch::channel(router(app.clone()));
    let socket = control::Socket::open(&shared.folder)?;
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut serving = Serving { addresses: Vec::new(), pages: Vec::new(), stop, app, routers, tasks: Vec::new() };
    serving.tasks.push(tokio::spawn(socket.serve(newest.clone(), stopped.clone())));
    let (plain, tls) = (&shared.config.web.listen, &shared.config.web.listen_tls);
    let all = plain
        .iter()
        .map(|one| (one, None))
        .chain(tls.iter().map(|one| (one, Some(shared.identity.certificates.web()))));
    let mut bound = reached::Bound::default();
    for (address, tls) in all {
        let Some(listener) = listen::bind(*address).await? else { continue };
        let at = listener.local_addr()?;
        serving.addresses.push(at);
        if tls.is_some() {
            bound.tls.push(at)
        } else {
            bound.plain.push(at)
        }
        let serve = listen::serve(listener, tls, newest.clone(), Arc::clone(&places), stopped.clone());
        serving.tasks.push(tokio::spawn(serve));
    }
    let named = &shared.config.broker.names;
    let here = bound.plain.first().map(|address| format!("http://{address}"));
    serving.pages.extend(here);
    serving.pages.push(reached::pages(shared.config.web.url.as_deref(), named, &serving.app.names, &bound));
    serving.pages.dedup();
    Ok(serving)
}

/// All routes with what holds for each.
fn router(app: App) -> Router {
    Router::new()
        .route("/health", get(health))
        .merge(pages::routes())
        .route("/live", get(live::live))
        .merge(api::routes(&app))
        .merge(metrics::routes())
        .merge(join::routes())
        .merge(calendar::routes())
        .merge(assets::routes())
        .fallback(pages::missing)
        .layer(middleware::from_fn(whole::to_its_end))
        .layer(CatchPanicLayer::new())
        .layer(middleware::from_fn_with_state(app.clone(), pages::show_instead))
        .layer(middleware::from_fn_with_state(app.clone(), guard::let_in))
        .layer(middleware::from_fn(headers::protect))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(CatchPanicLayer::new())
        .with_state(app)
}

/// Whether it works, for whoever watches it.
async fn health(axum::extract::State(app): axum::extract::State<App>) -> (StatusCode, axum::Json<serde_json::Value>) {
    let problem = app.shared.problem();
    let code = if problem.is_some() { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    let state = if problem.is_some() { "failing" } else { "ok" };
    (code, axum::Json(serde_json::json!({ "state": state, "problem": problem })))
}
