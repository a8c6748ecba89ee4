//! What those do who manage, over `acts`; and how the sidecar itself is.

mod accounts;
mod database;
mod nodes;
mod refused;
mod status;
mod tokens;

use serde::{Deserialize, Deserializer};
use utoipa::IntoParams;
use utoipa_axum::router::UtoipaMethodRouter;
use utoipa_axum::routes;

use crate::people::{Customers, Refused};
use crate::web::App;

/// All of them.
pub(super) fn all() -> Vec<UtoipaMethodRouter<App>> {
    vec![
        routes!(accounts::list, accounts::add),
        routes!(accounts::change, accounts::remove),
        routes!(tokens::list, tokens::add),
        routes!(tokens::revoke),
        routes!(nodes::add),
        routes!(nodes::change, nodes::retire),
        routes!(status::status),
        routes!(database::vacuum),
        routes!(database::backup),
    ]
}

/// Which part of a list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents what the query may hold")]
struct Part {
    /// At most so many items.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
    /// What `next` said.
    #[param(max_length = 1024)]
    cursor: Option<String>,
}

/// By the name of an account or a token.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "documents what the path holds")]
struct Name {
    /// Its name.
    #[param(min_length = 1, max_length = 64, example = "ana")]
    name: String,
}

/// Those that are named, which is at least one; all of them for `null`.
fn customers(names: Option<Vec<String>>) -> Result<Customers, Refused> {
    match names {
        None => Ok(Customers::All),
        Some(names) if names.is_empty() => Err(Refused::Customers),
        Some(names) => Customers::of(&names),
    }
}

fn names(customers: &Customers) -> Option<Vec<String>> {
    match customers {
        Customers::All => None,
        Customers::Some(some) => Some(some.iter().cloned().collect()),
    }
}

/// Tells `null` apart from what is not there.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(from).map(Some)
}
