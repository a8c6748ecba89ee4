//! What a check finds: shown as it comes, the first ones kept for programs.

use std::sync::{Mutex, PoisonError};

use atalaya_repo::check::Finding;
use serde::Serialize;

use super::check::line;
use super::progress::Display;
use super::text::JsonPath;

/// So many are listed in JSON; the rest is only counted, so that memory stays bounded.
const LISTED_MAX: usize = 100;

/// One finding, as programs see it.
#[derive(Serialize)]
pub(crate) struct JsonFinding {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshot: Option<String>,
    #[serde(flatten)]
    path: Option<JsonPath>,
    text: String,
}

impl From<&Finding> for JsonFinding {
    fn from(finding: &Finding) -> Self {
        let of = |kind, text: &String| Self { kind, snapshot: None, path: None, text: text.clone() };
        let at = |kind, id: &String, path: &[u8], text: &String| Self {
            snapshot: Some(id.clone()),
            path: Some(JsonPath::new(path)),
            ..of(kind, text)
        };
        match finding {
            Finding::Snapshot(text) => of("snapshot", text),
            Finding::Pack(text) => of("pack", text),
            Finding::Object(text) => of("object", text),
            Finding::Harmless(text) => of("harmless", text),
            Finding::File(id, path, why) => at("file", id, path, why),
            Finding::Names(id, path, why) => at("names", id, path, why),
        }
    }
}

/// Collects.
#[derive(Default)]
pub(crate) struct Findings {
    first: Mutex<Vec<JsonFinding>>,
}

impl Findings {
    /// Tells of one.
    pub(crate) fn add(&self, finding: &Finding, display: &Display) {
        display.print(&line(finding));
        let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        if first.len() < LISTED_MAX {
            first.push(finding.into());
        }
    }

    /// Those that were kept.
    pub(crate) fn into_first(self) -> Vec<JsonFinding> {
        self.first.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}
