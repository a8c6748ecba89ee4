//! Who is asked about what ends, and what they may do.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::renewals::About;
use crate::web::App;
use crate::web::api::body::Asked;
use crate::web::api::caller::{Caller, Reads};
use crate::web::api::happened::Part;
use crate::web::api::page::{Page, Slice};
use crate::web::api::problem::Problem;
use crate::web::api::time;

/// Somebody who is asked.
#[derive(Serialize, ToSchema)]
#[schema(as = RenewalProvider)]
pub(super) struct Shown {
    /// As in the configuration; `acme` and `mailbox` are there where they are set up.
    #[schema(example = "registrar")]
    name: String,
    /// Its kind, as in the configuration.
    #[schema(example = "godaddy")]
    kind: &'static str,
    /// `works`, `never` before it first answered, or what is wrong: `wrong_key`, `not_entitled`, `busy`, `not_there`, `refused`,
    /// `unreachable`, `unclear`, `garbled` or `set_up`.
    #[schema(example = "works")]
    state: &'static str,
    /// Why it does not work; empty where it does.
    problem: String,
    /// When it last said all that it has.
    #[schema(required = true, format = DateTime)]
    listed: Option<String>,
    /// When it is asked next.
    #[schema(required = true, format = DateTime)]
    next: Option<String>,
    /// What can be bought there with the key that spends: `renew`, `auto_renew`.
    sells: Vec<&'static str>,
    /// Whether it holds DNS records that can be changed.
    records: bool,
}

impl Shown {
    fn new(about: &About, known: &atalaya_renew::State) -> Self {
        let provider = known.providers.get(&about.name);
        let trouble = provider.and_then(|provider| provider.trouble.as_ref()).map(|(why, _)| why);
        let never = if provider.is_some_and(|provider| provider.listed.is_some()) { "works" } else { "never" };
        let acts = [(about.sells.renewal, "renew"), (about.sells.auto_renew, "auto_renew")];
        Self {
            name: about.name.clone(),
            kind: about.kind,
            state: trouble.map_or(never, atalaya_renew::Trouble::word),
            problem: trouble.map_or_else(String::new, ToString::to_string),
            listed: provider.and_then(|provider| provider.listed).and_then(time),
            next: provider.map(|provider| provider.next).and_then(time),
            sells: acts.into_iter().filter(|(sold, _)| *sold).map(|(_, word)| word).collect(),
            records: about.holds_records,
        }
    }
}

/// Providers that are configured, by name: how each is, and what it may do.
#[utoipa::path(get, path = "/renewals/providers", tag = "renewals", params(Part), security(("token" = ["read"])),
    responses((status = 200, body = Page<Shown>)))]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller<Reads>,
    asked: Asked<Part>,
) -> Result<Json<Page<Shown>>, Problem> {
    caller.of_all()?;
    let slice = Slice::<String>::of(&asked.query)?;
    let known = app.shared.renewals.seen();
    let all = app.shared.renewals.about();
    Ok(Json(slice.page_of(all, |about| about.name.clone(), |about| Shown::new(&about, &known))))
}
