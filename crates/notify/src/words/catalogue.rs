//! The catalogues, which are part of the program.

use std::sync::LazyLock;

use atalaya_alert::rule::Words;
use atalaya_alert::{Kind, Severity};
use serde::Deserialize;

/// A language that people read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Spanish.
    Es,
}

impl Language {
    /// As it is written in a configuration, in HTML and in RFC 5646.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Es => "es",
        }
    }

    /// The one of two texts that is in it.
    #[must_use]
    pub fn of(self, words: &Words) -> &str {
        match self {
            Self::En => &words.en,
            Self::Es => &words.es,
        }
    }

    pub(crate) fn catalogue(self) -> &'static Catalogue {
        match self {
            Self::En => &ENGLISH,
            Self::Es => &SPANISH,
        }
    }
}

pub(super) const ENGLISH_TOML: &str = include_str!("en.toml");
pub(super) const SPANISH_TOML: &str = include_str!("es.toml");

// That both can be read is a test; a message without words would still name its alerts.
static ENGLISH: LazyLock<Catalogue> = LazyLock::new(|| toml::from_str(ENGLISH_TOML).unwrap_or_default());
static SPANISH: LazyLock<Catalogue> = LazyLock::new(|| toml::from_str(SPANISH_TOML).unwrap_or_default());

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Catalogue {
    pub(super) months: Vec<String>,
    pub(super) moment: String,
    pub(super) since: String,
    pub(super) next: String,
    pub(super) read: String,
    pub(super) more: String,
    pub(super) item: String,
    pub(super) open: String,
    pub(super) open_all: String,
    pub(super) dashboard: String,
    severity: Severities,
    pub(super) lead: Lead,
    pub(super) digest: Named,
    pub(super) test: Named,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Severities {
    low: String,
    medium: String,
    high: String,
    critical: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lead {
    fired: String,
    still_firing: String,
    escalated: String,
    silence_ended: String,
    resolved: String,
    pub(super) over: String,
    full: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Named {
    pub(super) subject: String,
    pub(super) lead: String,
}

impl Catalogue {
    pub(crate) fn severity(&self, severity: Severity) -> &str {
        match severity {
            Severity::Low => &self.severity.low,
            Severity::Medium => &self.severity.medium,
            Severity::High => &self.severity.high,
            Severity::Critical => &self.severity.critical,
        }
    }

    pub(super) fn lead(&self, kind: Kind) -> &str {
        match kind {
            Kind::Fired => &self.lead.fired,
            Kind::StillFiring => &self.lead.still_firing,
            Kind::Escalated => &self.lead.escalated,
            Kind::SilenceEnded => &self.lead.silence_ended,
            Kind::Resolved => &self.lead.resolved,
            Kind::Full => &self.lead.full,
        }
    }
}
