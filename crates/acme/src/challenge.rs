//! What an authority wants to see before it signs for a name.

use instant_acme::{AuthorizationStatus, ChallengeType, Order};

use crate::client::Client;
use crate::failed::Failed;
use crate::limits::TOKEN_BYTES_MAX;
use crate::proof::Way;

/// One name's proof.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Challenge {
    /// Without the wildcard.
    pub(crate) name: String,
    /// What is asked for by HTTP.
    pub(crate) token: String,
    /// What is answered.
    pub(crate) answer: String,
    /// What the TXT record holds.
    pub(crate) value: String,
}

impl Challenge {
    pub(crate) fn record(&self) -> (String, String) {
        (format!("_acme-challenge.{}", self.name), self.value.clone())
    }
}

impl Way {
    pub(crate) fn kind(&self) -> ChallengeType {
        match self {
            Self::Dns(_) => ChallengeType::Dns01,
            Self::Listener(_) | Self::Webroot(_) => ChallengeType::Http01,
        }
    }
}

impl Client {
    /// Those of an order that are still to be met; an authority remembers others for a while.
    pub(crate) async fn challenges(&self, order: &mut Order, way: &Way) -> Result<Vec<Challenge>, Failed> {
        let (mut out, mut all) = (Vec::new(), order.authorizations());
        while let Some(one) = all.next().await {
            let mut one = one.map_err(|err| self.failed(err))?;
            if one.status == AuthorizationStatus::Valid {
                continue;
            }
            let name = one.identifier().identifier.authorized(false).to_string();
            let none = || Failed::Refused(format!("it does not let {name} be proved in this way"));
            let challenge = one.challenge(way.kind()).ok_or_else(none)?;
            let (token, proof) = (challenge.token.clone(), challenge.key_authorization());
            if !is_token(&token) {
                return Err(Failed::Garbled("a token of a challenge holds more than letters".into()));
            }
            out.push(Challenge { token, answer: proof.as_str().to_owned(), value: proof.dns_value(), name });
        }
        Ok(out)
    }

    /// Asks the authority to look.
    pub(crate) async fn ready(&self, order: &mut Order, way: &Way) -> Result<(), Failed> {
        let mut all = order.authorizations();
        while let Some(one) = all.next().await {
            let mut one = one.map_err(|err| self.failed(err))?;
            if one.status == AuthorizationStatus::Valid {
                continue;
            }
            if let Some(mut challenge) = one.challenge(way.kind()) {
                challenge.set_ready().await.map_err(|err| self.failed(err))?;
            }
        }
        Ok(())
    }

    /// Which proof of an order was refused, and why, as its challenges say; `None` if none was.
    pub(crate) async fn why_not(&self, order: &mut Order) -> Option<Failed> {
        let mut all = order.authorizations();
        while let Some(one) = all.next().await {
            let Ok(mut one) = one else { continue };
            let Ok(state) = one.refresh().await else { continue };
            let name = state.identifier().to_string();
            let problem = state.challenges.iter().find_map(|one| one.error.as_ref());
            if let Some(problem) = problem {
                return Some(match Failed::of_problem(problem, &crate::http::Told::default()) {
                    Failed::NotProved(why) => Failed::NotProved(format!("{name}: {why}")),
                    Failed::Refused(why) => Failed::Refused(format!("{name}: {why}")),
                    other => other,
                });
            }
            if state.status == AuthorizationStatus::Invalid {
                return Some(Failed::NotProved(format!("{name}: it does not say why")));
            }
        }
        None
    }
}

/// It becomes a part of an address and of a file's name (RFC 8555, 8.3: base 64 for URLs).
fn is_token(text: &str) -> bool {
    let letters = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    letters && (1..=TOKEN_BYTES_MAX).contains(&text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_leads_nowhere() {
        assert!(is_token("evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr_oA"));
        for bad in ["", "..", "../key", "a/b", "a.b", "a b", "a%2e", "é", &"a".repeat(TOKEN_BYTES_MAX + 1)] {
            assert!(!is_token(bad), "{bad}");
        }
    }
}
