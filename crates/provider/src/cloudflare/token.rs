//! The token itself, which ends as anything does.

use atalaya_renew::limits::short;
use atalaya_renew::{ByItself, Ends, Flag, Found, Kind, Trouble};
use serde::Deserialize;

use super::Cloudflare;
use super::api::id;
use crate::time;

#[derive(Deserialize)]
struct Token {
    id: String,
    status: Status,
    expires_on: Option<String>,
    not_before: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Active,
    Disabled,
    Expired,
}

impl Cloudflare {
    /// How the token stands. One of an account is unknown where users' are asked for.
    pub(super) fn verify(&self, now: i64) -> Result<Found, Trouble> {
        let asked = match (self.get::<Token>("/user/tokens/verify"), &self.account) {
            (Err(Trouble::WrongKey(_)), Some(account)) => {
                self.get::<Token>(&format!("/accounts/{}/tokens/verify", id(account)?))
            }
            (Err(Trouble::WrongKey(why)), None) => {
                return Err(Trouble::WrongKey(format!("{why}; for a token of an account set account")));
            }
            (other, _) => other,
        };
        asked?.found(now)
    }
}

impl Token {
    fn found(self, now: i64) -> Result<Found, Trouble> {
        let read = |text: Option<String>| text.map(|text| time::seconds(&text)).transpose().map_err(Trouble::Garbled);
        let begun = read(self.not_before)?;
        let ends = match (read(self.expires_on)?, self.status) {
            (Some(at), _) => Ends::At(at),
            (None, Status::Expired) => Ends::Unknown("Cloudflare says that it is over, and not since when".into()),
            (None, _) => Ends::Never,
        };
        let mut flags = Vec::new();
        if self.status == Status::Disabled {
            flags.push(Flag::Disabled);
        }
        if begun.is_some_and(|begun| begun > now) {
            flags.push(Flag::NotYetValid);
        }
        let advice = if ends == Ends::Never { "; it has no end, and one with an end would be safer" } else { "" };
        let note = short(&format!("Cloudflare, token {}{advice}", self.id));
        Ok(Found { begun, flags, note, by_itself: ByItself::Nothing, ..Found::new(Kind::Token, "API token", ends) })
    }
}

/// Says what it may not read.
pub(super) fn tell(token: &mut Found, closed: &[&str]) {
    if !closed.is_empty() {
        token.flags.push(Flag::Partial);
        token.flags.sort_unstable();
        token.note = short(&format!("{}; it may not read {}", token.note, closed.join(", ")));
    }
}
