//! What an answer over HTTP means.

use std::time::Duration;

use atalaya_alert::Wall;

use crate::clean::{clean, cut};
use crate::outcome::Outcome;

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// What the header of that name asks for.
    pub(crate) retry_after: Option<Duration>,
    /// Its beginning.
    pub(crate) body: Vec<u8>,
    /// Whether that is all of it.
    pub(crate) whole: bool,
}

impl Answer {
    /// As JSON; null if it is none.
    pub(crate) fn json(&self) -> serde_json::Value {
        if self.whole { serde_json::from_slice(&self.body).unwrap_or_default() } else { serde_json::Value::Null }
    }

    /// The outcome, where `success` says whether the service itself says that it has the message.
    pub(crate) fn judge(&self, service: &str, success: bool) -> Outcome {
        let text = self.text();
        let status = self.status;
        match status {
            200..=299 if success => Outcome::done(&text),
            200..=299 => Outcome::later(format!("that is not how {service} answers ({status}): {text}")),
            300..=399 => {
                Outcome::wrong(format!("{service} is elsewhere: status {status}; set the address that it redirects to"))
            }
            401 | 403 | 404 => Outcome::wrong(format!("{service} refuses address or secret ({status}): {text}")),
            408 | 425 | 429 | 500..=599 => {
                Outcome::later_after(format!("{service} cannot take it now ({status}): {text}"), self.retry_after)
            }
            _ => Outcome::never(format!("{service} refuses the message ({status}): {text}")),
        }
    }

    /// Its beginning, to be shown.
    fn text(&self) -> String {
        cut(&clean(String::from_utf8_lossy(&self.body).trim()), 200).to_owned()
    }
}

/// The header's value (RFC 9110, 10.2.3): seconds, or a date. Nothing if it is neither, or over.
pub(crate) fn retry_after(text: &str, now: Wall) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::parse(text).ok()?.timestamp().as_second();
    u64::try_from(at.checked_sub(now.0)?).ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_status_has_its_outcome() {
        let table = [
            (200, true, "done"),
            (204, true, "done"),
            (200, false, "later"),
            (301, true, "wrong"),
            (400, true, "never"),
            (401, true, "wrong"),
            (403, true, "wrong"),
            (404, true, "wrong"),
            (408, true, "later"),
            (410, true, "never"),
            (413, true, "never"),
            (425, true, "later"),
            (429, true, "later"),
            (500, true, "later"),
            (503, true, "later"),
            (100, true, "never"),
        ];
        for (status, success, expected) in table {
            let answer = Answer { status, retry_after: None, body: b"why".to_vec(), whole: true };
            let outcome = answer.judge("it", success);
            let name = match outcome {
                Outcome::Done(_) => "done",
                Outcome::Later { .. } => "later",
                Outcome::Never(_) => "never",
                Outcome::WrongSetUp(_) => "wrong",
            };
            assert_eq!(name, expected, "{status}");
        }
    }

    #[test]
    fn what_a_server_asks_to_wait_for_is_seconds_or_a_date() {
        let at = Wall(784_111_770);
        let seconds = |text| retry_after(text, at).map(|time| time.as_secs());
        assert_eq!(seconds("120"), Some(120));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:49:37 GMT"), Some(7));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:40:00 GMT"), None);
        for nonsense in ["", "-1", "soon", "1e9"] {
            assert_eq!(seconds(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn an_answer_is_kept_clean_and_short() {
        let body = format!("no\u{1b}[31m\r\n{}", "é".repeat(500)).into_bytes();
        let outcome = Answer { status: 200, retry_after: None, body, whole: true }.judge("it", true);
        assert!(outcome.text().starts_with("no[31m") && outcome.text().len() <= 200, "{outcome:?}");
    }
}
