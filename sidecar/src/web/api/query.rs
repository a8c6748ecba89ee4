//! What stands behind the question mark: only keys that are known, once each but for lists, each within its bounds.

use std::ops::RangeInclusive;
use std::str::FromStr;

use super::problem::Problem;

/// Pairs that are looked at.
const PAIRS_MAX: usize = 64;

/// See the module.
#[derive(Debug)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Refuses keys that are not among `single`, of which each may come once, and `many`.
    pub(super) fn new(pairs: Vec<(String, String)>, single: &[&str], many: &[&str]) -> Result<Self, Problem> {
        if pairs.len() > PAIRS_MAX {
            return Err(Problem::field("query", format!("it has more than {PAIRS_MAX} keys")));
        }
        for (at, (key, _)) in pairs.iter().enumerate() {
            let is_single = single.contains(&key.as_str());
            if !is_single && !many.contains(&key.as_str()) {
                let known = [single, many].concat().join(", ");
                return Err(Problem::field(key, format!("there is no such key; there are {known}")));
            }
            if is_single && pairs.iter().skip(at + 1).any(|(other, _)| other == key) {
                return Err(Problem::field(key, "it stands there twice"));
            }
        }
        Ok(Self(pairs))
    }

    /// All values of a key.
    pub(super) fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == key).map(|(_, value)| value.as_str())
    }

    /// A key's value.
    pub(super) fn one(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
    }

    /// A number within bounds.
    pub(super) fn number<T: FromStr + PartialOrd + std::fmt::Display>(
        &self,
        key: &str,
        bounds: &RangeInclusive<T>,
    ) -> Result<Option<T>, Problem> {
        let Some(text) = self.one(key) else { return Ok(None) };
        let number = text.parse().ok().filter(|number| bounds.contains(number));
        let wrong = || Problem::field(key, format!("must be a number from {} to {}", bounds.start(), bounds.end()));
        number.map(Some).ok_or_else(wrong)
    }

    /// One of these words.
    pub(super) fn word(&self, key: &str, words: &[&str]) -> Result<Option<&str>, Problem> {
        let Some(text) = self.one(key) else { return Ok(None) };
        let wrong = || Problem::field(key, format!("must be one of {}", words.join(", ")));
        Some(text).filter(|text| words.contains(text)).map(Some).ok_or_else(wrong)
    }

    /// A time as RFC 3339 has it, or in seconds since 1970; gives such seconds.
    pub(super) fn time(&self, key: &str) -> Result<Option<i64>, Problem> {
        let Some(text) = self.one(key) else { return Ok(None) };
        let written = || text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second);
        let time = text.parse().ok().or_else(written);
        let time = time.filter(|time| (0..atalaya_history::limits::TIME_SECONDS_MAX).contains(time));
        let wrong = || Problem::field(key, "must be a time such as 2026-11-22T10:00:00Z, or seconds since 1970");
        time.map(Some).ok_or_else(wrong)
    }
}
