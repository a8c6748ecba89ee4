//! Accounts: who may log in, and what they may.

use askama::Template;
use axum::extract::{Form, Path, State as At};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::{Confirm, Manager, customers, done, lines, named, render};
use crate::acts::{AccountChange, Refused};
use crate::people::{self, AccountWish, Password, Role};
use crate::web::App;
use crate::web::pages::frame::Frame;
use crate::web::pages::part::When;
use crate::web::pages::{escape, missing};

const BACK: &str = "/settings/accounts";

#[derive(Template)]
#[template(path = "settings/accounts.html")]
struct Page {
    frame: Frame,
    rows: Vec<Row>,
    roles: Vec<(&'static str, String, bool)>,
}

struct Row {
    name: String,
    role: String,
    customers: String,
    language: String,
    zone: String,
    made: Option<When>,
    is_own: bool,
}

/// Roles with their names; the chosen one is marked.
fn roles(frame: &Frame, chosen: Role) -> Vec<(&'static str, String, bool)> {
    Role::ALL.map(|role| (role.name(), word(frame, role).to_owned(), role == chosen)).to_vec()
}

fn word(frame: &Frame, role: Role) -> &str {
    frame.t(match role {
        Role::Viewer => "role.viewer",
        Role::Operator => "role.operator",
        Role::Approver => "role.approver",
    })
}

impl Row {
    fn new(frame: &Frame, account: people::Account) -> Self {
        Self {
            role: word(frame, account.role).to_owned(),
            customers: named(frame, &account.customers),
            language: account.language.to_uppercase(),
            made: frame.when(account.made),
            is_own: account.name == frame.who,
            zone: account.zone,
            name: account.name,
        }
    }
}

pub(super) async fn page(At(app): At<App>, _: Manager, frame: Frame) -> Response {
    let accounts = app.shared.identity.people.accounts();
    let rows = accounts.into_iter().map(|account| Row::new(&frame, account)).collect();
    render(&Page { rows, roles: roles(&frame, Role::Viewer), frame })
}

#[derive(Deserialize)]
pub(super) struct New {
    name: String,
    password: String,
    role: String,
    #[serde(default)]
    customers: String,
}

pub(super) async fn add(At(app): At<App>, Manager(by): Manager, frame: Frame, Form(form): Form<New>) -> Response {
    let New { name, password, role, customers: names } = form;
    let zone = app.shared.config.state.zone.iana_name().unwrap_or("UTC").to_owned();
    let did = async {
        let wish = AccountWish {
            name: name.trim().to_owned(),
            role: Role::named(&role).unwrap_or(Role::Viewer),
            customers: customers(&names)?,
            language: frame.language.code().into(),
            zone,
        };
        app.shared.acts.add_account(&by, wish, Password::from(password)).await
    };
    done(&frame, did.await, BACK, "added")
}

#[derive(Template)]
#[template(path = "settings/account.html")]
struct One {
    frame: Frame,
    row: Row,
    roles: Vec<(&'static str, String, bool)>,
    customers: String,
}

fn known(app: &App, name: &str) -> Option<people::Account> {
    app.shared.identity.people.accounts().into_iter().find(|account| account.name == name)
}

pub(super) async fn one(At(app): At<App>, _: Manager, Path(name): Path<String>, frame: Frame) -> Response {
    let Some(account) = known(&app, &name) else { return missing().await.into_response() };
    let (roles, customers) = (roles(&frame, account.role), lines(&account.customers));
    render(&One { row: Row::new(&frame, account), roles, customers, frame })
}

#[derive(Deserialize)]
pub(super) struct Change {
    role: String,
    #[serde(default)]
    customers: String,
}

pub(super) async fn change(
    At(app): At<App>,
    Manager(by): Manager,
    Path(name): Path<String>,
    frame: Frame,
    Form(form): Form<Change>,
) -> Response {
    let did = async {
        let change = AccountChange { role: Role::named(&form.role), customers: Some(customers(&form.customers)?) };
        app.shared.acts.change_account(&by, &name, change).await
    };
    done(&frame, did.await, &format!("{BACK}/{}", escape(&name)), "changed")
}

#[derive(Deserialize)]
pub(super) struct NewPassword {
    password: String,
}

pub(super) async fn password(
    At(app): At<App>,
    Manager(by): Manager,
    Path(name): Path<String>,
    frame: Frame,
    Form(form): Form<NewPassword>,
) -> Response {
    let did = app.shared.acts.set_password(&by, &name, Password::from(form.password)).await;
    done(&frame, did, &format!("{BACK}/{}", escape(&name)), "password")
}

pub(super) async fn ask_remove(At(app): At<App>, _: Manager, Path(name): Path<String>, frame: Frame) -> Response {
    if known(&app, &name).is_none() {
        return missing().await.into_response();
    }
    let path = format!("{BACK}/{}", escape(&name));
    render(&Confirm {
        title: frame.fill("accounts.remove.title", &[("name", &name)]),
        text: frame.t("accounts.remove.about").to_owned(),
        to: format!("{path}/remove"),
        button: frame.t("accounts.remove").to_owned(),
        back: path,
        forget: false,
        frame,
    })
}

pub(super) async fn remove(At(app): At<App>, Manager(by): Manager, Path(name): Path<String>, frame: Frame) -> Response {
    let did: Result<(), Refused> = app.shared.acts.remove_account(&by, &name).await;
    done(&frame, did, BACK, "removed")
}
