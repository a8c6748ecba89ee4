//! The end of a backup.

use std::time::Duration;

use atalaya_base::units::{self, counted, size};
use atalaya_repo::backup::Summary;
use serde::Serialize;

use super::exit::Result;
use super::host;
use super::output::Output;
use super::problems::{JsonProblem, Problems};

/// What there is to tell.
#[derive(Serialize)]
pub(crate) struct Report<'a> {
    snapshot: &'a str,
    job: &'a str,
    entries: u64,
    bytes: u64,
    files_read: u64,
    files_new: u64,
    files_unchanged: u64,
    unchanged: u64,
    read_bytes: u64,
    added_bytes: u64,
    new_chunks: u64,
    new_bytes: u64,
    first: bool,
    /// By `--full`.
    files_decayed: u64,
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
            files_new: summary.files_new,
            files_unchanged: summary.files_unchanged,
            unchanged: summary.unchanged,
            read_bytes: summary.read_bytes,
            added_bytes: summary.added_bytes,
            new_chunks: summary.new_chunks,
            new_bytes: summary.new_bytes,
            first: !summary.had_parent,
            files_decayed: summary.files_decayed,
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
        let entries = |number| counted(number, "entry", "entries");
        out.remark(format_args!("  holds  {}, {}", entries(self.entries), size(self.bytes)))?;
        let (read, unchanged) = (counted(self.files_read, "file", "files"), entries(self.unchanged));
        out.remark(format_args!("  read   {read}, {}; {unchanged} unchanged", size(self.read_bytes)))?;
        let chunks = counted(self.new_chunks, "new chunk", "new chunks");
        out.remark(format_args!("  added  {} in {chunks}", size(self.added_bytes)))?;
        let memory =
            self.memory_peak_bytes.map_or_else(String::new, |bytes| format!(", {} of memory at most", size(bytes)));
        out.remark(format_args!("  took   {}{memory}", units::took(self.read_bytes, self.took)))?;
        if self.files_decayed > 0 {
            let files = counted(self.files_decayed, "file differs", "files differ");
            out.remark(format_args!("{files} from the last backup though no time stamp changed; see above"))?;
        }
        if self.problems > 0 {
            let paths = counted(self.problems, "path", "paths");
            out.remark(format_args!("{paths} could not be backed up as they should; see above"))?;
        }
        Ok(())
    }
}
