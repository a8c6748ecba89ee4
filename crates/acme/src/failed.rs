//! Why there is no certificate: one kind for each thing that somebody would do about it.

use std::fmt;

use atalaya_certificate::Wrong;
use atalaya_renew::Trouble;
use atalaya_renew::limits::short;
use instant_acme::{Error, Problem};
use serde_json::error::Category;

use crate::http::Told;
use crate::limits::{NONCE_ROUNDS, WAIT_SECONDS, WAIT_SECONDS_MAX};

/// Why a call did not do what it was asked. None of them was tried twice, but [`Failed::Nonce`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failed {
    /// What is set up here is wrong: an address, a file, a request for a certificate.
    SetUp(String),
    /// No connection, or an authority in trouble. Later.
    Unreachable(String),
    /// It refused one fresh nonce after the other, as often as the library asks for another. See [`NONCE_ROUNDS`].
    Nonce(String),
    /// Too many requests, orders or failures.
    Busy {
        /// Seconds until it may be asked again.
        after: u32,
        /// What there was too much of.
        why: String,
    },
    /// The terms of service are not agreed to in the configuration, or there are new ones: a person has to read them.
    Terms(String),
    /// The authority does not know or want the account: its file has to be removed, or its external binding is wrong.
    Account(String),
    /// The proof could not be laid: the provider's own words.
    Proof(Trouble),
    /// The authority looked and did not find the proof.
    NotProved(String),
    /// It will not sign this: a name that it refuses, a profile that it has not, a request that it does not like.
    Refused(String),
    /// It is not done yet. The draft is kept; the next call goes on with it.
    Pending(String),
    /// What it answers cannot be read, or is not what was asked for.
    Garbled(String),
}

impl From<Wrong> for Failed {
    fn from(wrong: Wrong) -> Self {
        Self::SetUp(wrong.0)
    }
}

impl Failed {
    /// In the words that the planner has for all providers.
    #[must_use]
    pub fn trouble(&self) -> Trouble {
        match self {
            Self::SetUp(why) => Trouble::SetUp(why.clone()),
            Self::Unreachable(_) | Self::Nonce(_) | Self::Pending(_) => Trouble::Unreachable(self.to_string()),
            Self::Busy { after, .. } => Trouble::Busy { after: *after },
            Self::Terms(_) | Self::Account(_) => Trouble::WrongKey(self.to_string()),
            Self::Proof(trouble) => trouble.clone(),
            Self::NotProved(_) | Self::Refused(_) => Trouble::Refused(self.to_string()),
            Self::Garbled(why) => Trouble::Garbled(why.clone()),
        }
    }

