//! Questions and changes, the envelope around each answer, and what its errors mean.

use atalaya_renew::Trouble;
use atalaya_renew::limits::{FOUND_MAX, short};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use ureq::http::Method;
use zeroize::Zeroizing;

use super::Cloudflare;
use crate::http::{Answer, Ask, JSON, NoAnswer};
use crate::limits::{BUSY_SECONDS_MAX, CLOUDFLARE_AWAY_SECONDS, PAGES_MAX};
use crate::names;
use crate::secret::Secret;

/// What stands around each answer.
#[derive(Deserialize)]
struct Envelope<T> {
    success: bool,
    #[serde(default = "Vec::new")]
    errors: Vec<Error>,
    result: Option<T>,
    #[serde(default)]
    result_info: Option<Info>,
}

#[derive(Deserialize)]
struct Error {
    code: i64,
    #[serde(default)]
    message: String,
}

/// How much more there is: by pages, or by a cursor.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Info {
    page: usize,
    total_pages: usize,
    cursor: Option<String>,
}

/// An identical record is there already.
pub(super) const IDENTICAL: i64 = 81_058;

/// An answer of the service itself: what it gives, or the codes with which it refuses.
pub(super) enum Said<T> {
    Yes(T, Info),
    No(Trouble, Vec<i64>),
}

impl Cloudflare {
    /// A question's answer.
    pub(super) fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Trouble> {
        self.ask(path).map(|(result, _)| result)
    }

    /// All of a list that has pages; `path` has a query already.
    pub(super) fn pages<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, Trouble> {
        let mut all = Vec::new();
        for page in 1..=PAGES_MAX {
            let (mut more, info): (Vec<T>, Info) = self.ask(&format!("{path}&page={page}"))?;
            let over = more.is_empty() || info.page.max(page) >= info.total_pages;
            all.append(&mut more);
            if all.len() > FOUND_MAX {
                break;
            }
            if over {
                return Ok(all);
            }
        }
        Err(endless())
    }

    /// All of a list that has a cursor.
    pub(super) fn cursor<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, Trouble> {
        let (mut all, mut cursor) = (Vec::new(), String::new());
        for _ in 0..PAGES_MAX {
            let from = if cursor.is_empty() { String::new() } else { format!("&cursor={cursor}") };
            let (mut more, info): (Vec<T>, Info) = self.ask(&format!("{path}{from}"))?;
            all.append(&mut more);
            if all.len() > FOUND_MAX {
                break;
            }
            match info.cursor.filter(|next| !next.is_empty()) {
                None => return Ok(all),
                // One that does not move has no end.
                Some(next) if names::mark(&next)? == cursor => return Err(endless()),
                Some(next) => cursor = names::mark(&next)?,
            }
        }
        Err(endless())
    }

    fn ask<T: DeserializeOwned>(&self, path: &str) -> Result<(T, Info), Trouble> {
        let answer = self.send(&self.token, Method::GET, path, None)?;
        match self.read(&answer)? {
            Said::Yes(result, info) => Ok((result, info)),
            Said::No(trouble, _) => Err(trouble),
        }
    }

    /// Sends, once.
    pub(super) fn send(
        &self,
        token: &Secret,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, Trouble> {
        self.pace.take("")?;
        let token = Zeroizing::new(format!("Bearer {}", token.read()?.as_str()));
        let question = method == Method::GET;
        let ask = Ask { method, path, headers: &[("Authorization", &token), JSON], body };
        let answer =
            self.service.ask(&ask).map_err(if question { NoAnswer::on_question } else { NoAnswer::on_change })?;
        self.heed(&answer);
        Ok(answer)
    }

    /// Leaves it alone where it says that it has enough: `"default";r=50;t=30` are requests that remain, and seconds.
    fn heed(&self, answer: &Answer) {
        if answer.status == 429 {
            return self.pace.stay_away(away(answer));
        }
        for limit in answer.rate_limit.as_deref().unwrap_or_default().split(',') {
            let part =
                |name: &str| limit.split(';').find_map(|part| part.trim().strip_prefix(name)?.parse::<u32>().ok());
            if let (Some(0), Some(seconds)) = (part("r="), part("t=")) {
                self.pace.stay_away(seconds);
            }
        }
    }

    /// What an answer says.
    ///
    /// # Errors
    ///
    /// Where it is none of the service itself.
    pub(super) fn read<T: DeserializeOwned>(&self, answer: &Answer) -> Result<Said<T>, Trouble> {
        if let Some(odd) = answer.odd() {
            return Err(odd);
        }
        if answer.status == 429 {
            return Ok(Said::No(Trouble::Busy { after: away(answer) }, Vec::new()));
        }
        let envelope = answer.json::<Envelope<T>>();
        if !answer.is_success() {
            let errors = envelope.map_or_else(|_| refusal(answer), |envelope| envelope.errors);
            return Ok(judge(answer.status, &errors));
        }
        let envelope = envelope?;
        match envelope.result {
            Some(result) if envelope.success => Ok(Said::Yes(result, envelope.result_info.unwrap_or_default())),
            // 200, and yet a refusal.
            _ if !envelope.success => Ok(judge(400, &envelope.errors)),
            _ => Err(Trouble::Garbled("a success without a result".into())),
        }
    }
}

/// The errors of an answer whose result has another shape.
fn refusal(answer: &Answer) -> Vec<Error> {
    answer.json::<Envelope<Value>>().map_or_else(|_| Vec::new(), |envelope| envelope.errors)
}

fn judge<T>(status: u16, errors: &[Error]) -> Said<T> {
    let codes: Vec<i64> = errors.iter().take(10).map(|error| error.code).collect();
    let text: Vec<String> = errors.iter().take(3).map(|error| format!("{} [{}]", error.message, error.code)).collect();
    let why = if text.is_empty() { "Cloudflare says no more".to_owned() } else { text.join("; ") };
    let why = short(&format!("{why} [{status}]"));
    // What is no token at all is refused as a malformed header.
    let no_token = codes.iter().any(|code| matches!(code, 6003 | 6111));
    let trouble = match status {
        401 => Trouble::WrongKey(why),
        400 if no_token => Trouble::WrongKey(why),
        403 => Trouble::NotEntitled(why),
        404 => Trouble::NotThere(why),
        400..=499 => Trouble::Refused(why),
        _ => Trouble::Garbled(why),
    };
    Said::No(trouble, codes)
}

/// After one request too many it blocks everything for five minutes.
fn away(answer: &Answer) -> u32 {
    answer.busy().clamp(CLOUDFLARE_AWAY_SECONDS, BUSY_SECONDS_MAX)
}

fn endless() -> Trouble {
    Trouble::Garbled(format!("a list of it has no end within {FOUND_MAX} entries and {PAGES_MAX} pages"))
}

/// What stands in a path where an id belongs.
pub(super) fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// An id that came from there, before it stands in a path.
pub(super) fn id(text: &str) -> Result<&str, Trouble> {
    if is_id(text) { Ok(text) } else { Err(Trouble::Garbled(format!("{:?} is no id", short(text)))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_from_there_is_checked_before_it_stands_in_a_path() {
        assert!(id("023e105f4ecef8ad9ca31a8372d0c353").is_ok());
        for bad in ["", "a/b", "../x", "a?b", &"x".repeat(65)] {
            assert!(id(bad).is_err(), "{bad}");
        }
    }
}
