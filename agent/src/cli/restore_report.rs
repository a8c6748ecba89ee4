//! The end of a restore.

use std::path::Path;
use std::time::Duration;

use atalaya_base::text::{shown, shown_reason, without_numbers};
use atalaya_base::units::{self, count, counted, size};
use serde::Serialize;

use super::exit::Result;
use super::output::{Output, complain};
use super::problems::{JsonProblem, Problems};
use super::text::{JsonPath, shown_path};
use super::{host, text};
use crate::restore::{Refusal, Refused, Report};

/// What there is to tell.
pub(crate) struct Outcome<'a> {
    pub(crate) snapshot: &'a str,
    pub(crate) target: &'a Path,
    pub(crate) dry_run: bool,
    pub(crate) report: &'a Report,
    pub(crate) problems: Problems,
    pub(crate) took: Duration,
}

#[derive(Serialize)]
struct JsonReport<'a> {
    snapshot: &'a str,
    target: String,
    dry_run: bool,
    created: u64,
    replaced: u64,
    kept: u64,
    fixed: u64,
    linked: u64,
    deleted: u64,
    skipped: u64,
    bytes: u64,
    verified: u64,
    unstable: u64,
    problems: u64,
    problem_list: Vec<JsonProblem>,
    refused: Vec<JsonRefusal>,
    seconds: f64,
    memory_peak_bytes: Option<u64>,
}

#[derive(Serialize)]
struct JsonRefusal {
    what: &'static str,
    count: u64,
    #[serde(flatten)]
    first: JsonPath,
    why: String,
}

pub(crate) fn write(out: &mut Output, outcome: Outcome<'_>) -> Result<()> {
    for refusal in &outcome.report.refused {
        complain(refusal_line(refusal));
    }
    if out.json { out.json(&json(outcome)) } else { lines(out, &outcome) }
}

fn json(outcome: Outcome<'_>) -> JsonReport<'_> {
    let report = outcome.report;
    JsonReport {
        snapshot: outcome.snapshot,
        target: text::json_text(outcome.target.as_os_str().as_encoded_bytes()).0,
        dry_run: outcome.dry_run,
        created: report.created,
        replaced: report.replaced,
        kept: report.kept,
        fixed: report.fixed,
        linked: report.linked,
        deleted: report.deleted,
        skipped: report.skipped,
        bytes: report.bytes,
        verified: report.verified,
        unstable: report.unstable,
        problems: report.failed,
        problem_list: outcome.problems.into_first(),
        refused: report.refused.iter().map(JsonRefusal::new).collect(),
        seconds: outcome.took.as_secs_f64(),
        memory_peak_bytes: host::peak_memory(),
    }
}

fn lines(out: &mut Output, outcome: &Outcome<'_>) -> Result<()> {
    let report = outcome.report;
    let did = if outcome.dry_run { "Would restore" } else { "Restored" };
    let target = shown(outcome.target.as_os_str().as_encoded_bytes());
    out.remark(format_args!("{did} snapshot {} to {target}", &outcome.snapshot[..8]))?;
    let counts = [
        ("created", report.created),
        ("replaced", report.replaced),
        ("right already", report.kept),
        ("attributes set", report.fixed),
        (if report.linked == 1 { "hard link" } else { "hard links" }, report.linked),
        ("deleted", report.deleted),
    ];
    let parts: Vec<_> =
        counts.iter().filter(|(_, n)| *n > 0).map(|(what, n)| format!("{} {what}", count(*n))).collect();
    out.remark(format_args!("  {}", if parts.is_empty() { "nothing to do".to_owned() } else { parts.join(", ") }))?;
    if report.skipped > 0 {
        let sockets = counted(report.skipped, "socket", "sockets");
        out.remark(format_args!("  left out {sockets}: the programs that they belong to make them anew"))?;
    }
    if !outcome.dry_run {
        let memory =
            host::peak_memory().map_or_else(String::new, |bytes| format!(", {} of memory at most", size(bytes)));
        let took = units::took(report.bytes, outcome.took);
        out.remark(format_args!("  wrote {} in {took}{memory}", size(report.bytes)))?;
    }
    if report.verified > 0 {
        out.remark(format_args!("  read {} again and compared", counted(report.verified, "file", "files")))?;
    }
    if report.unstable > 0 {
        let files = counted(report.unstable, "file", "files");
        out.remark(format_args!("{files} changed during the backup; what was read then was restored"))?;
    }
    if report.failed > 0 {
        out.remark(format_args!(
            "{} could not be restored as they should; see above",
            counted(report.failed, "path", "paths")
        ))?;
    }
    Ok(())
}

impl JsonRefusal {
    fn new(refusal: &Refusal) -> Self {
        Self {
            what: name(refusal.what).0,
            count: refusal.count,
            first: JsonPath::new(&refusal.first.path),
            why: without_numbers(&refusal.first.why),
        }
    }
}

fn name(what: Refused) -> (&'static str, &'static str) {
    match what {
        Refused::Owner => ("owner", "owner or group not set"),
        Refused::Mode => ("mode", "permissions not set"),
        Refused::SetId => ("set-id", "set-user-id or set-group-id bit left out"),
        Refused::Times => ("times", "times not set"),
        Refused::Xattrs => ("xattrs", "extended attributes not set"),
        Refused::HardLink => ("hard-link", "hard link made a file of its own"),
        Refused::Device => ("device", "device not made"),
    }
}

fn refusal_line(refusal: &Refusal) -> String {
    let Refusal { what, count: number, first } = refusal;
    format!(
        "{} on {}, first {}: {}",
        name(*what).1,
        counted(*number, "path", "paths"),
        shown_path(&first.path),
        shown_reason(&first.why)
    )
}
