//! Rules: what is looked at, when that is an alert, and what people are told. Written as TOML, checked once.

mod check;
mod duration;
mod overrides;
mod set;
mod term;
mod written;

#[cfg(test)]
pub(crate) use check::NODE;
pub use duration::seconds;
pub use set::Rules;
pub use term::{Age, Literal, Term, Test};
pub(crate) use term::{Context, Point, Truth};

use serde::{Deserialize, Serialize};

use crate::ids::RuleId;

/// The rules that are shipped.
pub const DEFAULT: &str = include_str!("../../rules/default.toml");

/// How bad; what is worse is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Bajo, S4: when there is time.
    Low,
    /// Medio, S3: this week.
    Medium,
    /// Alto, S2: today.
    High,
    /// Crítico, S1: now.
    Critical,
}

/// The same in the two languages that people read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// English.
    pub en: String,
    /// Spanish.
    pub es: String,
}

/// What an incident of this rule gathers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Group {
    /// What happens at a node.
    #[default]
    Node,
    /// What happens to one object.
    Object,
}

/// When nobody took care.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Seconds since it was told.
    pub after: u64,
    /// The channel set that is told then.
    pub to: String,
}

/// When it is an alert.
#[derive(Clone, Debug, PartialEq)]
pub enum When {
    /// All of these hold.
    All(Vec<Term>),
    /// Nothing was heard for so many seconds.
    Absent(u64),
}

/// A rule that was checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Names it.
    pub id: RuleId,
    /// How bad an alert of it is.
    pub severity: Severity,
    /// What an alert of it is called.
    pub title: Words,
    /// What it looks at: a view of the wire, or `node`.
    pub view: String,
    /// The key whose value is shown.
    pub key: String,
    /// What it is for: all of these hold, or it never fires.
    pub only: Vec<Term>,
    /// When it fires.
    pub when: When,
    /// When it recovers: any of these; when it is empty, as soon as `when` does not hold.
    pub clear: Vec<Term>,
    /// Seconds for which `when` must hold.
    pub up: u64,
    /// Seconds for which `clear` must hold.
    pub down: u64,
    /// What its incident gathers.
    pub group: Group,
    /// Rules whose alert at this node or its parent makes this one no news.
    pub depends: Vec<RuleId>,
    /// Seconds after which it is told again; `None` for never.
    pub repeat: Option<u64>,
    /// The channel set; `None` if it is only shown.
    pub to: Option<String>,
    /// Who is told when nobody took care.
    pub escalate: Vec<Step>,
    /// What to do.
    pub runbook: Words,
    /// Where more is said.
    pub link: String,
    /// Where its figures come from, if they come from somewhere.
    pub source: String,
}

/// Whether a text fits a pattern, in which `*` at an end stands for anything.
#[must_use]
pub fn glob(pattern: &str, text: &str) -> bool {
    let (open, rest) = pattern.strip_prefix('*').map_or((false, pattern), |rest| (true, rest));
    match (open, rest.strip_suffix('*')) {
        (false, None) => text == rest,
        (true, None) => text.ends_with(rest),
        (false, Some(start)) => text.starts_with(start),
        (true, Some(part)) => text.contains(part),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let fits = [("*", ""), ("*", "fs/a"), ("fs/*", "fs/a"), ("*a", "fs/a"), ("*s/*", "fs/a"), ("fs/a", "fs/a")];
        assert!(fits.iter().all(|(pattern, text)| glob(pattern, text)));
        let not = [("fs", "fs/a"), ("fs/*", "raid/fs/a"), ("*b", "fs/a"), ("", "fs/a")];
        assert!(!not.iter().any(|(pattern, text)| glob(pattern, text)));
    }
}
