//! How the planner's state is kept: each part as JSON in a row of its own.

use std::collections::BTreeMap;

use atalaya_renew::{Head, Item, Part, Plan, PlanId, Provider, State};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::db::Row;
use crate::error::{Error, Kind, Result};

const HEAD: u8 = 1;
const ITEM: u8 = 2;
const PLAN: u8 = 3;
const PROVIDER: u8 = 4;

/// The state from its rows.
///
/// # Errors
///
/// [`Kind::Damaged`] if a part cannot be read: what was bought is nothing to guess.
pub fn load(rows: Vec<(u8, String, String)>) -> Result<State> {
    let (mut head, mut items, mut plans) = (Head::default(), Vec::<Item>::new(), Vec::<Plan>::new());
    let mut providers = BTreeMap::<String, Provider>::new();
    for (kind, key, body) in rows {
        match kind {
            HEAD => head = part(&key, &body)?,
            ITEM => items.push(part(&key, &body)?),
            PLAN => plans.push(part(&key, &body)?),
            PROVIDER => drop(providers.insert(key.clone(), part(&key, &body)?)),
            other => return Err(damaged(&format!("{other} {key:?}"))),
        }
    }
    Ok(State::restart(head, items, plans, providers))
}

fn part<T: DeserializeOwned>(key: &str, body: &str) -> Result<T> {
    serde_json::from_str(body).map_err(|_| damaged(&format!("{key:?}")))
}

/// Nothing is begun without it: a plan that was sent and is forgotten would be sent again.
fn damaged(part: &str) -> Error {
    let why =
        "what was bought is not to be guessed, so nothing is begun; bring back a copy of sidecar.db (docs/tower.md)";
    Error::new(Kind::Damaged, format!("what is kept of renewals, part {part}, is not what was written: {why}"))
}

/// A part as it is now; without a body if it is gone.
pub(super) fn row(state: &State, part: &Part) -> Row {
    fn of(kind: u8, key: String, value: Option<&impl Serialize>) -> Row {
        // Text, numbers and lists with names: there is nothing in them that JSON could not say.
        Row::Renewal { kind, key, body: value.and_then(|value| serde_json::to_string(value).ok()) }
    }
    match part {
        Part::Head => of(HEAD, String::new(), Some(&state.head)),
        Part::Item(key) => of(ITEM, key.to_string(), state.items.get(key)),
        Part::Plan(id) => of(PLAN, id.to_string(), state.plans.get(id)),
        Part::Provider(name) => of(PROVIDER, name.clone(), state.providers.get(name)),
    }
}

/// What there is one of, and these plans.
#[must_use]
pub fn rows(state: &State, plans: &[PlanId]) -> Vec<Row> {
    let plans = plans.iter().map(|plan| Part::Plan(*plan));
    std::iter::once(Part::Head).chain(plans).map(|part| row(state, &part)).collect()
}
