//! Nodes, and what is known of them now.

use std::collections::BTreeMap;

use atalaya_alert::Presence;
use atalaya_wire::ObjectId;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::body::{Asked, Nothing, Place};
use super::caller::{Caller, Reads};
use super::names::{NodeId, SeverityWord};
use super::page::{Page, Slice};
use super::problem::Problem;
use super::time;
use crate::tower::{Latest, Link, NodeState, word};
use crate::web::App;
use crate::web::view::View;

/// What a node is like.
const STATES: [&str; 5] = ["online", "silent", "offline", "new", "unknown"];

/// Which nodes.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents what the query may hold")]
pub(super) struct Which {
    /// Only this customer's.
    #[param(max_length = 128)]
    customer: Option<String>,
    /// Only those that are so.
    #[param(inline)]
    state: Option<NodeWord>,
    /// At most so many.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<u16>,
    /// The `next` of the page before.
    #[param(max_length = 1024)]
    cursor: Option<String>,
}

/// Whether a node is there.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case", as = NodeState)]
#[expect(dead_code, reason = "documents the words of STATES")]
pub(super) enum NodeWord {
    /// It is heard.
    Online,
    /// Connected, as far as the broker knows, and says nothing.
    Silent,
    /// It is not there.
    Offline,
    /// Nobody accepted it yet.
    New,
    /// The sidecar hears nobody.
    Unknown,
}

/// A node in a list.
#[derive(Serialize, ToSchema)]
pub(super) struct Node {
    /// As in topics.
    #[schema(example = "0123456789abcdef")]
    node: String,
    /// For people.
    #[schema(example = "nas-ana")]
    title: String,
    /// Whose; empty for nobody's.
    customer: String,
    /// Where it stands.
    site: String,
    /// Whether it is there.
    #[schema(value_type = NodeWord)]
    state: &'static str,
    /// Since when that is so.
    #[schema(required = true, format = DateTime)]
    since: Option<String>,
    /// When it was last heard.
    #[schema(required = true, format = DateTime)]
    seen_at: Option<String>,
    /// Of the agent; empty until it said so.
    version: String,
    /// By how many seconds its clock is ahead, where that is worth telling.
    #[schema(required = true)]
    skew_seconds: Option<i64>,
    /// The worst of its alerts that fire.
    #[schema(required = true, value_type = Option<SeverityWord>)]
    worst: Option<String>,
    /// How many alerts fire, by severity.
    alerts: BTreeMap<String, u32>,
}

impl Node {
    fn new(view: &View<'_>, node: &NodeState) -> Self {
        let mut alerts: BTreeMap<String, u32> = super::names::SEVERITIES.map(|(name, _)| (name.to_owned(), 0)).into();
        let firing = || view.alerts_of(&node.row.name).filter(|alert| alert.phase.fires());
        for alert in firing() {
            *alerts.entry(word(&alert.severity)).or_default() += 1;
        }
        let known = |at: i64| Some(at).filter(|at| *at > 0).and_then(time);
        Self {
            node: node.row.name.clone(),
            title: node.row.title.clone(),
            customer: node.row.customer.clone(),
            site: node.row.site.clone(),
            state: state(view, node),
            since: known(node.since),
            seen_at: known(node.seen),
            version: node.version.clone(),
            skew_seconds: node.skew,
            worst: firing().map(|alert| alert.severity).max().map(|worst| word(&worst)),
            alerts,
        }
    }
}

fn state(view: &View<'_>, node: &NodeState) -> &'static str {
    match node.presence {
        _ if node.row.state == "new" => "new",
        _ if *view.link() != Link::Up => "unknown",
        Presence::Online => "online",
        Presence::Silent => "silent",
        Presence::Offline => "offline",
    }
}

/// All nodes, by id.
#[utoipa::path(get, path = "/nodes", tag = "nodes", params(Which), security(("token" = ["read"])),
    responses((status = 200, body = Page<Node>)))]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller<Reads>,
    asked: Asked<Which>,
) -> Result<Json<Page<Node>>, Problem> {
    let slice = Slice::<String>::of(&asked.query)?;
    let (customer, wanted) = (asked.query.one("customer"), asked.query.word("state", &STATES)?);
    Ok(Json(app.look(&caller.person.customers, |view| {
        let fits = |node: &&NodeState| {
            customer.is_none_or(|customer| customer == node.row.customer)
                && wanted.is_none_or(|wanted| wanted == state(view, node))
        };
        slice.page_of(view.nodes().filter(fits), |node| node.row.name.clone(), |node| Node::new(view, node))
    })))
}

/// A node with more of it.
#[derive(Serialize, ToSchema)]
#[schema(as = NodeDetail)]
pub(super) struct Whole {
    #[serde(flatten)]
    node: Node,
    /// What is between it and the sidecar.
    #[schema(required = true)]
    parent: Option<String>,
    /// Seconds between its frames.
    interval_seconds: u64,
    /// How many objects of it are known.
    objects: usize,
    /// How many of its messages were not taken, by reason.
    refused: BTreeMap<String, u64>,
}

/// One node.
#[utoipa::path(get, path = "/nodes/{node}", tag = "nodes", params(NodeId), security(("token" = ["read"])),
    responses((status = 200, body = Whole)))]
