//! ZFS: the state from `/proc/spl/kstat/zfs`, all else from what `zpool status` prints.

use atalaya_wire::text;
use atalaya_wire::view::Raid;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::probe::Site;
use crate::probe::measure::when;

/// Lines of a pool that are looked at.
const ROWS_MAX: usize = 512;

/// Each pool and its state, such as `ONLINE`.
pub(super) fn pools(site: &Site) -> Vec<(String, String)> {
    let base = "/proc/spl/kstat/zfs";
    let state = |name: String| site.line(format!("{base}/{name}/state")).map(|state| (name, state));
    site.names(base).into_iter().filter_map(state).collect()
}

/// What is known of a pool by its state alone.
pub(super) fn bare(name: &str, state: &str) -> Raid {
    let word = match state {
        "ONLINE" => "ok",
        "DEGRADED" => "degraded",
        "OFFLINE" | "EXPORTED" => "inactive",
        _ => "failed",
    };
    Raid {
        name: Some(text(name)),
        kind: Some(text("zfs")),
        state: Some(text(word)),
        problem: (word != "ok").then(|| text(&format!("the pool is {state}"))),
        ..Raid::default()
    }
}

/// A line of the part `config:`.
#[derive(Debug)]
struct Row<'a> {
    depth: usize,
    name: &'a str,
    state: &'a str,
    errors: u64,
}

/// Adds to `view` what `zpool status` printed about that one pool; its times are of `zone`.
pub(super) fn status(printed: &str, zone: &TimeZone, view: &mut Raid) {
    let scan = section(printed, "scan");
    if let Some(state) = section(printed, "state") {
        let name = view.name.take().unwrap_or_default();
        *view = bare(&name, state.trim());
    }
    scanned(&scan.unwrap_or_default(), zone, view);
    let rows = rows(printed);
    let (mut members, mut working, mut failed, mut errors) = (0, 0, 0, 0_u64);
    for (at, row) in rows.iter().enumerate().skip(1) {
        errors = errors.saturating_add(row.errors);
        if rows.get(at + 1).is_none_or(|next| next.depth <= row.depth) {
            members += 1;
            working += u64::from(row.state == "ONLINE");
            failed += u64::from(matches!(row.state, "FAULTED" | "UNAVAIL" | "REMOVED"));
        }
    }
    if members > 0 {
        view.level = rows.get(1).map(|row| text(level(row.name)));
        (view.member_count, view.working_count, view.failed_count) = (Some(members), Some(working), Some(failed));
        view.error_count = Some(errors);
        view.spare_count = Some(spares(printed));
    }
    if view.state.as_deref() != Some("ok") {
        let why = section(printed, "status").map(|words| words.split_ascii_whitespace().collect::<Vec<_>>().join(" "));
        view.problem = why.map(|words| text(&words)).or_else(|| view.problem.take());
        if view.action.as_deref() == Some("recover") && view.state.as_deref() == Some("degraded") {
            view.state = Some(text("rebuilding"));
        }
    }
}

/// The words after `name:` and in the lines that go on.
fn section(printed: &str, name: &str) -> Option<String> {
    let mut lines = printed.lines().skip_while(|line| !line.trim_start().starts_with(&format!("{name}:")));
    let mut words = lines.next()?.split_once(':')?.1.trim().to_owned();
    for line in lines.take(8).take_while(|line| line.starts_with('\t') || line.starts_with("    ")) {
        words.push('\n');
        words.push_str(line.trim());
    }
    Some(words)
}

/// The pool, its groups and its disks; what comes after (`logs`, `cache`, `spares`) has no redundancy to lose.
fn rows(printed: &str) -> Vec<Row<'_>> {
    let table = printed.lines().skip_while(|line| !line.trim_start().starts_with("NAME ")).skip(1);
    let mut rows: Vec<Row<'_>> = Vec::new();
    for line in table.take(ROWS_MAX).take_while(|line| !line.trim().is_empty()) {
        let depth = line.len() - line.trim_start().len();
        let mut words = line.split_ascii_whitespace();
        let (Some(name), state) = (words.next(), words.next().unwrap_or_default()) else { continue };
        if rows.first().is_some_and(|pool| depth <= pool.depth) {
            break;
        }
        let errors = words.take(3).filter_map(count).fold(0, u64::saturating_add);
        rows.push(Row { depth, name, state, errors });
    }
    rows
}

fn spares(printed: &str) -> u64 {
    let after = printed.lines().skip_while(|line| line.trim() != "spares").skip(1);
    after.take(ROWS_MAX).take_while(|line| !line.trim().is_empty()).filter(|line| line.contains("AVAIL")).count() as u64
}

/// `12`, or `1.50K` where the program cannot print numbers whole.
fn count(word: &str) -> Option<u64> {
    let (digits, factor) = match word.chars().last()? {
        'K' => (word.strip_suffix('K')?, 1e3),
        'M' => (word.strip_suffix('M')?, 1e6),
        _ => return word.parse().ok(),
    };
    digits.parse::<f64>().ok().map(|number| (number * factor) as u64)
}

fn level(group: &str) -> &str {
    let kind = group.rsplit_once('-').map_or(group, |(kind, _)| kind);
    let known = kind == "mirror" || kind.starts_with("raidz") || kind.starts_with("draid");
    if known { kind.split(':').next().unwrap_or(kind) } else { "stripe" }
}

/// `scrub repaired 0B in 00:10:12 with 0 errors on Sun Nov  9 00:34:13 2025`, or one in progress.
fn scanned(scan: &str, zone: &TimeZone, view: &mut Raid) {
    let first = scan.lines().next().unwrap_or_default();
    let running = first.contains("in progress");
    view.action = Some(text(match first.split(' ').next() {
        Some("scrub") if running => "check",
        Some("resilver") if running => "recover",
        _ => "idle",
    }));
    if running {
        let words = scan.replace('\n', " ");
        let part = |end: &str| words.split(", ").find_map(|part| part.trim().strip_suffix(end).map(str::to_owned));
        view.action_percent = part("% done").and_then(|share| share.rsplit(' ').next()?.parse().ok());
        let left = words.split_once(" to go").and_then(|(before, _)| before.rsplit(", ").next().map(str::to_owned));
        view.action_left_seconds = left.and_then(|left| seconds(&left));
    } else if first.starts_with("scrub repaired") {
        let date =
            first.rsplit_once(" on ").map(|(_, date)| date.split_ascii_whitespace().collect::<Vec<_>>().join(" "));
        let date = date.and_then(|date| DateTime::strptime("%a %b %d %H:%M:%S %Y", date).ok());
        view.checked_at = date.and_then(|date| Some(when(date.to_zoned(zone.clone()).ok()?.timestamp())));
    }
}

/// `05:12:33`, `1 days 02:03:04` or `3h25m`.
fn seconds(left: &str) -> Option<u64> {
    let mut all = 0_u64;
    let mut words = left.split_ascii_whitespace().rev().take(3);
    let clock = words.next()?;
    if clock.contains(':') {
        for part in clock.split(':') {
            all = all.checked_mul(60)?.checked_add(part.parse().ok()?)?;
        }
        if words.next() == Some("days") {
            all = all.checked_add(words.next()?.parse::<u64>().ok()?.checked_mul(86_400)?)?;
        }
        return Some(all);
    }
    let (hours, minutes) = clock.strip_suffix('m')?.split_once('h')?;
    Some(hours.parse::<u64>().ok()?.checked_mul(3600)?.saturating_add(minutes.parse::<u64>().ok()? * 60))
}

#[cfg(test)]
mod tests;
