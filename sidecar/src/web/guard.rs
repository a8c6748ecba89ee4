//! Who asks: found out before anything else is looked at. What is not let in learns nothing but how to log in.

use std::net::{IpAddr, SocketAddr};

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST, ORIGIN};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use super::api::problem::Problem;
use super::control::AtMachine;
use super::{App, Secure};
use crate::acts::By;
use crate::config::Metrics;
use crate::limits::BODY_BYTES_MAX;
use crate::people::{Customers, Need, Person, Rights, Role, guard};

/// The cookie of a session, where TLS protects it and where it never leaves this machine.
pub(super) const COOKIES: [&str; 2] = ["__Host-atalaya", "atalaya"];
/// What anybody may ask for.
const OPEN: [&str; 8] =
    ["/health", "/login", "/first/", "/assets/", "/join", "/calendar/", "/api", "/api/v1/openapi.json"];

/// Why something is forbidden: for programs, and the key of the same for people.
#[derive(Clone, Copy)]
struct Why {
    text: &'static str,
    key: &'static str,
}

const SITE: Why = Why { text: "another site asked for this", key: "guard.site" };
const SCOPE: Why = Why { text: "this token is not for that", key: "guard.scope" };
const FORM: Why = Why { text: "this form is too old; load the page again", key: "guard.form" };

/// Who asks, and how.
#[derive(Clone, Debug)]
pub(super) struct Reader {
    /// Who; on a machine without accounts whoever sits at it.
    pub(super) person: Person,
    /// What forms show to be ours; empty for who has no session.
    pub(super) csrf: String,
    /// From where.
    pub(super) peer: IpAddr,
}

impl Reader {
    /// For what is changed.
    pub(super) fn by(&self) -> By {
        // There is no address on the machine itself.
        let peer = if self.peer.is_unspecified() { String::new() } else { self.peer.to_string() };
        By { person: self.person.clone(), peer }
    }

    /// Whether this is permitted; `customer` is whose the thing is.
    pub(super) fn may(&self, need: Need, customer: Option<&str>) -> bool {
        guard(&self.person, need, customer).is_ok()
    }
}

/// The layer before all routes.
pub(super) async fn let_in(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let headers = request.headers();
    let is_metrics = request.uri().path() == "/metrics";
    if is_metrics && app.shared.config.web.metrics == Metrics::Off {
        return StatusCode::NOT_FOUND.into_response();
    }
    if !is_ours(&app, headers) {
        return (StatusCode::MISDIRECTED_REQUEST, "this name is not among [broker] names or [web] url\n")
            .into_response();
    }
    if is_tls_before_us(&app, &request) {
        request.extensions_mut().insert(Secure(true));
    }
    let peer = peer(&app, &request);
    request.extensions_mut().insert(peer);
    let path = request.uri().path().to_owned();
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD);
    let is_api = path.starts_with("/api/") || path == "/metrics";
    if !is_safe && !same_origin(request.headers()) {
        return forbidden(&app, request, is_api, SITE).await;
    }
    let at_machine = request.extensions().get::<AtMachine>().map(|who| owner(&app, who));
    let Some(reader) = at_machine.or_else(|| reader(&app, request.headers(), peer, is_api)).or_else(|| {
        let open = is_metrics && app.shared.config.web.metrics == Metrics::Loopback;
        (open && is_direct(request.headers(), peer)).then(|| nearby(&app, peer))
    }) else {
        if OPEN.iter().any(|open| path == *open || open.ends_with('/') && path.starts_with(open)) {
            return next.run(request).await;
        }
        return stranger(&request, is_api);
    };
    let need = if path == "/metrics" { Need::Metrics } else { Need::Read };
    // Each route of the API says itself what it needs.
    if is_safe && !path.starts_with("/api/") && !reader.may(need, None) {
        return forbidden(&app, request, is_api, SCOPE).await;
    }
    request.extensions_mut().insert(reader.clone());
    if !is_safe && reader.person.session.is_some() {
        match with_own_form(&app, &reader, request, is_api).await {
            Ok(checked) => request = checked,
            Err(refused) => return refused,
        }
    }
    next.run(request).await
}

/// Names that lead here: anything else is another site's name for our address.
fn is_ours(app: &App, headers: &HeaderMap) -> bool {
    let Some(host) = host(headers) else { return true };
    let url = app.shared.config.web.url.as_deref().and_then(|url| url.split("://").nth(1));
    let named = url.map(|rest| rest.split(['/', ':']).next().unwrap_or_default());
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok()
        || named.is_some_and(|named| named.eq_ignore_ascii_case(host))
        || app.names.iter().any(|name| name.eq_ignore_ascii_case(host))
}

/// The host that a request names, without its port.
fn host(headers: &HeaderMap) -> Option<&str> {
    let host = headers.get(HOST)?.to_str().ok()?;
    let bracketed = host.strip_prefix('[').and_then(|rest| rest.split(']').next());
    bracketed.or_else(|| host.split(':').next())
}

/// A name that leads nowhere but to the machine it is used on.
fn by_own_name(headers: &HeaderMap) -> bool {
    host(headers).is_some_and(|host| {
        host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    })
}

