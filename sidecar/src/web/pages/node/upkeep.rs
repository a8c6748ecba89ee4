//! What is done to repositories over years, and the room where they lie.

use atalaya_wire::Sample;
use atalaya_wire::view::Upkeep;

use super::{Look, Section, worst};
use crate::web::pages::part::{Bar, Mark};
use crate::web::pages::table::{Cell, Table};

pub(super) fn section(look: &Look<'_>) -> Option<Section> {
    let (mut tasks, mut marks) = tasks(look);
    let (stores, of_stores) = stores(look);
    marks.extend(of_stores);
    tasks.rows.sort_by_key(|row| row.get(1).map(|cell| cell.note.clone()));
    look.section("upkeep", "section.upkeep", worst(marks.into_iter()), vec![tasks, stores])
}

fn tasks(look: &Look<'_>) -> (Table, Vec<Mark>) {
    let frame = look.frame;
    let heads = ["head.state", "head.task", "head.succeeded", "head.next", "head.now", "head.found", "head.problem"];
    let mut table = look.table("section.upkeep", &heads);
    let mut marks = Vec::new();
    for thing in look.things("upkeep") {
        let Sample::Upkeep(view) = &thing.sample else { continue };
        marks.push(thing.mark);
        let overdue = if view.overdue == Some(true) { frame.t("overdue") } else { "" };
        let now = view.state.as_deref().map_or_else(|| frame.unknown(), |state| Cell::text(frame.value(state)));
        let task = view.task.as_deref().map_or_else(|| thing.id.clone(), |task| frame.value(task));
        let place: Vec<&str> = [view.name.as_deref(), view.repo.as_deref()].into_iter().flatten().collect();
        table.rows.push(vec![
            Cell::state(look.state(thing.mark, word(view))),
            Cell::text(task).note(place.join(" · ")),
            frame.moment(view.succeeded_at.as_deref()).note(overdue),
            frame.moment(view.next_at.as_deref()),
            now.note(view.reason.as_deref().unwrap_or_default()),
            frame.words(Some(&found(look, view))),
            Cell::text(look.frame.said(view.problem.as_deref())).note(view.damaged.as_deref().unwrap_or_default()),
        ]);
    }
    (table, marks)
}

/// What was found says more than that it was done; what is wrong stays so while later runs fail.
fn word(view: &Upkeep) -> Option<&str> {
    let (verdict, result) = (view.verdict.as_deref(), view.result.as_deref());
    match verdict {
        Some("damaged" | "frozen") => verdict,
        Some("fine") => result,
        _ if result == Some("failed") => result,
        _ => verdict.or(result),
    }
}

/// What the last run came to; empty where it said nothing.
#[expect(clippy::cast_precision_loss, reason = "nobody reads so large a number to its last digit")]
fn found(look: &Look<'_>, view: &Upkeep) -> String {
    let frame = look.frame;
    let bytes = |bytes: u64| frame.language.with_unit("stored_bytes", bytes as f64);
    let number = |number: u64| frame.language.with_unit("files_count", number as f64);
    if let (Some("copy"), Some(copied), Some(freed)) = (view.task.as_deref(), view.read_bytes, view.freed_bytes) {
        return frame.fill("upkeep.copied", &[("copied", &bytes(copied)), ("freed", &bytes(freed))]);
    }
    if let (Some(gone), Some(kept)) = (view.forgotten_count, view.snapshots_count) {
        return frame.fill("upkeep.forgot", &[("gone", &number(gone)), ("kept", &number(kept))]);
    }
    if let (Some(freed), Some(stored)) = (view.freed_bytes, view.stored_bytes) {
        return frame.fill("upkeep.freed", &[("freed", &bytes(freed)), ("stored", &bytes(stored))]);
    }
    if let (Some(read), Some(found)) = (view.read_bytes, view.findings_count) {
        return frame.fill("upkeep.checked", &[("read", &bytes(read)), ("found", &number(found))]);
    }
    String::new()
}

fn stores(look: &Look<'_>) -> (Table, Vec<Mark>) {
    let frame = look.frame;
    let mut table =
        look.table("upkeep.stores", &["head.state", "head.repository", "#head.free", "#head.size", "head.mount"]);
    let mut marks = Vec::new();
    for thing in look.things("store") {
        let Sample::Store(store) = &thing.sample else { continue };
        marks.push(thing.mark);
        let used = store.free_percent.map(|free| Bar::new(f64::from(100.0 - free), thing.mark));
        let share = store.free_percent.map(|free| frame.language.with_unit("free_percent", f64::from(free)));
        table.rows.push(vec![
            Cell::state(look.state(thing.mark, store.state.as_deref())),
            Cell::text(store.repo.as_deref().unwrap_or(&thing.id)),
            frame.number("free_bytes", store.free_bytes).note(share.unwrap_or_default()).bar(used),
            frame.number("size_bytes", store.size_bytes),
            frame.words(store.mount.as_deref()),
        ]);
    }
    (table, marks)
}
