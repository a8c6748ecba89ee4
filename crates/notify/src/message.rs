//! What a channel sends: words in the reader's language, in parts, and the facts behind them. Made by [`crate::words`].

use atalaya_alert::{AlertKey, IncidentId, Kind, Severity, Wall};

use crate::words::Language;

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Alerts.
    Alert(Kind),
    /// Many notifications at once.
    Digest,
    /// Somebody asked whether the channel works.
    Test,
}

impl What {
    /// As machines read it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Alert(Kind::Fired) => "fired",
            Self::Alert(Kind::StillFiring) => "still_firing",
            Self::Alert(Kind::Escalated) => "escalated",
            Self::Alert(Kind::SilenceEnded) => "silence_ended",
            Self::Alert(Kind::Resolved) => "resolved",
            Self::Alert(Kind::Full) => "full",
            Self::Digest => "digest",
            Self::Test => "test",
        }
    }
}

/// A message to people. Its texts are single lines without control characters, and no markup: what looks like it was
/// written by a NAS.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// The notification's: the same message has the same id, however often it is sent.
    pub id: String,
    /// What it is about.
    pub what: What,
    /// The highest of its alerts.
    pub severity: Severity,
    /// The reader's.
    pub language: Language,
    /// Whose nodes; empty if they are several customers', or nobody's.
    pub customer: String,
    /// When it was decided.
    pub at: Wall,
    /// One line that says what and where.
    pub subject: String,
    /// Why it is told. Empty if the subject says all.
    pub lead: String,
    /// Each alert, or each notification of a digest; [`crate::limits::ITEMS_MAX`] at most.
    pub items: Vec<Item>,
    /// How many more there are.
    pub more: usize,
    /// About which.
    pub incidents: Vec<IncidentId>,
    /// Where to go.
    pub link: Option<Link>,
}

impl Message {
    /// How loud a telephone is: what is over, or a test, wakes nobody.
    #[must_use]
    pub fn urgency(&self) -> Severity {
        match self.what {
            What::Alert(Kind::Resolved) | What::Test => self.severity.min(Severity::Medium),
            _ => self.severity,
        }
    }

    /// Whether it says that something is over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.what == What::Alert(Kind::Resolved)
    }
}

/// A part of a message.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Item {
    /// What, how bad, where.
    pub headline: String,
    /// Since when, what to do next, where more is said.
    pub details: Vec<String>,
    /// The same for machines.
    pub facts: Option<Facts>,
}

/// An alert for machines. Texts are in the reader's language.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// Which.
    pub alert: AlertKey,
    /// How bad.
    pub severity: Severity,
    /// When it fired.
    pub since: Wall,
    /// What was seen when it fired.
    pub shown: String,
    /// What to do.
    pub runbook: String,
    /// Where more is said.
    pub link: String,
}

/// A page of the sidecar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its address.
    pub url: String,
    /// What stands on a button.
    pub label: String,
}
