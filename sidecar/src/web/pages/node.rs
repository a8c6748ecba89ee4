//! A node: everything that is known of it.

use askama::Template;
use atalaya_wire::view::Value;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::fleet::word;
use super::frame::Frame;
use super::render;
use crate::tower::Latest;
use crate::web::App;

#[derive(Template)]
#[template(path = "node.html")]
struct Page {
    frame: Frame,
    title: String,
    state: &'static str,
    seen: i64,
    objects: Vec<Object>,
}

struct Object {
    name: String,
    read_at: i64,
    fields: Vec<(&'static str, String)>,
}

pub(super) async fn page(State(app): State<App>, Path(node): Path<String>, frame: Frame) -> Response {
    let page = {
        let seen = app.shared.board.read();
        seen.nodes.get(&node).map(|state| Page {
            frame,
            title: state.row.title.clone(),
            state: word(state.presence),
            seen: state.seen,
            objects: state
                .objects
                .iter()
                .filter_map(|((kind, id), latest)| object(kind, id.as_str(), latest))
                .collect(),
        })
    };
    page.map_or_else(|| StatusCode::NOT_FOUND.into_response(), |page| render(&page))
}

fn object(kind: &str, id: &str, latest: &Latest) -> Option<Object> {
    let sample = latest.sample()?;
    let fields = sample.fields().iter().enumerate().map(|(at, field)| (field.key, shown(sample.value(at)))).collect();
    let name = if id.is_empty() { kind.to_owned() } else { format!("{kind}/{id}") };
    Some(Object { name, read_at: latest.read_at, fields })
}

fn shown(value: Value<'_>) -> String {
    match value {
        Value::Unknown => String::new(),
        Value::Number(x) => format!("{x}"),
        Value::Whole(x) => x.to_string(),
        Value::Signed(x) => x.to_string(),
        Value::Flag(x) => x.to_string(),
        Value::Text(x) => x.to_owned(),
    }
}
