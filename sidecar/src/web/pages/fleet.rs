//! All nodes: is everything all right, and if not, what and since when.

use askama::Template;
use atalaya_alert::Presence;
use axum::extract::State;
use axum::response::Response;

use super::frame::Frame;
use super::render;
use crate::web::App;

#[derive(Template)]
#[template(path = "fleet.html")]
struct Page {
    frame: Frame,
    nodes: Vec<Row>,
    alerts: usize,
}

struct Row {
    id: String,
    title: String,
    state: &'static str,
    seen: i64,
    alerts: usize,
    objects: usize,
}

pub(super) async fn page(State(app): State<App>, frame: Frame) -> Response {
    let (nodes, alerts) = {
        let seen = app.shared.board.read();
        let open = |node: &str| seen.alerts.keys().filter(|key| key.node.as_str() == node).count();
        let row = |(id, state): (&String, &crate::tower::NodeState)| Row {
            id: id.clone(),
            title: state.row.title.clone(),
            state: word(state.presence),
            seen: state.seen,
            alerts: open(id),
            objects: state.objects.len(),
        };
        (seen.nodes.iter().map(row).collect::<Vec<_>>(), seen.alerts.len())
    };
    render(&Page { frame, nodes, alerts })
}

pub(super) const fn word(presence: Presence) -> &'static str {
    match presence {
        Presence::Online => "online",
        Presence::Offline => "offline",
        Presence::Silent => "silent",
    }
}
