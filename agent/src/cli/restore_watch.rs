//! Hears what a restore does: counts, shows problems, and lists what a dry run would do.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use portable_atomic::AtomicU64;
use serde::Serialize;

use super::exit::{Failure, Result};
use super::output::Output;
use super::problems::Problems;
use super::progress::Display;
use super::text::{JsonPath, shown_path};
use crate::restore::{Action, Problem, Progress};

/// See the module.
pub(crate) struct Watch<'a> {
    pub(crate) entries: AtomicU64,
    pub(crate) bytes: AtomicU64,
    /// Entries that needed nothing: their bytes are not counted.
    pub(crate) kept: AtomicU64,
    problems: Problems,
    display: &'a Display,
    stop: &'a AtomicBool,
    list: Option<Mutex<List>>,
}

/// Where the actions of a dry run go, and why they no longer do.
struct List {
    out: Output,
    failure: Option<Failure>,
}

#[derive(Serialize)]
struct JsonAction {
    action: &'static str,
    #[serde(flatten)]
    path: JsonPath,
}

impl<'a> Watch<'a> {
    /// `list` takes the actions, if they are to be listed.
    pub(crate) fn new(display: &'a Display, stop: &'a AtomicBool, list: Option<Output>) -> Self {
        Self {
            entries: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            kept: AtomicU64::new(0),
            problems: Problems::default(),
            display,
            stop,
            list: list.map(|out| Mutex::new(List { out, failure: None })),
        }
    }

    /// The problems, once everything that was listed is out.
    pub(crate) fn finish(self) -> Result<Problems> {
        if let Some(list) = self.list {
            let List { out, failure } = list.into_inner().unwrap_or_else(PoisonError::into_inner);
            failure.map_or(Ok(()), Err)?;
            out.finish()?;
        }
        Ok(self.problems)
    }
}

impl Progress for Watch<'_> {
    fn done(&self, action: Action, path: &[u8]) {
        self.entries.fetch_add(1, Ordering::Relaxed);
        self.kept.fetch_add(u64::from(action == Action::Kept), Ordering::Relaxed);
        if let Some(list) = &self.list
            && action != Action::Kept
        {
            let mut list = list.lock().unwrap_or_else(PoisonError::into_inner);
            if list.failure.is_none() {
                list.failure = show(&mut list.out, action, path).err();
            }
            if list.failure.is_some() {
                self.stop.store(true, Ordering::Relaxed);
            }
        }
    }

    fn wrote(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    fn problem(&self, problem: &Problem) {
        self.problems.add(&problem.path, &problem.why, self.display);
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

fn show(out: &mut Output, action: Action, path: &[u8]) -> Result<()> {
    let (mark, name) = name(action);
    if out.json {
        out.json(&JsonAction { action: name, path: JsonPath::new(path) })
    } else {
        out.line(format_args!("{mark} {}", shown_path(path)))
    }
}

/// For people as `diff` marks them.
fn name(action: Action) -> (char, &'static str) {
    match action {
        Action::Created => ('+', "create"),
        Action::Replaced => ('M', "replace"),
        Action::Kept => (' ', "keep"),
        Action::Fixed => ('a', "fix"),
        Action::Linked => ('+', "link"),
        Action::Deleted => ('-', "delete"),
        Action::Skipped => ('s', "skip"),
    }
}
