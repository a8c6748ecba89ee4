//! What stands in paths and in many answers.

use atalaya_alert::{AlertKey, Severity};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A node.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "documents what the path holds")]
pub(super) struct NodeId {
    /// As in topics.
    #[param(min_length = 1, max_length = 64, example = "0123456789abcdef")]
    node: String,
}

/// An incident.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "documents what the path holds")]
pub(super) struct IncidentNumber {
    /// As it stands in lists.
    #[param(minimum = 1, example = 7)]
    n: u64,
}

/// How bad something is.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case", as = Severity)]
#[expect(dead_code, reason = "documents the words of atalaya_alert::Severity")]
pub(super) enum SeverityWord {
    Low,
    Medium,
    High,
    Critical,
}

/// The words of [`Severity`], for queries.
pub(super) const SEVERITIES: [(&str, Severity); 4] =
    [("low", Severity::Low), ("medium", Severity::Medium), ("high", Severity::High), ("critical", Severity::Critical)];

/// How far an incident is.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case", as = Stage)]
#[expect(dead_code, reason = "documents the words of atalaya_alert::Stage")]
pub(super) enum StageWord {
    Detected,
    Classified,
    Analysed,
    Solved,
    Verified,
    Documented,
}

/// An alert: there is at most one of a rule for an object of a node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub(super) struct Key {
    /// As in topics.
    #[schema(example = "0123456789abcdef", max_length = 64)]
    pub(super) node: String,
    /// View and id.
    #[schema(example = "fs/media", max_length = 160)]
    pub(super) object: String,
    /// Its id.
    #[schema(example = "fs-low", max_length = 64)]
    pub(super) rule: String,
}

impl From<&AlertKey> for Key {
    fn from(key: &AlertKey) -> Self {
        let text = str::to_owned;
        Self { node: text(key.node.as_str()), object: text(key.object.as_str()), rule: text(key.rule.as_str()) }
    }
}

impl From<&Key> for AlertKey {
    fn from(key: &Key) -> Self {
        Self { node: key.node.as_str().into(), object: key.object.as_str().into(), rule: key.rule.as_str().into() }
    }
}

/// What people read, in both languages.
#[derive(Serialize, ToSchema)]
pub(super) struct Words {
    /// English.
    pub(super) en: String,
    /// Spanish.
    pub(super) es: String,
}

impl From<&atalaya_alert::rule::Words> for Words {
    fn from(words: &atalaya_alert::rule::Words) -> Self {
        Self { en: words.en.clone(), es: words.es.clone() }
    }
}
