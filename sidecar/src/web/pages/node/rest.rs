//! Services, power, network, updates and log-ins, patterns in logs, and how the watching itself goes.

use atalaya_wire::Sample;

use super::{Look, Section, worst};
use crate::web::pages::part::{Bar, Mark};
use crate::web::pages::table::Cell;

pub(super) fn services(look: &Look<'_>) -> Option<Section> {
    let frame = look.frame;
    let mut table = look.table(
        "section.services",
        &["head.state", "head.name", "head.says", "#head.latency", "#head.restarts", "head.since"],
    );
    let mut marks = Vec::new();
    for thing in look.things("service") {
        let Sample::Service(service) = &thing.sample else { continue };
        marks.push(thing.mark);
        let word = match service.up {
            Some(true) => frame.t("service.up"),
            Some(false) => frame.t("service.down"),
            None => "",
        };
        table.rows.push(vec![
            Cell::state(frame.state_of(thing.mark, word)).note(look.frame.said(service.problem.as_deref())),
            Cell::text(service.name.as_deref().unwrap_or(&thing.id)).note(service.kind.as_deref().unwrap_or_default()),
            frame.words(service.state.as_deref().map(|state| says(look, state)).as_deref()),
            frame.number("latency_seconds", service.latency_seconds),
            frame.number("restart_count", service.restart_count),
            frame.moment(service.since.as_deref()),
        ]);
    }
    look.section("services", "section.services", worst(marks.into_iter()), vec![table])
}

/// What a service says of itself: `active (running)` of a unit, `2 of 3 running` of processes, a word, or anything else.
fn says(look: &Look<'_>, state: &str) -> String {
    let frame = look.frame;
    if let Some((of_unit, rest)) = state.strip_suffix(')').and_then(|state| state.split_once(" (")) {
        return format!("{} ({})", frame.value(of_unit), frame.value(rest));
    }
    match state.strip_suffix(" running").map(|count| count.split_once(" of ").unwrap_or((count, ""))) {
        Some((here, "")) => frame.fill("service.running", &[("here", here)]),
        Some((here, all)) => frame.fill("service.running_of", &[("here", here), ("all", all)]),
        None => frame.value(state),
    }
}

pub(super) fn power(look: &Look<'_>) -> Option<Section> {
    let frame = look.frame;
    let mut table = look.table(
        "section.power",
        &["head.state", "head.name", "#head.charge", "#head.runtime", "#head.load", "#head.input"],
    );
    let mut marks = Vec::new();
    for thing in look.things("ups") {
        let Sample::Ups(ups) = &thing.sample else { continue };
        marks.push(thing.mark);
        let battery = if ups.replace_battery == Some(true) { frame.t("ups.replace") } else { "" };
        let bar = ups.charge_percent.map(|charge| Bar::new(f64::from(charge), Mark::Off));
        table.rows.push(vec![
            Cell::state(look.state(thing.mark, ups.state.as_deref())).note(battery),
            Cell::text(ups.name.as_deref().unwrap_or(&thing.id)).note(ups.model.as_deref().unwrap_or_default()),
            frame.number("charge_percent", ups.charge_percent).bar(bar),
            frame.number("runtime_seconds", ups.runtime_seconds),
            frame.number("load_percent", ups.load_percent),
            frame.number("input_volts", ups.input_volts),
        ]);
    }
    look.section("power", "section.power", worst(marks.into_iter()), vec![table])
}

pub(super) fn network(look: &Look<'_>) -> Option<Section> {
    let frame = look.frame;
    let mut table = look.table(
        "section.network",
        &[
            "head.state",
            "head.name",
            "head.address",
            "#head.speed",
            "#head.received",
            "#head.sent",
            "#head.errors",
            "#head.drops",
        ],
    );
    let mut marks = Vec::new();
    for thing in look.things("net") {
        let Sample::Net(net) = &thing.sample else { continue };
        marks.push(thing.mark);
        let word = match net.up {
            Some(true) => frame.t("net.up"),
            Some(false) => frame.t("net.down"),
            None => "",
        };
        let errors = net.receive_error_count.zip(net.send_error_count).map(|(a, b)| a.saturating_add(b));
        table.rows.push(vec![
            Cell::state(frame.state_of(thing.mark, word)),
            Cell::text(net.name.as_deref().unwrap_or(&thing.id)).note(net.mac.as_deref().unwrap_or_default()),
            frame.words(net.ipv4.as_deref()).note(net.ipv6.as_deref().unwrap_or_default()),
            frame.number("speed_bits_per_second", net.speed_bits_per_second),
            frame.number("received_bytes_per_second", net.received_bytes_per_second),
            frame.number("sent_bytes_per_second", net.sent_bytes_per_second),
            frame.number("error_count", errors),
            frame.number("receive_drop_count", net.receive_drop_count),
        ]);
    }
    look.section("network", "section.network", worst(marks.into_iter()), vec![table])
}