    /// One word for logs, metrics and tables.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::SetUp(_) => "set_up",
            Self::Unreachable(_) | Self::Nonce(_) => "unreachable",
            Self::Busy { .. } => "busy",
            Self::Terms(_) => "terms",
            Self::Account(_) => "account",
            Self::Proof(_) => "proof",
            Self::NotProved(_) => "not_proved",
            Self::Refused(_) => "refused",
            Self::Pending(_) => "pending",
            Self::Garbled(_) => "garbled",
        }
    }

    /// What became of a request, with what the last answer said beside its body.
    pub(crate) fn of(err: Error, told: &Told) -> Self {
        match err {
            Error::Api(problem) => Self::of_problem(&problem, told),
            // Of ours: no answer. It is said in one line already.
            Error::Other(err) => match err.downcast::<Self>() {
                Ok(failed) => *failed,
                Err(_) => Self::Garbled(NOT_AS_ACME.into()),
            },
            Error::Timeout(_) => Self::Pending("the authority has not finished".into()),
            Error::Unsupported(what) => Self::Refused(format!("the authority has no {what}")),
            Error::KeyRejected | Error::Crypto => {
                Self::Account("its key cannot be used: move its file away, and another account is made".into())
            }
            other => Self::of_status(told).unwrap_or_else(|| Self::Garbled(unread(&other))),
        }
    }

    /// An answer that is no document of a problem: a server in front of the authority's says so.
    fn of_status(told: &Told) -> Option<Self> {
        match told.status {
            429 => Some(Self::busy(told, "too many requests")),
            503 if told.retry_after.is_some() => Some(Self::busy(told, "the authority asks to come later")),
            300..400 => Some(Self::Garbled(
                "it sends to another address, and no redirection is followed; set directory to where it leads, if you trust that"
                    .into(),
            )),
            500.. => Some(Self::Unreachable(format!("the authority answers {}", told.status))),
            _ => None,
        }
    }

    pub(crate) fn of_problem(problem: &Problem, told: &Told) -> Self {
        let kind = problem.r#type.as_deref().unwrap_or_default();
        let why = short(&explain(problem));
        match kind.strip_prefix("urn:ietf:params:acme:error:").unwrap_or_default() {
            "rateLimited" => Self::busy(told, &why),
            "userActionRequired" => Self::Terms(why),
            "accountDoesNotExist" | "externalAccountRequired" | "invalidContact" | "unsupportedContact" => {
                Self::Account(why)
            }
            // Of the account where it is the account that is refused, and not a proof.
            "unauthorized" if matches!(told.status, 401 | 403) => Self::Account(why),
            "unauthorized" | "dns" | "connection" | "incorrectResponse" | "tls" => Self::NotProved(why),
            "badNonce" => Self::Nonce(why),
            "serverInternal" => Self::Unreachable(why),
            "orderNotReady" => Self::Pending(why),
            _ => Self::of_status(told).unwrap_or(Self::Refused(why)),
        }
    }

    /// Whether the same call may be made at once: the authority did nothing, and the round is not the last.
    pub(crate) fn goes_on(&self, round: u8) -> bool {
        matches!(self, Self::Nonce(_)) && round < NONCE_ROUNDS
    }

    fn busy(told: &Told, why: &str) -> Self {
        let after = told.retry_after.unwrap_or(WAIT_SECONDS).clamp(1, WAIT_SECONDS_MAX);
        Self::Busy { after: u32::try_from(after).unwrap_or(u32::MAX), why: why.to_owned() }
    }
}

/// What an answer is that has all that JSON wants and not what ACME wants.
const NOT_AS_ACME: &str =
    "it is not as ACME has it; it is asked again, and if that stays so, the authority is in trouble";

/// Why an answer cannot be used, and what to do: the library's own words speak of its types.
fn unread(err: &Error) -> String {
    let why = match err {
        Error::Json(err) => match err.classify() {
            Category::Data => "it is JSON, and not ACME; is directory the address of an authority's ACME directory?",
            Category::Eof | Category::Io => "it ends in the middle; it is asked again",
            Category::Syntax => {
                "it is no JSON; is directory the address of an authority's ACME directory, and does nothing else answer there?"
            }
        },
        Error::InvalidUri(_) | Error::Http(_) => "it names an address that is none; the authority is in trouble",
        _ => NOT_AS_ACME,
    };
    why.to_owned()
}

/// What it says, of each name where it says so.
fn explain(problem: &Problem) -> String {
    let mut out = problem.detail.clone().or_else(|| problem.r#type.clone()).unwrap_or_else(|| "no reason given".into());
    for sub in &problem.subproblems {
        if let Some(identifier) = &sub.identifier {
            out += &format!("; {}: ", identifier.authorized(false));
            out += sub.detail.as_deref().unwrap_or("no reason given");
        }
    }
    out
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SetUp(why) => f.write_str(why),
            Self::Unreachable(why) | Self::Nonce(why) => write!(f, "the authority was not reached: {why}"),
            Self::Busy { after, why } => write!(f, "the authority takes nothing for {after} s: {why}"),
            Self::Terms(why) => write!(f, "the authority's terms are to be agreed to: {why}"),
            Self::Account(why) => write!(f, "the authority does not accept the account: {why}"),
            Self::Proof(trouble) => write!(f, "the proof could not be laid: {trouble}"),
            Self::NotProved(why) => write!(f, "the authority did not find the proof: {why}"),
            Self::Refused(why) => write!(f, "the authority refuses: {why}"),
            Self::Pending(why) => write!(f, "not done yet: {why}"),
            Self::Garbled(why) => write!(f, "the authority's answer cannot be used: {why}"),
        }
    }
}

