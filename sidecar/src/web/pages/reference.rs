//! The description of the API, for people: made of the document that programs read, so that it says the same.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use serde_json::Value;

use super::frame::Frame;
use super::render;
use crate::web::App;
use crate::web::api::document::Served;

#[derive(Template)]
#[template(path = "reference.html")]
struct Page<'a> {
    frame: Frame,
    reference: &'a Reference,
}

/// Routes about the same.
struct Group {
    about: String,
    routes: Vec<Route>,
}

struct Route {
    method: String,
    path: String,
    summary: String,
    /// Which scope it takes; empty for what anybody may ask.
    scope: String,
    /// Where, name, what it is, an example.
    parameters: Vec<[String; 4]>,
    /// A body as its schema has it; empty where it takes none.
    body: String,
    /// Code and what it means.
    answers: Vec<(String, String)>,
}

pub(in crate::web) fn routes() -> Router<App> {
    Router::new().route("/api", get(page))
}

/// What the page says of the document, made once.
pub(in crate::web) struct Reference {
    about: String,
    groups: Vec<Group>,
}

impl Reference {
    pub(in crate::web) fn new(served: &Served) -> Self {
        let document: Value = serde_json::from_slice(served.bytes()).unwrap_or_default();
        Self { about: text(&document["info"]["description"]), groups: groups(&document) }
    }
}

async fn page(Extension(reference): Extension<Arc<Reference>>, frame: Frame) -> Response {
    render(&Page { reference: &reference, frame })
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// In the order of the tags.
fn groups(document: &Value) -> Vec<Group> {
    let tags = document["tags"].as_array().into_iter().flatten();
    let tags = tags.map(|tag| (text(&tag["name"]), text(&tag["description"])));
    let all = document["paths"].as_object().into_iter().flatten();
    let mut routes: Vec<(String, Route)> = all
        .flat_map(|(path, item)| {
            let operations = item.as_object().into_iter().flatten();
            operations
                .map(|(method, operation)| (text(&operation["tags"][0]), route(document, method, path, operation)))
        })
        .collect();
    let mut groups = Vec::new();
    for (name, about) in tags.chain([(String::new(), String::new())]) {
        let (own, rest) = routes.into_iter().partition(|(tag, _)| *tag == name || name.is_empty());
        routes = rest;
        groups.push(Group { about, routes: own.into_iter().map(|(_, route)| route).collect() });
    }
    groups.retain(|group| !group.routes.is_empty());
    groups
}

fn route(document: &Value, method: &str, path: &str, operation: &Value) -> Route {
    let parameters = operation["parameters"].as_array().into_iter().flatten().map(|one| {
        let example = if one["example"].is_null() { String::new() } else { one["example"].to_string() };
        [text(&one["in"]), text(&one["name"]), text(&one["description"]), example]
    });
    let answers = operation["responses"].as_object().into_iter().flatten();
    let body = &operation["requestBody"]["content"]["application/json"]["schema"];
    let named = text(&body["$ref"]);
    let named = named.rsplit('/').next().unwrap_or_default();
    let schema = &document["components"]["schemas"][named]["properties"];
    let parts = schema.as_object().into_iter().flatten();
    let parts = parts.map(|(key, part)| format!("{key}: {}", text(&part["description"])));
    Route {
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: text(&operation["summary"]),
        scope: text(&operation["security"][0]["token"][0]),
        parameters: parameters.collect(),
        body: parts.collect::<Vec<_>>().join("\n"),
        answers: answers.map(|(status, answer)| (status.clone(), text(&answer["description"]))).collect(),
    }
}
