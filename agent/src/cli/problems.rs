//! Paths that something went wrong with: each shown as it comes, the first ones kept for programs.

use std::sync::{Mutex, PoisonError};

use atalaya_base::text::{shown_reason, without_numbers};
use serde::Serialize;

use super::progress::Display;
use super::text::{JsonPath, shown_path};

/// So many are listed in JSON; the rest is only counted, so that memory stays bounded.
const LISTED_MAX: usize = 100;

/// One problem, as programs see it.
#[derive(Serialize)]
pub(crate) struct JsonProblem {
    #[serde(flatten)]
    path: JsonPath,
    why: String,
}

/// Collects.
#[derive(Default)]
pub(crate) struct Problems {
    first: Mutex<Vec<JsonProblem>>,
}

impl Problems {
    /// Tells of one, on one line of standard error.
    pub(crate) fn add(&self, path: &[u8], why: &str, display: &Display) {
        display.print(&format!("{}: {}", shown_path(path), shown_reason(why)));
        let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        if first.len() < LISTED_MAX {
            first.push(JsonProblem { path: JsonPath::new(path), why: without_numbers(why) });
        }
    }

    /// Forgets what was heard: all of it will be done again.
    pub(crate) fn reset(&self) {
        self.first.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Those that were kept.
    pub(crate) fn into_first(self) -> Vec<JsonProblem> {
        self.first.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}
