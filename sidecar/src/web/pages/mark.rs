//! What a reading by itself says of its object. What nobody could read is unknown and never all right.

use atalaya_wire::Sample;
use atalaya_wire::view::Upkeep;

use super::part::Mark;

/// See the module.
pub(super) fn of(sample: &Sample) -> Mark {
    match sample {
        Sample::Disk(disk) if disk.power.as_deref() == Some("missing") => Mark::Critical,
        Sample::Disk(disk) => word(disk.health.as_deref()),
        Sample::FileSystem(fs) => word(fs.state.as_deref()),
        Sample::Raid(raid) => word(raid.state.as_deref()),
        Sample::Ups(ups) => word(ups.state.as_deref()),
        Sample::Net(net) => flag(net.up, Mark::Off),
        Sample::Service(service) => flag(service.up, Mark::High),
        Sample::Backup(backup) if backup.overdue == Some(true) => Mark::High,
        Sample::Backup(backup) => word(backup.result.as_deref()),
        Sample::Upkeep(upkeep) => self::upkeep(upkeep),
        Sample::Policy(policy) => self::policy(policy.verdict.as_deref()),
        Sample::Store(store) => word(store.state.as_deref()),
        Sample::Dns(dns) => word(dns.state.as_deref()),
        Sample::NoIp(noip) => word(noip.state.as_deref()),
        Sample::Cert(cert) => word(cert.state.as_deref()),
        Sample::Probe(probe) => word(probe.state.as_deref()),
        Sample::Log(log) => {
            if log.problem.as_deref().is_some_and(|why| !why.is_empty()) {
                Mark::Low
            } else {
                Mark::Off
            }
        }
        _ => Mark::Unknown,
    }
}

/// What was found counts for more than whether it was done; what was never due yet is no reproach.
fn upkeep(upkeep: &Upkeep) -> Mark {
    let found = match upkeep.verdict.as_deref() {
        Some("damaged") => Mark::Critical,
        Some("frozen") => Mark::High,
        _ => Mark::Ok,
    };
    let overdue = if upkeep.overdue == Some(true) { Mark::High } else { Mark::Ok };
    let result = match upkeep.result.as_deref() {
        Some("never") => Mark::Off,
        Some("failed") => Mark::High,
        other => word(other),
    };
    if found.min(overdue) == Mark::Ok { result } else { found.min(overdue).min(result) }
}

/// What nobody declared is unknown: there may be enough copies.
fn policy(verdict: Option<&str>) -> Mark {
    match verdict {
        Some("holds") => Mark::Ok,
        Some("unverified") => Mark::Low,
        Some("broken") => Mark::High,
        _ => Mark::Unknown,
    }
}

/// By the words that views have for their state.
fn word(state: Option<&str>) -> Mark {
    match state {
        Some("ok" | "online" | "verified" | "passed") => Mark::Ok,
        Some(
            "failing" | "failed" | "degraded" | "inactive" | "missing" | "read_only" | "expired" | "wrong_name"
            | "damaged",
        ) => Mark::Critical,
        Some(
            "not_served" | "stuck" | "low_battery" | "mismatch" | "unresolved" | "latched" | "stopped"
            | "not_yet_valid",
        ) => Mark::High,
        Some("warning" | "warnings" | "rebuilding" | "on_battery" | "expiring" | "unreadable" | "never" | "denied") => {
            Mark::Medium
        }
        Some("lagging") => Mark::Low,
        Some("off" | "absent" | "asleep") => Mark::Off,
        _ => Mark::Unknown,
    }
}

const fn flag(up: Option<bool>, down: Mark) -> Mark {
    match up {
        Some(true) => Mark::Ok,
        Some(false) => down,
        None => Mark::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use atalaya_wire::text;
    use atalaya_wire::view::{Disk, FileSystem, Policy, Service};

    use super::*;

    #[test]
    fn what_nobody_could_read_is_never_all_right() {
        for kind in atalaya_wire::view::KINDS.iter().filter(|kind| kind.name != "log") {
            let empty = Sample::from_json(kind.name, br#"{"ts":1,"seq":1}"#).unwrap().unwrap().sample;
            assert_eq!(of(&empty), Mark::Unknown, "{}", kind.name);
        }
        let later = FileSystem { state: Some(text("levitating")), ..FileSystem::default() };
        assert_eq!(of(&later.into()), Mark::Unknown);
    }

    #[test]
    fn readings_say_what_they_say() {
        let disk = |health, power| {
            of(&Disk { health: Some(text(health)), power: Some(text(power)), ..Disk::default() }.into())
        };
        assert_eq!(
            (disk("ok", "standby"), disk("failing", "active"), disk("ok", "missing")),
            (Mark::Ok, Mark::Critical, Mark::Critical)
        );
        let upkeep = |result, verdict, overdue| {
            let (result, verdict) = (Some(text(result)), Some(text(verdict)));
            of(&Upkeep { result, verdict, overdue: Some(overdue), ..Upkeep::default() }.into())
        };
        assert_eq!(
            [upkeep("ok", "verified", false), upkeep("failed", "damaged", false), upkeep("warnings", "frozen", false)],
            [Mark::Ok, Mark::Critical, Mark::High]
        );
        assert_eq!(
            [upkeep("ok", "fine", true), upkeep("failed", "fine", false), upkeep("never", "", false)],
            [Mark::High, Mark::High, Mark::Off]
        );
        let policy = |verdict| of(&Policy { verdict: Some(text(verdict)), ..Policy::default() }.into());
        assert_eq!(
            ["holds", "unverified", "undeclared", "broken"].map(policy),
            [Mark::Ok, Mark::Low, Mark::Unknown, Mark::High]
        );
        assert_eq!(of(&Service { up: Some(false), ..Service::default() }.into()), Mark::High);
    }
}
