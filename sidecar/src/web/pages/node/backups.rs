//! Backup jobs, and their last runs.

use atalaya_wire::Sample;

use super::{Look, Section, worst};
use crate::db::Run;
use crate::web::pages::part::{Bar, Mark};
use crate::web::pages::table::{Cell, Table};

pub(super) fn section(look: &Look<'_>, runs: &[Run]) -> Option<Section> {
    let frame = look.frame;
    let mut jobs = look.table(
        "section.backups",
        &[
            "head.state",
            "head.job",
            "head.succeeded",
            "head.next",
            "head.now",
            "#head.source",
            "#head.added",
            "head.verified",
        ],
    );
    let mut marks = Vec::new();
    for thing in look.things("backup") {
        let Sample::Backup(backup) = &thing.sample else { continue };
        marks.push(thing.mark);
        let tier = backup.tier.map(|tier| frame.fill("tier", &[("tier", &tier.to_string())])).unwrap_or_default();
        let overdue = if backup.overdue == Some(true) { frame.t("overdue") } else { "" };
        let bar = backup.progress_percent.map(|percent| Bar::new(f64::from(percent), Mark::Off));
        let now = backup.state.as_deref().map_or_else(|| frame.unknown(), |state| Cell::text(frame.value(state)));
        let checked = backup.checked.as_deref().map_or_else(|| frame.unknown(), |word| Cell::text(frame.value(word)));
        jobs.rows.push(vec![
            Cell::state(look.state(thing.mark, backup.result.as_deref()))
                .note(look.frame.said(backup.problem.as_deref())),
            Cell::text(backup.job.as_deref().unwrap_or(&thing.id)).note(tier),
            frame.moment(backup.succeeded_at.as_deref()).note(overdue),
            frame.moment(backup.next_at.as_deref()),
            now.note(backup.reason.as_deref().unwrap_or_default()).bar(bar),
            frame.number("source_bytes", backup.source_bytes).note(files(look, backup.files_count)),
            frame.number("stored_bytes", backup.stored_bytes),
            checked,
        ]);
    }
    look.section("backups", "section.backups", worst(marks.into_iter()), vec![jobs, past(look, runs)])
}

fn files(look: &Look<'_>, count: Option<u64>) -> String {
    count.map_or_else(String::new, |count| look.frame.count("files", usize::try_from(count).unwrap_or(usize::MAX)))
}

/// Runs as records told them.
fn past(look: &Look<'_>, runs: &[Run]) -> Table {
    let frame = look.frame;
    let mut table = look
        .table("backups.runs", &["head.result", "head.job", "head.began", "#head.took", "head.cause", "head.problem"]);
    for run in runs {
        let mark = match run.result.as_deref() {
            Some("ok") => Mark::Ok,
            Some("warnings" | "stopped") => Mark::Medium,
            Some(_) => Mark::Critical,
            None => Mark::Unknown,
        };
        let word = run.result.as_deref().unwrap_or(if run.ended.is_none() { "running" } else { "" });
        #[expect(clippy::cast_precision_loss, reason = "it is shown in two units")]
        let took = run.began.zip(run.ended).map(|(began, ended)| (ended - began).max(0) as f64);
        let began = run.began.or(run.ended).and_then(|at| frame.when(at));
        table.rows.push(vec![
            Cell::state(frame.state_of(mark, word)),
            Cell::text(&*run.job),
            began.map_or_else(
                || frame.unknown(),
                |when| Cell { text: when.full.clone(), ..Cell::default() }.note(when.ago),
            ),
            took.map_or_else(|| frame.unknown(), |took| Cell { number: true, ..Cell::text(frame.language.span(took)) }),
            Cell::text(run.cause.as_deref().map(|cause| frame.value(cause)).unwrap_or_default()),
            Cell::text(look.frame.said(run.problem.as_deref())),
        ]);
    }
    table
}
