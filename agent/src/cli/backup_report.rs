//! The end of a backup.

use std::time::Duration;

use atalaya_repo::backup::Summary;
use serde::Serialize;

use super::exit::Result;
use super::output::Output;
use super::problems::{JsonProblem, Problems};
use super::{host, units};

/// What there is to tell.
#[derive(Serialize)]
pub(crate) struct Report<'a> {
    snapshot: &'a str,
    job: &'a str,
    entries: u64,
    bytes: u64,
    files_read: u64,
    unchanged: u64,
    read_bytes: u64,
    added_bytes: u64,
    new_chunks: u64,
    first: bool,
    problems: u64,
    /// The first of them.
    problem_list: Vec<JsonProblem>,
    warnings: &'a [String],
    seconds: f64,
    memory_peak_bytes: Option<u64>,
    #[serde(skip)]
    took: Duration,
}

impl<'a> Report<'a> {
    pub(crate) fn new(summary: &'a Summary, job: &'a str, problems: Problems, took: Duration) -> Self {
        Self {
            snapshot: &summary.snapshot,
            job,
            entries: summary.entries,
            bytes: summary.bytes,
            files_read: summary.files_read,
            unchanged: summary.unchanged,
            read_bytes: summary.read_bytes,
            added_bytes: summary.added_bytes,
            new_chunks: summary.new_chunks,
            first: !summary.had_parent,
            problems: summary.problems,
            problem_list: problems.into_first(),
            warnings: &summary.warnings,
            seconds: took.as_secs_f64(),
            memory_peak_bytes: host::peak_memory(),
            took,
        }
    }

    pub(crate) fn write(&self, out: &mut Output) -> Result<()> {
        if out.json {
            return out.json(self);
        }
        for warning in self.warnings {
            super::output::complain(format_args!("warning: {warning}"));
        }
        out.remark(format_args!("Snapshot {} of job {}", &self.snapshot[..8], self.job))?;
        out.remark(format_args!("  holds  {} entries, {}", units::count(self.entries), units::size(self.bytes)))?;
        out.remark(format_args!(
            "  read   {} files, {}; {} entries unchanged",
            units::count(self.files_read),
            units::size(self.read_bytes),
            units::count(self.unchanged)
        ))?;
        out.remark(format_args!(
            "  added  {} in {} new chunks",
            units::size(self.added_bytes),
            units::count(self.new_chunks)
        ))?;
        let memory = self
            .memory_peak_bytes
            .map_or_else(String::new, |bytes| format!(", {} of memory at most", units::size(bytes)));
        out.remark(format_args!(
            "  took   {} ({}){memory}",
            units::duration(self.took),
            units::rate(self.bytes, self.took)
        ))?;
        if self.problems > 0 {
            out.remark(format_args!(
                "{} paths could not be backed up as they should; see above",
                units::count(self.problems)
            ))?;
        }
        Ok(())
    }
}
