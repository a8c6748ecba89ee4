//! Rules as they are written. Nothing here is checked but names and types.

use serde::Deserialize;
use toml::Spanned;

use super::{Group, Literal, Severity, Words};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    #[serde(default)]
    pub(super) defaults: Defaults,
    #[serde(default)]
    pub(super) rule: Vec<Spanned<Rule>>,
    #[serde(default, rename = "override")]
    pub(super) overrides: Vec<Spanned<Override>>,
}

/// What holds for the rules of this file that do not say so themselves.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Defaults {
    #[serde(default)]
    pub(super) depends: Vec<String>,
    pub(super) critical: Option<BySeverity>,
    pub(super) high: Option<BySeverity>,
    pub(super) medium: Option<BySeverity>,
    pub(super) low: Option<BySeverity>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BySeverity {
    pub(super) to: Option<String>,
    pub(super) repeat: Option<String>,
    #[serde(default)]
    pub(super) escalate: Vec<Step>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    pub(super) after: String,
    pub(super) to: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    pub(super) id: String,
    pub(super) severity: Severity,
    pub(super) title: Words,
    pub(super) view: String,
    pub(super) key: String,
    #[serde(default)]
    pub(super) only: Vec<Term>,
    #[serde(default)]
    pub(super) when: Vec<Term>,
    pub(super) absent: Option<String>,
    #[serde(default)]
    pub(super) clear: Vec<Term>,
    #[serde(rename = "for")]
    pub(super) up: Option<String>,
    #[serde(rename = "clear_for")]
    pub(super) down: Option<String>,
    #[serde(default)]
    pub(super) group: Group,
    pub(super) depends: Option<Vec<String>>,
    pub(super) repeat: Option<String>,
    pub(super) to: Option<String>,
    pub(super) escalate: Option<Vec<Step>>,
    pub(super) runbook: Words,
    pub(super) link: Option<String>,
    /// Where its figures come from.
    #[serde(default)]
    pub(super) source: String,
    #[serde(default)]
    pub(super) opt_in: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Term {
    pub(super) key: Option<String>,
    pub(super) above: Option<f64>,
    pub(super) below: Option<f64>,
    pub(super) is: Option<Literal>,
    pub(super) one_of: Option<Vec<Literal>>,
    pub(super) not_one_of: Option<Vec<Literal>>,
    pub(super) grew: Option<f64>,
    pub(super) reaches: Option<f64>,
    pub(super) within: Option<String>,
    pub(super) over: Option<String>,
    pub(super) older: Option<String>,
    pub(super) older_than_key: Option<String>,
    pub(super) plus: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Override {
    pub(super) rule: String,
    pub(super) node: Option<String>,
    pub(super) object: Option<String>,
    #[serde(default)]
    pub(super) off: bool,
    #[serde(default)]
    pub(super) on: bool,
    pub(super) when: Option<Vec<Term>>,
    pub(super) absent: Option<String>,
    pub(super) clear: Option<Vec<Term>>,
    #[serde(rename = "for")]
    pub(super) up: Option<String>,
    #[serde(rename = "clear_for")]
    pub(super) down: Option<String>,
    pub(super) severity: Option<Severity>,
    pub(super) repeat: Option<String>,
    pub(super) to: Option<String>,
}
