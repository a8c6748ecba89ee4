//! Nodes: who is expected, what people call them, and which are no more.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Form, Path, Query, State as At};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::{Confirm, LINES, Manager, Once, done, refused, render};
use crate::acts::NodeChange;
use crate::pki::Expected;
use crate::tower::NodeState;
use crate::web::App;
use crate::web::pages::escape;
use crate::web::pages::frame::Frame;
use crate::web::pages::missing;
use crate::web::pages::part::{State, When};
use crate::web::pages::row::overall;
use crate::web::view::View;

const BACK: &str = "/settings/nodes";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    page: usize,
}

#[derive(Template)]
#[template(path = "settings/nodes.html")]
struct Page {
    frame: Frame,
    rows: Vec<Row>,
    shown: String,
    newer: Option<usize>,
    older: Option<usize>,
    /// Why no node can join, if none can.
    cannot: bool,
}

struct Row {
    id: String,
    title: String,
    customer: String,
    site: String,
    parent: String,
    state: State,
    joined: Option<When>,
}

impl Row {
    fn new(frame: &Frame, seen: &View<'_>, names: &BTreeMap<u16, &str>, node: &NodeState) -> Self {
        let parent = node.row.parent.and_then(|number| names.get(&number).copied());
        Self {
            id: node.row.name.clone(),
            title: node.row.title.clone(),
            customer: node.row.customer.clone(),
            site: node.row.site.clone(),
            parent: parent.unwrap_or_default().to_owned(),
            state: frame.state(overall(seen, node)),
            joined: frame.when(node.row.joined),
        }
    }
}

pub(super) async fn page(At(app): At<App>, _: Manager, Query(asked): Query<Asked>, frame: Frame) -> Response {
    let cannot = app.shared.config.web.listen_tls.is_empty() || app.shared.config.broker.listen_tls.is_empty();
    render(&frame.look(&app, |frame, seen| {
        let mut nodes: Vec<&NodeState> = seen.nodes().collect();
        nodes.sort_by_cached_key(|node| (node.row.state != "new", node.row.title.to_lowercase()));
        let (all, first, names) = (nodes.len(), asked.page.saturating_mul(LINES), seen.names());
        let shown = nodes.into_iter().skip(first).take(LINES);
        let rows: Vec<Row> = shown.map(|node| Row::new(&frame, seen, &names, node)).collect();
        let shown = frame.fill("shown", &[("count", &rows.len().to_string()), ("all", &all.to_string())]);
        let older = (all > first.saturating_add(LINES)).then(|| asked.page + 1);
        Page { rows, shown, newer: asked.page.checked_sub(1), older, cannot, frame }
    }))
}

/// What a form says of a node; what is empty is not said.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Words {
    title: String,
    customer: String,
    site: String,
    parent: String,
}

pub(super) async fn add(At(app): At<App>, Manager(by): Manager, frame: Frame, Form(words): Form<Words>) -> Response {
    let said = |text: String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let expected = Expected {
        node: None,
        title: said(words.title),
        customer: said(words.customer),
        site: said(words.site),
        parent: said(words.parent),
    };
    match app.shared.acts.invite(&by, expected).await {
        Err(why) => refused(&frame, &why, BACK),
        Ok(invited) => {
            let ends = frame.language.date(invited.ends, &frame.zone);
            render(&Once {
                title: frame.t("nodes.join").to_owned(),
                text: frame.t("nodes.join.about").to_owned(),
                secret: format!("sudo atalaya-agent setup --join {}", invited.join.0),
                notes: vec![frame.fill("nodes.join.ends", &[("at", &ends)])],
                back: BACK,
                frame,
            })
        }
    }
}

#[derive(Template)]
#[template(path = "settings/node.html")]
struct One {
    frame: Frame,
    row: Row,
}

pub(super) async fn one(At(app): At<App>, _: Manager, Path(node): Path<String>, frame: Frame) -> Response {
    let found = frame.look(&app, |frame, seen| {
        let row = Row::new(&frame, seen, &seen.names(), seen.node(&node)?);
        Some(One { frame, row })
    });
    match found {
        Some(page) => render(&page),
        None => missing().await.into_response(),
    }
}

pub(super) async fn change(
    At(app): At<App>,
    Manager(by): Manager,
    Path(node): Path<String>,
    frame: Frame,
    Form(words): Form<Words>,
) -> Response {
    let said = |text: String| Some(text.trim().to_owned());
    let change = NodeChange {
        title: said(words.title),
        customer: said(words.customer),
        site: said(words.site),
        parent: said(words.parent),
    };
    let back = format!("{BACK}/{}", escape(&node));
    done(&frame, app.shared.acts.change_node(&by, &node, change).await, &back, "changed")
}

pub(super) async fn ask_retire(At(app): At<App>, _: Manager, Path(node): Path<String>, frame: Frame) -> Response {
    let title = app.look(&frame.whose, |seen| seen.node(&node).map(|node| node.row.title.clone()));
    let Some(title) = title else { return missing().await.into_response() };
    let path = format!("{BACK}/{}", escape(&node));
    render(&Confirm {
        title: frame.fill("nodes.retire.title", &[("name", &title)]),
        text: frame.t("nodes.retire.about").to_owned(),
        to: format!("{path}/retire"),
        button: frame.t("nodes.retire").to_owned(),
        back: path,
        forget: true,
        frame,
    })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Retire {
    forget: String,
}

pub(super) async fn retire(
    At(app): At<App>,
    Manager(by): Manager,
    Path(node): Path<String>,
    frame: Frame,
    Form(form): Form<Retire>,
) -> Response {
    let did = app.shared.acts.retire_node(&by, &node, !form.forget.is_empty()).await;
    done(&frame, did, BACK, "retired")
}
