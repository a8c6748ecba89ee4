//! Section `[probes.logs]`.

use std::str::FromStr;

use atalaya_base::config::{Entry, Place, entries, read_from_text};
use regex_lite::{Regex, RegexBuilder};
use serde::{Deserialize, Deserializer};

/// Of a pattern as it is written, and compiled.
const PATTERN_BYTES_MAX: usize = 1024;
const COMPILED_BYTES_MAX: usize = 256 << 10;
const PATTERNS_MAX: usize = 64;

/// What to look for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogsConfig {
    /// The patterns.
    #[serde(deserialize_with = "patterns")]
    pub pattern: Vec<Pattern>,
}

/// One of them, that can be looked for.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// What people call it.
    pub(super) name: String,
    pub(super) regex: Regex,
    pub(super) source: Source,
}

/// Where lines come from; each is read once, however many patterns look at it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    File(String),
    Unit(String),
    Tag(String),
    Journal,
}

impl Source {
    pub(super) fn shown(&self) -> String {
        match self {
            Self::File(file) => file.clone(),
            Self::Unit(unit) => format!("journal, unit {unit}"),
            Self::Tag(tag) => format!("journal, {tag}"),
            Self::Journal => "journal".into(),
        }
    }
}

/// One as it is written. Without `file`, `unit` and `tag` it is looked for in the whole journal.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Raw {
    name: String,
    pattern: Expression,
    /// Whether capitals are as good as small letters.
    #[serde(default)]
    ignore_case: bool,
    file: Option<Place>,
    /// A unit of systemd.
    unit: Option<String>,
    /// What a program calls itself in the journal.
    tag: Option<String>,
}

impl Entry for Pattern {
    type Raw = Raw;

    fn check(raw: Raw) -> Result<Self, String> {
        if raw.name.trim().is_empty() {
            return Err("a pattern has a name, by which it is told".into());
        }
        let source = match (raw.file, raw.unit, raw.tag) {
            (Some(file), None, None) => Source::File(file.0.display().to_string()),
            (None, Some(unit), None) => Source::Unit(unit),
            (None, None, Some(tag)) => Source::Tag(tag),
            (None, None, None) => Source::Journal,
            _ => return Err("a pattern has only one of file, unit and tag; write one for each".into()),
        };
        Ok(Self { name: raw.name, regex: compiled(&raw.pattern.0, raw.ignore_case)?, source })
    }

    fn name(&self) -> &str {
        &self.name
    }
}

/// A regular expression that is one.
#[derive(Debug)]
struct Expression(String);

impl FromStr for Expression {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        compiled(text, false).map(|_| Self(text.to_owned()))
    }
}

read_from_text!(Expression, "a regular expression");

fn compiled(text: &str, ignore_case: bool) -> Result<Regex, String> {
    if text.is_empty() || text.len() > PATTERN_BYTES_MAX {
        return Err(format!("a regular expression has 1 to {PATTERN_BYTES_MAX} bytes, and this {}", text.len()));
    }
    let mut builder = RegexBuilder::new(text);
    builder.case_insensitive(ignore_case).size_limit(COMPILED_BYTES_MAX);
    builder.build().map_err(|err| format!("{text:?} is no regular expression that can be looked for: {err}"))
}

fn patterns<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Pattern>, D::Error> {
    let patterns = entries(from)?;
    if patterns.len() > PATTERNS_MAX {
        return Err(serde::de::Error::custom(format!("there are more than {PATTERNS_MAX} patterns")));
    }
    Ok(patterns)
}
