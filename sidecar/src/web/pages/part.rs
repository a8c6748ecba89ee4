//! The smallest parts of pages: a state with its shape and word, a time, a bar. What they show is escaped by their templates.

use askama::Template;
use askama::filters::HtmlSafe;
use atalaya_alert::Severity;

/// What something is like. Each has a shape and a word beside its colour; what is worse comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mark {
    Critical,
    High,
    Offline,
    Silent,
    Medium,
    New,
    Low,
    Unknown,
    Off,
    Ok,
}

impl Mark {
    /// Its class and the name of its shape.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Offline => "offline",
            Self::Silent => "silent",
            Self::Medium => "medium",
            Self::New => "new",
            Self::Low => "low",
            Self::Unknown => "unknown",
            Self::Off => "off",
            Self::Ok => "ok",
        }
    }

    /// The key of its word.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Critical => "mark.critical",
            Self::High => "mark.high",
            Self::Offline => "mark.offline",
            Self::Silent => "mark.silent",
            Self::Medium => "mark.medium",
            Self::New => "mark.new",
            Self::Low => "mark.low",
            Self::Unknown => "mark.unknown",
            Self::Off => "mark.off",
            Self::Ok => "mark.ok",
        }
    }
}

impl Mark {
    /// By its word, as it stands in the database.
    pub(super) fn of_severity(word: &str) -> Self {
        match word {
            "critical" => Self::Critical,
            "high" => Self::High,
            "medium" => Self::Medium,
            "low" => Self::Low,
            _ => Self::Unknown,
        }
    }
}

impl From<Severity> for Mark {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Critical => Self::Critical,
            Severity::High => Self::High,
            Severity::Medium => Self::Medium,
            Severity::Low => Self::Low,
        }
    }
}

/// A mark as it is shown: shape, colour, word.
#[derive(Clone, Debug, Template)]
#[template(path = "part/state.html")]
pub(super) struct State {
    pub(super) mark: Mark,
    pub(super) word: String,
}

/// A moment: how long ago, and when exactly.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "part/when.html")]
pub(super) struct When {
    pub(super) iso: String,
    pub(super) full: String,
    pub(super) ago: String,
}

/// A share of something, with the colour of what is said of it.
#[derive(Clone, Debug, Template)]
#[template(path = "part/bar.html")]
pub(super) struct Bar {
    pub(super) percent: f64,
    pub(super) mark: Mark,
}

impl Bar {
    pub(super) fn new(percent: f64, mark: Mark) -> Self {
        Self { percent: percent.clamp(0.0, 100.0), mark }
    }
}

/// What to do, with its commands marked.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "part/runbook.html")]
pub(super) struct Runbook {
    /// Text, and whether it is a command.
    pub(super) parts: Vec<(String, bool)>,
}

impl Runbook {
    /// From a text in which commands stand between backquotes.
    pub(super) fn new(text: &str) -> Self {
        let parts = text.split('`').enumerate().map(|(at, part)| (part.to_owned(), at % 2 == 1));
        Self { parts: parts.filter(|(part, _)| !part.is_empty()).collect() }
    }
}

impl HtmlSafe for Runbook {}
impl HtmlSafe for State {}
impl HtmlSafe for When {}
impl HtmlSafe for Bar {}