/// Whether a proxy of ours asks, which people reach over TLS as the configuration says.
fn is_tls_before_us(app: &App, request: &Request) -> bool {
    let web = &app.shared.config.web;
    let direct = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
    direct.is_some_and(|direct| web.proxies.contains(&direct))
        && request.headers().contains_key("x-forwarded-for")
        && web.url.as_deref().is_some_and(|url| url.starts_with("https://"))
}

/// Where a request came from: a proxy that is named in the configuration says it of others.
fn peer(app: &App, request: &Request) -> IpAddr {
    let direct = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let direct = direct.map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.0.ip());
    if !app.shared.config.web.proxies.contains(&direct) {
        return direct;
    }
    let said = request.headers().get("x-forwarded-for").and_then(|value| value.to_str().ok());
    said.and_then(|all| all.rsplit(',').next()?.trim().parse().ok()).unwrap_or(direct)
}

/// Browsers say which site a request comes from.
fn same_origin(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if text("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none") {
        return false;
    }
    match (text(ORIGIN.as_str()), text(HOST.as_str())) {
        (Some(origin), Some(host)) => origin.split("://").nth(1) == Some(host),
        _ => true,
    }
}

fn reader(app: &App, headers: &HeaderMap, peer: IpAddr, is_api: bool) -> Option<Reader> {
    let (people, now) = (&app.shared.identity.people, app.shared.clock.now());
    if is_api {
        let shown = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        if let Some(person) = shown.and_then(|shown| people.bearer(shown.strip_prefix("Bearer ")?, now)) {
            return Some(Reader { person, csrf: String::new(), peer });
        }
    }
    if let Some(person) = cookie(headers).and_then(|cookie| people.who(cookie, now)) {
        let csrf = people.csrf(&person).unwrap_or_default();
        return Some(Reader { person, csrf, peer });
    }
    // Nobody has an account yet, and nobody but this machine can be asking: a proxy here would ask for others.
    let alone = is_direct(headers, peer) && people.accounts().is_empty() && app.shared.config.web.listen_tls.is_empty();
    alone.then(|| nearby(app, peer))
}

/// Whether this machine asks for itself: a proxy on it would ask for others.
fn is_direct(headers: &HeaderMap, peer: IpAddr) -> bool {
    let forwarded = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"];
    peer.is_loopback() && by_own_name(headers) && !forwarded.iter().any(|name| headers.contains_key(*name))
}

fn nearby(app: &App, peer: IpAddr) -> Reader {
    Reader { person: local(app), csrf: String::new(), peer }
}

/// Whoever has the machine.
fn owner(app: &App, who: &AtMachine) -> Reader {
    let person = Person { name: who.0.clone(), rights: Rights::Machine, ..local(app) };
    Reader { person, csrf: String::new(), peer: IpAddr::from([0, 0, 0, 0]) }
}

/// Whoever sits at the machine.
fn local(app: &App) -> Person {
    Person {
        name: "local".into(),
        rights: Rights::Role(Role::Operator),
        customers: Customers::All,
        language: String::new(),
        zone: app.shared.config.state.zone.iana_name().unwrap_or_default().to_owned(),
        session: None,
    }
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let all = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| COOKIES.contains(name)).map(|(_, value)| value)
}

/// A form of ours shows what only the session's own pages have.
async fn with_own_form(app: &App, reader: &Reader, request: Request, is_api: bool) -> Result<Request, Response> {
    let (parts, body) = request.into_parts();
    let too_long = |_| StatusCode::PAYLOAD_TOO_LARGE.into_response();
    let body = to_bytes(body, BODY_BYTES_MAX).await.map_err(too_long)?;
    let header = parts.headers.get("x-csrf").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let is_form =
        parts.headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-www-form"));
    let field =
        || std::str::from_utf8(&body).ok()?.split('&').find_map(|pair| pair.strip_prefix("csrf=").map(str::to_owned));
    let shown = header.or_else(|| if is_form { field() } else { None }).unwrap_or_default();
    if app.shared.identity.people.is_own_form(&reader.person, &shown) {
        Ok(Request::from_parts(parts, Body::from(body)))
    } else {
        Err(forbidden(app, Request::from_parts(parts, Body::empty()), is_api, FORM).await)
    }
}

async fn forbidden(app: &App, request: Request, is_api: bool, why: Why) -> Response {
    if is_api {
        return Problem::forbidden(why.text).into_response();
    }
    super::pages::instead(app, request.into_parts().0, StatusCode::FORBIDDEN, why.key).await
}

/// Somebody who has to log in first, or again: then they are told that nothing was done, or brought back to where they were.
fn stranger(request: &Request, is_api: bool) -> Response {
    if is_api {
        return Problem::stranger().into_response();
    }
    if request.headers().contains_key("hx-request") {
        return (StatusCode::UNAUTHORIZED, [("hx-redirect", "/login")]).into_response();
    }
    if request.method() != Method::GET {
        return Redirect::to("/login?over=1").into_response();
    }
    match request.uri().path_and_query().map_or("/", |asked| asked.as_str()) {
        "/" | "/login" => Redirect::to("/login").into_response(),
        asked => Redirect::to(&format!("/login?back={}", super::escape(asked))).into_response(),
    }
}
