//! What came back, and what it means where services do not differ.

use atalaya_renew::Trouble;
use atalaya_renew::limits::short;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::limits::{BUSY_SECONDS, BUSY_SECONDS_MAX};

/// An answer, of whatever status.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The header of that name.
    pub(crate) retry_after: Option<String>,
    /// The header of that name, where a service says how much it would still take.
    pub(crate) rate_limit: Option<String>,
    pub(crate) body: Vec<u8>,
    /// Whether that is all of it.
    pub(crate) whole: bool,
}

/// No answer.
#[derive(Clone, Debug)]
pub(crate) struct NoAnswer {
    why: String,
    /// Whether some of the request may have been heard.
    sent: bool,
}

impl NoAnswer {
    pub(crate) const fn unsent(why: String) -> Self {
        Self { why, sent: false }
    }

    pub(crate) const fn sent(why: String) -> Self {
        Self { why, sent: true }
    }

    /// To a question, which changes nothing.
    pub(crate) fn on_question(self) -> Trouble {
        Trouble::Unreachable(self.why)
    }

    /// To something that changes what is there.
    pub(crate) fn on_change(self) -> Trouble {
        if self.sent { Trouble::Unclear(self.why) } else { Trouble::Unreachable(self.why) }
    }
}

/// Why JSON cannot be read, in words of ours. What it lacks is named by the field.
fn unread(err: &serde_json::Error) -> String {
    match err.classify() {
        Category::Data => {
            let text = err.to_string();
            short(&format!("it is not as it is documented: {}", text.split(" at line ").next().unwrap_or_default()))
        }
        Category::Eof | Category::Io => "it ends in the middle".into(),
        Category::Syntax => "it is no JSON".into(),
    }
}

impl Answer {
    /// As JSON of that shape; what else is in it is passed over.
    ///
    /// # Errors
    ///
    /// [`Trouble::Garbled`]
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Trouble> {
        if !self.whole {
            return Err(Trouble::Garbled("it ends in the middle, or is too long".into()));
        }
        serde_json::from_slice(&self.body).map_err(|err| Trouble::Garbled(unread(&err)))
    }

    pub(crate) const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }

    /// Seconds for which the service wants to be left alone, where its body says nothing of that. A date counts as if it
    /// were not there.
    pub(crate) fn busy(&self) -> u32 {
        let told = self.retry_after.as_deref().and_then(|text| text.trim().parse().ok());
        told.unwrap_or(BUSY_SECONDS).min(BUSY_SECONDS_MAX)
    }

    /// What a status means that no service documents as an answer of its own; `None` for the others.
    pub(crate) fn odd(&self) -> Option<Trouble> {
        match self.status {
            300..=399 => Some(Trouble::Unreachable(format!(
                "it answers that it is elsewhere ({}), as networks do that want a login first; that is not followed",
                self.status
            ))),
            408 | 425 | 500..=599 => Some(Trouble::Unreachable(format!("the service is in trouble ({})", self.status))),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str, whole: bool) -> Answer {
        Answer { status, retry_after: None, rate_limit: None, body: body.into(), whole }
    }

    #[test]
    fn half_an_answer_is_none() {
        assert_eq!(answer(200, "[1]", true).json::<Vec<u8>>(), Ok(vec![1]));
        for (body, whole) in [("[1]", false), ("[1", true), ("{}", true), ("", true), ("\u{1b}[31m", true)] {
            let told = answer(200, body, whole).json::<Vec<u8>>().unwrap_err();
            assert!(matches!(&told, Trouble::Garbled(why) if !why.contains('\u{1b}')), "{told:?}");
        }
    }

    #[test]
    fn a_wait_is_bounded() {
        for (told, seconds) in [(Some("30"), 30), (Some("x"), 60), (None, 60), (Some("4000000000"), 86_400)] {
            let answer = Answer { retry_after: told.map(str::to_owned), ..answer(429, "", true) };
            assert_eq!(answer.busy(), seconds, "{told:?}");
        }
    }
}
