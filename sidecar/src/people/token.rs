//! Tokens: what programs show instead of a password. Random, so that comparing a hash is enough and costs nothing.

use std::collections::BTreeSet;

use atalaya_broker::ToolRights;

use super::account::check_name;
use super::limits::{DAYS_MAX, TOKENS_MAX};
use super::{Customers, People, Person, Refused, Rights, Scope, Secret, TokenView};
use crate::clock::Now;
use crate::db::{Row, TokenRow};
use crate::tower::Who;

/// So that one that was published by mistake is recognised.
const PREFIX: &str = "atl_";

/// A token that is wanted.
#[derive(Clone, Debug)]
pub struct TokenWish {
    /// As accounts are named; also the user at the broker.
    pub name: String,
    /// What it may; at least one.
    pub scopes: BTreeSet<Scope>,
    /// Of whom.
    pub customers: Customers,
    /// How long; for ever without.
    pub days: Option<u32>,
}

/// A secret that was made and is shown once.
#[derive(Clone, PartialEq, Eq)]
pub struct Made(pub String);

impl std::fmt::Debug for Made {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl People {
    /// All tokens, by name.
    #[must_use]
    pub fn tokens(&self) -> Vec<TokenView> {
        self.book().tokens()
    }

    /// Makes a token.
    ///
    /// # Errors
    ///
    /// What is wrong with it, that there is one of that name, or what the database says.
    pub async fn add_token(&self, by: &Who, wish: TokenWish, now: Now) -> Result<Made, Refused> {
        let TokenWish { name, scopes, customers, days } = wish;
        check_name(&name)?;
        if scopes.is_empty() {
            return Err(Refused::NoScope);
        }
        if days.is_some_and(|days| !(1..=DAYS_MAX).contains(&days)) {
            return Err(Refused::Days);
        }
        let _turn = self.turn.lock().await;
        let known = self.tokens();
        if known.iter().any(|token| token.row.name == name) {
            return Err(Refused::Taken);
        }
        if known.len() >= TOKENS_MAX {
            return Err(Refused::Full);
        }
        let (secret, made) = (Secret::random()?, now.seconds());
        let (scopes, customers) = (Scope::write(&scopes), customers.write());
        let ends = days.map(|days| made + i64::from(days) * 86_400);
        let detail = format!("{scopes}, customers {}", customers.as_deref().unwrap_or("all"));
        let line = by.did(made, "token.add", &name, detail);
        let row = TokenRow { name, hash: secret.hash(), scopes, customers, made, ends };
        self.write(vec![Row::Token(row.clone()), Row::Audit(line)], |book| book.put_token(row, now)).await?;
        Ok(Made(format!("{PREFIX}{}", secret.text())))
    }

    /// A token that counts no more, from this moment.
    ///
    /// # Errors
    ///
    /// [`Refused::Missing`], or what the database says.
    pub async fn revoke_token(&self, by: &Who, name: &str, now: Now) -> Result<(), Refused> {
        let _turn = self.turn.lock().await;
        if !self.tokens().iter().any(|token| token.row.name == name) {
            return Err(Refused::Missing);
        }
        let line = by.did(now.seconds(), "token.revoke", name, "");
        let rows = vec![Row::TokenGone { name: name.into(), at: now.seconds() }, Row::Audit(line)];
        self.write(rows, |book| book.remove_token(name)).await
    }

    /// Whose token this is, from behind `Bearer`; none if it is nobody's or is over.
    #[must_use]
    pub fn bearer(&self, shown: &str, now: Now) -> Option<Person> {
        let row = self.shown(shown, now)?;
        Some(Person {
            rights: Rights::Scopes(Scope::read(&row.scopes)),
            customers: Customers::read(row.customers.as_deref()),
            name: row.name,
            language: String::new(),
            zone: String::new(),
            session: None,
        })
    }

    /// What a tool may do at the broker that shows a token's name and the token itself. One that is limited to some
    /// customers may nothing there: topics do not say whose a node is.
    #[must_use]
    pub fn tool(&self, user: &str, password: &str, now: Now) -> Option<ToolRights> {
        self.shown(password, now).filter(|row| row.name == user).and_then(|row| tool_rights(&row))
    }

    /// The same of one that was let in before.
    #[must_use]
    pub fn tool_named(&self, name: &str, now: Now) -> Option<ToolRights> {
        self.book().token(name, now).and_then(tool_rights)
    }

    fn shown(&self, shown: &str, now: Now) -> Option<TokenRow> {
        let secret = Secret::parse(shown.strip_prefix(PREFIX)?)?;
        self.book().show(&secret, now).cloned()
    }
}

fn tool_rights(row: &TokenRow) -> Option<ToolRights> {
    let scopes =
        Some(Scope::read(&row.scopes)).filter(|_| Customers::read(row.customers.as_deref()) == Customers::All)?;
    match scopes {
        scopes if scopes.contains(&Scope::MqttHomeAssistant) => Some(ToolRights::HomeAssistant),
        scopes if scopes.contains(&Scope::MqttRead) => Some(ToolRights::Read),
        _ => None,
    }
}
