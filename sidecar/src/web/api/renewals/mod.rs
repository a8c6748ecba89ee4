//! What expires, and what is decided about it.

mod items;
mod plans;
mod providers;
mod records;
mod spending;

use atalaya_renew::{Currency, Kind, Money};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::UtoipaMethodRouter;
use utoipa_axum::routes;
use zeroize::Zeroizing;

use super::problem::Problem;
use crate::acts::Named;
use crate::web::App;

/// All of them.
pub(super) fn all() -> Vec<UtoipaMethodRouter<App>> {
    vec![
        routes!(items::list),
        routes!(items::check),
        routes!(items::confirm),
        routes!(plans::list, plans::add),
        routes!(plans::approve),
        routes!(plans::reject),
        routes!(plans::settle),
        routes!(providers::list),
        routes!(records::list),
        routes!(spending::show, spending::switch),
    ]
}

/// What ends.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RenewalKind)]
pub(super) enum KindWord {
    /// A host name of a dynamic DNS service.
    HostName,
    /// A registered domain.
    Domain,
    /// A provider's key.
    Token,
    /// A TLS certificate.
    Certificate,
    /// A password or key with an age.
    Secret,
}

impl From<KindWord> for Kind {
    fn from(word: KindWord) -> Self {
        match word {
            KindWord::HostName => Self::HostName,
            KindWord::Domain => Self::Domain,
            KindWord::Token => Self::Token,
            KindWord::Certificate => Self::Certificate,
            KindWord::Secret => Self::Secret,
        }
    }
}

impl From<Kind> for KindWord {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::HostName => Self::HostName,
            Kind::Domain => Self::Domain,
            Kind::Token => Self::Token,
            Kind::Certificate => Self::Certificate,
            Kind::Secret => Self::Secret,
        }
    }
}

/// An amount of money.
#[derive(Serialize, ToSchema)]
#[schema(as = Money)]
pub(super) struct Amount {
    /// With as many digits as it has: `21.99`.
    #[schema(example = "21.99")]
    amount: String,
    /// ISO 4217.
    #[schema(example = "EUR")]
    currency: String,
}

impl From<Money> for Amount {
    fn from(money: Money) -> Self {
        let currency: Currency = money.currency();
        let text = money.to_string();
        let amount = text.split(' ').next().unwrap_or_default().to_owned();
        Self { amount, currency: currency.as_str().to_owned() }
    }
}

/// Who approves, where no session says it: an account that may, and its password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApproverNamed)]
pub(super) struct By {
    /// Its name.
    #[schema(min_length = 1, max_length = 64, example = "ana")]
    account: String,
    /// Its password.
    #[schema(min_length = 1, max_length = 1024, format = Password)]
    password: String,
}

impl By {
    fn named(by: Option<Self>) -> Result<Option<Named>, Problem> {
        let Some(Self { account, password }) = by else { return Ok(None) };
        super::body::within("by.account", &account, &(1..=64))?;
        super::body::within("by.password", &password, &(1..=1024))?;
        Ok(Some(Named { account, password: Zeroizing::new(password) }))
    }
}