pub(super) fn safety(look: &Look<'_>) -> Option<Section> {
    let frame = look.frame;
    let mut updates = look.table(
        "safety.updates",
        &["head.manager", "#head.pending_updates", "#head.security", "head.reboot", "head.lists"],
    );
    for thing in look.things("updates") {
        let Sample::Updates(view) = &thing.sample else { continue };
        let reboot = match view.reboot_required {
            Some(true) => Cell::text(frame.t("yes")).note(view.reboot_reason.as_deref().unwrap_or_default()),
            Some(false) => Cell::text(frame.t("no")),
            None => frame.unknown(),
        };
        updates.rows.push(vec![
            frame.words(view.manager.as_deref()),
            frame.number("pending_count", view.pending_count),
            frame.number("security_count", view.security_count),
            reboot,
            frame.moment(view.lists_at.as_deref()),
        ]);
    }
    let mut logins = look.table(
        "safety.logins",
        &["#head.failed", "#head.failed_total", "head.failed_at", "head.failed_from", "head.source"],
    );
    for thing in look.things("auth") {
        let Sample::Auth(auth) = &thing.sample else { continue };
        logins.rows.push(vec![
            frame.number("failed_count", auth.failed_count),
            frame.number("failed_total_count", auth.failed_total_count),
            frame.moment(auth.failed_at.as_deref()),
            frame.words(auth.failed_from.as_deref()),
            frame.words(auth.source.as_deref().map(|source| frame.value(source)).as_deref()),
        ]);
    }
    // Neither has a state of its own: only what is said of them.
    let said =
        look.things("updates").chain(look.things("auth")).map(|thing| thing.mark).filter(|mark| *mark != Mark::Unknown);
    look.section("safety", "section.safety", worst(said), vec![updates, logins])
}

pub(super) fn logs(look: &Look<'_>) -> Option<Section> {
    let frame = look.frame;
    let mut table = look.table("section.logs", &["head.name", "#head.matches", "head.matched", "head.line"]);
    let mut marks = Vec::new();
    for thing in look.things("log") {
        let Sample::Log(log) = &thing.sample else { continue };
        marks.push(thing.mark);
        let about =
            [log.source.as_deref(), log.problem.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" · ");
        table.rows.push(vec![
            Cell::text(log.name.as_deref().unwrap_or(&thing.id)).note(about),
            frame.number("match_count", log.match_count),
            frame.moment(log.matched_at.as_deref()),
            Cell::text(log.line.as_deref().unwrap_or_default()),
        ]);
    }
    look.section("logs", "section.logs", worst(marks.into_iter()), vec![table])
}

pub(super) fn probes(look: &Look<'_>) -> Option<Section> {
    let frame = look.frame;
    let mut table =
        look.table("section.probes", &["head.state", "head.probe", "#head.took", "head.read", "head.problem"]);
    let mut things: Vec<_> = look.things("probe").collect();
    things.sort_by(|a, b| (a.mark, &a.id).cmp(&(b.mark, &b.id)));
    for thing in &things {
        let Sample::Probe(probe) = &thing.sample else { continue };
        table.rows.push(vec![
            Cell::state(look.state(thing.mark, probe.state.as_deref())),
            Cell::text(&*thing.id),
            frame.number("latency_seconds", probe.duration_seconds),
            Cell { when: frame.when(thing.read_at), ..Cell::default() },
            Cell::text(look.frame.said(probe.problem.as_deref())),
        ]);
    }
    look.section("probes", "section.probes", worst(things.iter().map(|thing| thing.mark)), vec![table])
}
