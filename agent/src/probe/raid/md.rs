//! md, from `/sys/block/md*/md`.

use crate::probe::Site;
use crate::probe::raid::array::Array;

/// Members that are looked at.
const MEMBERS_MAX: usize = 128;

/// All arrays.
pub(super) fn arrays(site: &Site) -> Vec<Array> {
    let names = site.names("/sys/block");
    let names = names.iter().filter(|name| name.starts_with("md"));
    names.filter_map(|name| array(site, name)).collect()
}

fn array(site: &Site, name: &str) -> Option<Array> {
    let base = format!("/sys/block/{name}/md");
    let line = |key: &str| site.line(format!("{base}/{key}")).filter(|line| !line.is_empty());
    let number = |key: &str| line(key)?.parse::<u64>().ok();
    let state = line("array_state")?;
    let action = line("sync_action").map(|action| if action == "frozen" { "idle".into() } else { action });
    let done = line("sync_completed").and_then(|line| {
        let (done, all) = line.split_once('/')?;
        Some((done.trim().parse().ok()?, all.trim().parse().ok()?))
    });
    let mut array = Array {
        name: name.to_owned(),
        level: line("level"),
        runs: !matches!(state.as_str(), "inactive" | "clear"),
        broken: state == "broken",
        // Two numbers while it changes: `4 (3)`.
        places: line("raid_disks").and_then(|line| line.split(' ').next()?.parse().ok()),
        lacking: number("degraded").unwrap_or(0),
        action,
        done,
        left_seconds: done.zip(number("sync_speed")).and_then(|((done, all), speed)| left(done, all, speed)),
        mismatches: number("mismatch_cnt"),
        ..Array::default()
    };
    for member in site.names(&base).iter().filter_map(|name| name.strip_prefix("dev-")).take(MEMBERS_MAX) {
        let state = line(&format!("dev-{member}/state")).unwrap_or_default();
        let is = |word: &str| state.split(',').any(|flag| flag.trim() == word);
        // One that is being filled is called a spare, too, but has a place already.
        let placed = line(&format!("dev-{member}/slot")).is_some_and(|slot| slot != "none");
        match () {
            () if is("faulty") => array.failed.push(member.to_owned()),
            () if is("in_sync") => array.working += 1,
            () if is("spare") && !placed => array.spare += 1,
            () => (),
        }
        if let Some(errors) = number(&format!("dev-{member}/errors")) {
            array.errors = Some(array.errors.unwrap_or(0).saturating_add(errors));
        }
    }
    Some(array)
}

/// From sectors of 512 bytes and KiB a second.
const fn left(done: u64, all: u64, speed: u64) -> Option<u64> {
    all.saturating_sub(done).checked_div(speed.saturating_mul(2))
}
