//! Tokens: what programs show instead of a password.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{Form, Path, State as At};
use axum::response::{IntoResponse, Response};

use super::{Confirm, Manager, Once, customers, done, named, refused, render};
use crate::acts::Refused;
use crate::people::{self, Made, Scope, TokenView, TokenWish};
use crate::web::App;
use crate::web::pages::frame::Frame;
use crate::web::pages::part::When;
use crate::web::pages::{escape, missing};

const BACK: &str = "/settings/tokens";

#[derive(Template)]
#[template(path = "settings/tokens.html")]
struct Page {
    frame: Frame,
    rows: Vec<Row>,
    scopes: Vec<(&'static str, String)>,
}

struct Row {
    name: String,
    path: String,
    scopes: String,
    customers: String,
    made: Option<When>,
    ends: Option<When>,
    is_over: bool,
    seen: Option<When>,
}

fn word(frame: &Frame, scope: Scope) -> String {
    let key = match scope {
        Scope::Read => "scope.read",
        Scope::Metrics => "scope.metrics",
        Scope::Operate => "scope.operate",
        Scope::Manage => "scope.manage",
        Scope::MqttRead => "scope.mqtt_read",
        Scope::MqttHomeAssistant => "scope.mqtt_home_assistant",
    };
    frame.t(key).to_owned()
}

impl Row {
    fn new(frame: &Frame, token: &TokenView) -> Self {
        Self {
            path: escape(&token.row.name),
            scopes: token.scopes().into_iter().map(Scope::name).collect::<Vec<_>>().join(", "),
            customers: named(frame, &token.customers()),
            made: frame.when(token.row.made),
            ends: token.row.ends.and_then(|at| frame.when(at)),
            is_over: token.row.ends.is_some_and(|at| at <= frame.now.seconds()),
            seen: token.seen.and_then(|at| frame.when(at)),
            name: token.row.name.clone(),
        }
    }
}

pub(super) async fn page(At(app): At<App>, _: Manager, frame: Frame) -> Response {
    let rows = app.shared.identity.people.tokens().iter().map(|token| Row::new(&frame, token)).collect();
    let scopes = Scope::ALL.map(|scope| (scope.name(), word(&frame, scope))).to_vec();
    render(&Page { rows, scopes, frame })
}

/// A token as a form asks for it.
fn wish(fields: &[(String, String)]) -> Result<TokenWish, Refused> {
    let one = |key: &str| fields.iter().find(|(name, _)| name == key).map_or("", |(_, value)| value.trim());
    let scopes: BTreeSet<Scope> =
        fields.iter().filter(|(name, _)| name == "scope").filter_map(|(_, value)| Scope::named(value)).collect();
    let days = match one("days") {
        "" => None,
        // What is no number is refused as none that can be.
        days => Some(days.parse().unwrap_or(0)),
    };
    Ok(TokenWish { name: one("name").to_owned(), scopes, customers: customers(one("customers"))?, days })
}

pub(super) async fn add(
    At(app): At<App>,
    Manager(by): Manager,
    frame: Frame,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let made = async {
        let wish = wish(&fields)?;
        let name = wish.name.clone();
        Ok::<(String, Made), Refused>((name, app.shared.acts.add_token(&by, wish).await?))
    };
    match made.await {
        Err(why) => refused(&frame, &why, BACK),
        Ok((name, secret)) => render(&Once {
            title: frame.fill("tokens.made", &[("name", &name)]),
            text: frame.t("tokens.made.about").to_owned(),
            secret: secret.0,
            notes: vec![frame.t("tokens.made.http").to_owned(), frame.fill("tokens.made.mqtt", &[("name", &name)])],
            back: BACK,
            frame,
        }),
    }
}

pub(super) async fn ask_revoke(At(app): At<App>, _: Manager, Path(name): Path<String>, frame: Frame) -> Response {
    let known: Vec<people::TokenView> = app.shared.identity.people.tokens();
    if !known.iter().any(|token| token.row.name == name) {
        return missing().await.into_response();
    }
    render(&Confirm {
        title: frame.fill("tokens.revoke.title", &[("name", &name)]),
        text: frame.t("tokens.revoke.about").to_owned(),
        to: format!("{BACK}/{}/revoke", escape(&name)),
        button: frame.t("tokens.revoke").to_owned(),
        back: BACK.into(),
        forget: false,
        frame,
    })
}

pub(super) async fn revoke(At(app): At<App>, Manager(by): Manager, Path(name): Path<String>, frame: Frame) -> Response {
    done(&frame, app.shared.acts.revoke_token(&by, &name).await, BACK, "revoked")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::Customers;

    #[test]
    fn a_form_asks_for_what_stands_in_it() {
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let all = [field("name", " phone "), field("scope", "read"), field("scope", "operate"), field("scope", "root")];
        let made = wish(&all).unwrap();
        assert_eq!((made.name.as_str(), made.scopes.len(), made.days), ("phone", 2, None));
        assert_eq!(made.customers, Customers::All);
        let made = wish(&[field("days", "many"), field("customers", "Ana\r\n\r\n Eva ")]).unwrap();
        assert_eq!((made.days, made.customers), (Some(0), Customers::of(&["Ana".into(), "Eva".into()]).unwrap()));
    }
}