pub(super) async fn one(
    State(app): State<App>,
    caller: Caller<Reads>,
    Place(id): Place<String>,
    _: Asked<Nothing>,
) -> Result<Json<Whole>, Problem> {
    let found = app.look(&caller.person.customers, |view| {
        let node = view.node(&id)?;
        let parent = node.row.parent.and_then(|number| view.names().get(&number).copied());
        Some(Whole {
            node: Node::new(view, node),
            parent: parent.map(str::to_owned),
            interval_seconds: node.interval,
            objects: node.objects.len(),
            refused: node.refused.iter().map(|(why, count)| (why.name().to_owned(), count)).collect(),
        })
    });
    found.map(Json).ok_or_else(|| no_node(&id))
}

/// Something of a node, as it was last read.
#[derive(Serialize, ToSchema)]
#[schema(as = NodeObject)]
pub(super) struct Thing {
    /// What kind of thing.
    #[schema(example = "disk")]
    view: &'static str,
    /// Which; empty where there is one of it.
    #[schema(example = "WD-1")]
    id: String,
    /// When it was read, by the sidecar's clock.
    #[schema(required = true, format = DateTime)]
    read_at: Option<String>,
    /// How long ago that was.
    age_seconds: i64,
    /// The keys of its view, as docs/wire.md has them; null is unknown.
    #[schema(value_type = Object, additional_properties, example = json!({"health": "ok", "temperature_celsius": 34.0}))]
    values: serde_json::Map<String, serde_json::Value>,
}

impl Thing {
    fn new(view: &'static str, id: &ObjectId, latest: &Latest, now: i64) -> Option<Self> {
        let sample = latest.sample()?;
        let mut values: serde_json::Map<_, _> = serde_json::from_slice(&sample.json(0, 0)).ok()?;
        // Of the message, and not of the thing.
        values.retain(|key, _| key != "ts" && key != "seq");
        let (read_at, age_seconds) = (time(latest.read_at), (now - latest.read_at).max(0));
        Some(Self { view, id: id.as_str().to_owned(), read_at, age_seconds, values })
    }
}

/// Which objects.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents what the query may hold")]
pub(super) struct WhichThings {
    /// Only of this kind, such as `disk`.
    #[param(max_length = 64)]
    view: Option<String>,
    /// At most so many.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<u16>,
    /// The `next` of the page before.
    #[param(max_length = 1024)]
    cursor: Option<String>,
}

/// What is known of a node: disks, file systems, backups and the rest.
#[utoipa::path(get, path = "/nodes/{node}/objects", tag = "nodes", params(NodeId, WhichThings), security(("token" = ["read"])),
    responses((status = 200, body = Page<Thing>)))]
pub(super) async fn objects(
    State(app): State<App>,
    caller: Caller<Reads>,
    Place(node): Place<String>,
    asked: Asked<WhichThings>,
) -> Result<Json<Page<Thing>>, Problem> {
    let slice = Slice::<(String, String)>::of(&asked.query)?;
    let (kind, now) = (asked.query.one("view"), app.shared.clock.now().seconds());
    let found = app.look(&caller.person.customers, |view| {
        let all = view.node(&node)?.objects.iter();
        let fits = |((view, id), _): &(&(&'static str, ObjectId), &Latest)| {
            kind.is_none_or(|kind| kind == *view)
                && slice.after.as_ref().is_none_or(|after| (*view, id.as_str()) > (after.0.as_str(), after.1.as_str()))
        };
        let things = all.filter(fits).filter_map(|((view, id), latest)| Thing::new(view, id, latest, now));
        let some: Vec<Thing> = things.take(slice.limit + 1).collect();
        Some(slice.page(some, |thing| (thing.view.to_owned(), thing.id.clone()), |thing| thing))
    });
    found.map(Json).ok_or_else(|| no_node(&node))
}

/// An object.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "documents what the path holds")]
pub(super) struct ThingId {
    /// What kind of thing.
    #[param(min_length = 1, max_length = 64, example = "disk")]
    view: String,
    /// Which; `-` where there is one of it.
    #[param(min_length = 1, max_length = 96, example = "WD-1")]
    id: String,
}

/// One of them.
#[utoipa::path(get, path = "/nodes/{node}/objects/{view}/{id}", tag = "nodes", params(NodeId, ThingId), security(("token" = ["read"])),
    responses((status = 200, body = Thing)))]
pub(super) async fn object(
    State(app): State<App>,
    caller: Caller<Reads>,
    Place((node, kind, id)): Place<(String, String, String)>,
    _: Asked<Nothing>,
) -> Result<Json<Thing>, Problem> {
    let (id, now) = (if id == "-" { "" } else { &id }, app.shared.clock.now().seconds());
    let found = app.look(&caller.person.customers, |view| {
        let mut all = view.node(&node)?.objects.iter();
        let ((view, id), latest) = all.find(|((known, its), _)| *known == kind && its.as_str() == id)?;
        Thing::new(view, id, latest, now)
    });
    found.map(Json).ok_or_else(|| Problem::missing(format!("{node} has no {kind} of that id")))
}

pub(super) fn no_node(node: &str) -> Problem {
    Problem::missing(format!("there is no node {node}"))
}
