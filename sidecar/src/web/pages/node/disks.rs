//! Disks with their SMART figures, file systems, arrays.

use atalaya_alert::Object;
use atalaya_history::{Forecast, Unclear};
use atalaya_wire::Sample;

use super::{Look, Section, worst};
use crate::web::pages::part::{Bar, Mark};
use crate::web::pages::table::Cell;

pub(super) fn disks(look: &Look<'_>) -> Option<Section> {
    let frame = look.frame;
    let mut main = look.table(
        "disks.now",
        &[
            "head.state",
            "head.disk",
            "#head.size",
            "#head.temperature",
            "#head.busy",
            "head.power",
            "head.self_test",
            "head.read",
        ],
    );
    let mut smart = look.table(
        "disks.smart",
        &[
            "head.disk",
            "#head.reallocated",
            "#head.pending",
            "#head.uncorrectable",
            "#head.reported",
            "#head.crc",
            "#head.wear",
            "#head.spare",
            "#head.written",
            "#head.powered",
            "#head.cycles",
        ],
    );
    let mut marks = Vec::new();
    for thing in look.things("disk") {
        let Sample::Disk(disk) = &thing.sample else { continue };
        marks.push(thing.mark);
        let name = || Cell::text(disk.name.as_deref().filter(|name| !name.is_empty()).unwrap_or(&thing.id));
        let about =
            [disk.model.as_deref(), disk.serial.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" · ");
        let power = disk.power.as_deref().map_or_else(|| frame.unknown(), |power| Cell::text(frame.value(power)));
        let test = disk.self_test.as_deref().map_or_else(|| frame.unknown(), |test| Cell::text(frame.value(test)));
        main.rows.push(vec![
            Cell::state(look.state(thing.mark, disk.health.as_deref())).note(look.frame.said(disk.problem.as_deref())),
            name().note(about),
            frame.number("size_bytes", disk.size_bytes),
            frame.number("temperature_celsius", disk.temperature_celsius),
            frame.number("busy_percent", disk.busy_percent),
            power,
            test,
            frame.moment(disk.smart_at.as_deref()),
        ]);
        smart.rows.push(vec![
            name(),
            frame.number("reallocated_count", disk.reallocated_count),
            frame.number("pending_count", disk.pending_count),
            frame.number("uncorrectable_count", disk.uncorrectable_count),
            frame.number("reported_count", disk.reported_count),
            frame.number("crc_count", disk.crc_count),
            frame.number("wear_percent", disk.wear_percent),
            frame.number("spare_percent", disk.spare_percent),
            frame.number("written_bytes", disk.written_bytes),
            frame.number("powered_seconds", disk.powered_seconds),
            frame.number("power_cycles", disk.power_cycles),
        ]);
    }
    look.section("disks", "section.disks", worst(marks.into_iter()), vec![main, smart])
}

pub(super) fn rooms(look: &Look<'_>) -> Option<Section> {
    let frame = look.frame;
    let mut table = look.table(
        "section.rooms",
        &["head.state", "head.mount", "#head.used", "#head.free", "#head.size", "#head.inodes", "head.full"],
    );
    let mut marks = Vec::new();
    for thing in look.things("fs") {
        let Sample::FileSystem(fs) = &thing.sample else { continue };
        marks.push(thing.mark);
        let about = [fs.device.as_deref(), fs.kind.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" · ");
        let colour = if thing.mark == Mark::Ok { Mark::Off } else { thing.mark };
        let bar = fs.used_percent.map(|used| Bar::new(f64::from(used), colour));
        table.rows.push(vec![
            Cell::state(look.state(thing.mark, fs.state.as_deref())),
            Cell::text(fs.mount.as_deref().unwrap_or(&thing.id)).note(about),
            frame.number("used_percent", fs.used_percent).bar(bar),
            frame.number("free_bytes", fs.free_bytes),
            frame.number("size_bytes", fs.size_bytes),
            frame.number("inodes_used_percent", fs.inodes_used_percent),
            full(look, &Object::new("fs", thing.id.as_str())),
        ]);
    }
    look.section("rooms", "section.rooms", worst(marks.into_iter()), vec![table])
}

/// When it is full, if it goes on so: an estimate, and why there is none.
fn full(look: &Look<'_>, room: &Object) -> Cell {
    let frame = look.frame;
    let why = match look.told.full.get(room.as_str()) {
        None => return frame.unknown(),
        Some(Forecast::Full) => return Cell::state(frame.state_as(Mark::High, "full.now")),
        Some(Forecast::At(at)) => {
            let day = frame.fill("full.about", &[("day", &frame.language.day(*at, &frame.zone))]);
            return Cell::text(day).note(frame.ago(*at));
        }
        Some(Forecast::NotForeseeable(why)) => match why {
            Unclear::TooFew => "full.too_few",
            Unclear::NotGrowing => "full.not_growing",
            Unclear::Noisy | Unclear::Unsteady => "full.unclear",
            Unclear::TooFar => "full.far",
        },
    };
    frame.unknown().note(frame.t(why))
}

pub(super) fn arrays(look: &Look<'_>) -> Option<Section> {
    let frame = look.frame;
    let mut table = look.table(
        "section.arrays",
        &["head.state", "head.array", "head.members", "head.action", "#head.mismatch", "#head.errors", "head.checked"],
    );
    let mut marks = Vec::new();
    for thing in look.things("raid") {
        let Sample::Raid(raid) = &thing.sample else { continue };
        marks.push(thing.mark);
        let about = [raid.kind.as_deref(), raid.level.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" · ");
        let members = match (raid.working_count, raid.member_count) {
            (Some(here), Some(all)) => {
                Cell::text(frame.fill("members", &[("here", &here.to_string()), ("all", &all.to_string())]))
            }
            _ => frame.unknown(),
        };
        let percent = raid.action_percent.map(|percent| frame.language.with_unit("action_percent", f64::from(percent)));
        let left = frame.number("action_left_seconds", raid.action_left_seconds).text;
        let action = raid.action.as_deref().map_or_else(|| frame.unknown(), |action| Cell::text(frame.value(action)));
        let action = action.note([percent.unwrap_or_default(), left].join(" ").trim());
        table.rows.push(vec![
            Cell::state(look.state(thing.mark, raid.state.as_deref())).note(look.frame.said(raid.problem.as_deref())),
            Cell::text(raid.name.as_deref().unwrap_or(&thing.id)).note(about),
            members,
            action,
            frame.number("mismatch_count", raid.mismatch_count),
            frame.number("error_count", raid.error_count),
            frame.moment(raid.checked_at.as_deref()),
        ]);
    }
    look.section("arrays", "section.arrays", worst(marks.into_iter()), vec![table])
}