impl std::error::Error for Failed {}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(status: u16, retry_after: Option<u64>, body: &str) -> Failed {
        let told = Told { status, retry_after };
        Failed::of(Error::Api(serde_json::from_str(body).unwrap()), &told)
    }

    #[test]
    fn what_one_would_do_differently() {
        let kind = |name: &str| format!(r#"{{"type":"urn:ietf:params:acme:error:{name}","detail":"because"}}"#);
        for (name, status, word) in [
            ("rateLimited", 429, "busy"),
            ("userActionRequired", 403, "terms"),
            ("accountDoesNotExist", 400, "account"),
            ("externalAccountRequired", 403, "account"),
            ("unauthorized", 403, "account"),
            ("unauthorized", 200, "not_proved"),
            ("dns", 200, "not_proved"),
            ("badNonce", 400, "unreachable"),
            ("serverInternal", 500, "unreachable"),
            ("rejectedIdentifier", 400, "refused"),
            ("caa", 403, "refused"),
            ("invalidProfile", 400, "refused"),
            ("orderNotReady", 403, "pending"),
        ] {
            let got = failed(status, None, &kind(name));
            assert_eq!(got.word(), word, "{name} {got:?}");
            assert!(got.to_string().contains("because"), "{got}");
        }
    }

    #[test]
    fn refused_nonces_are_tried_again_and_not_forever() {
        let got = failed(400, None, r#"{"type":"urn:ietf:params:acme:error:badNonce"}"#);
        assert!(got.goes_on(1) && got.goes_on(NONCE_ROUNDS - 1) && !got.goes_on(NONCE_ROUNDS));
        assert!(!Failed::Unreachable(String::new()).goes_on(1));
    }

    #[test]
    fn a_wait_is_kept_and_bounded() {
        let body = r#"{"type":"urn:ietf:params:acme:error:rateLimited","detail":"too many certificates"}"#;
        assert_eq!(failed(429, Some(90), body), Failed::Busy { after: 90, why: "too many certificates".into() });
        assert!(matches!(failed(429, None, body), Failed::Busy { after: 3_600, .. }));
        assert!(matches!(failed(429, Some(u64::MAX), body), Failed::Busy { after: 604_800, .. }));
    }

    #[test]
    fn an_answer_that_is_no_document_is_judged_by_its_status() {
        let json = || Error::Json(serde_json::from_str::<u8>("<html>").unwrap_err());
        let of = |status, retry_after| Failed::of(json(), &Told { status, retry_after });
        assert_eq!(of(502, None).word(), "unreachable");
        assert_eq!(of(503, Some(5)), Failed::Busy { after: 5, why: "the authority asks to come later".into() });
        assert!(matches!(of(302, None), Failed::Garbled(why) if why.contains("no redirection is followed")));
        assert_eq!(of(200, None).word(), "garbled");
        assert!(of(200, None).to_string().contains("no JSON; is directory the address"), "{}", of(200, None));
    }

    /// Serde's and the library's own words are of types and lines that no person wrote.
    #[test]
    fn nobody_reads_a_library_s_words() {
        let of = |err| Failed::of(err, &Told { status: 200, retry_after: None });
        let json = |text: &str| Error::Json(serde_json::from_str::<Problem>(text).unwrap_err());
        for (err, word, says) in [
            (json("[]"), "garbled", "it is JSON, and not ACME"),
            (json("{"), "garbled", "it ends in the middle"),
            (Error::Str("no nonce found in newNonce response"), "garbled", "it is not as ACME has it"),
            (Error::Other("authorization status changed unexpectedly".into()), "garbled", "it is not as ACME has it"),
            (Error::KeyRejected, "account", "move its file away"),
            (
                Error::InvalidUri("http://[".parse::<ureq::http::Uri>().unwrap_err()),
                "garbled",
                "an address that is none",
            ),
        ] {
            let failed = of(err);
            assert_eq!(failed.word(), word, "{failed}");
            assert!(failed.to_string().contains(says), "{failed}");
            assert!(
                !["line", "column", "struct", "nonce", "URI"].iter().any(|odd| failed.to_string().contains(odd)),
                "{failed}"
            );
        }
    }

    #[test]
    fn each_name_is_told_of() {
        let body = r#"{"type":"urn:ietf:params:acme:error:rejectedIdentifier","detail":"no","subproblems":[
            {"type":"x","detail":"is on a list","identifier":{"type":"dns","value":"a.example"}}]}"#;
        assert!(failed(400, None, body).to_string().ends_with("no; a.example: is on a list"));
    }
}
