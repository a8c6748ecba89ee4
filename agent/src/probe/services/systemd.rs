//! Units of systemd: one call of `systemctl show` for all of them.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Verdict;
use crate::probe::runner::Runner;
use crate::probe::said::at_boot;
use crate::probe::{Moment, Site};

const DEADLINE: Duration = Duration::from_secs(8);
const PROPERTIES: &str = "--property=Id,LoadState,ActiveState,SubState,Result,NRestarts,\
    ActiveEnterTimestampMonotonic,InactiveEnterTimestampMonotonic";

/// A verdict for each of `units`, in order.
pub(super) fn ask(site: &Site, runner: &mut Runner, units: &[&str], at: Moment) -> Vec<Verdict> {
    if !site.path("/run/systemd/system").is_dir() {
        return vec![Verdict::unknown("there is no systemd here"); units.len()];
    }
    let mut words = vec!["show", PROPERTIES, "--"];
    words.extend(units);
    match runner.ask(site, "systemctl", &words, DEADLINE) {
        Ok(output) => {
            let shown = parse(&output.text, at);
            // They come in order, one block each; otherwise nobody could tell whose is whose.
            if shown.len() == units.len() {
                return shown;
            }
            vec![Verdict::unknown("systemctl said something else than was asked"); units.len()]
        }
        Err(fault) => vec![Verdict::unknown(fault); units.len()],
    }
}

/// Blocks of `Key=value`, an empty line between them.
fn parse(text: &str, at: Moment) -> Vec<Verdict> {
    let block = |block: &str| {
        let pairs: BTreeMap<_, _> = block.lines().filter_map(|line| line.split_once('=')).collect();
        pairs.contains_key("ActiveState").then(|| verdict(&pairs, at))
    };
    text.trim().split("\n\n").filter_map(block).collect()
}

fn verdict(unit: &BTreeMap<&str, &str>, at: Moment) -> Verdict {
    let get = |key| unit.get(key).copied().unwrap_or_default();
    let (load, active, sub, result) = (get("LoadState"), get("ActiveState"), get("SubState"), get("Result"));
    if load == "not-found" {
        return Verdict { state: Some("not-found".into()), ..Verdict::down("there is no such unit") };
    }
    let up = matches!(active, "active" | "reloading" | "refreshing");
    let since = get(if up { "ActiveEnterTimestampMonotonic" } else { "InactiveEnterTimestampMonotonic" });
    let since = since.parse().ok().filter(|micros| *micros > 0);
    let problem = match (up, load, result) {
        (true, ..) => None,
        (_, "masked" | "error" | "bad-setting", _) => Some(format!("the unit is {load}")),
        (_, _, "" | "success") => Some(format!("it is {active}")),
        (_, _, result) => Some(format!("it is {active}: {result}; see journalctl -u {}", get("Id"))),
    };
    Verdict {
        up: Some(up),
        state: Some(format!("{active} ({sub})")),
        problem,
        latency: None,
        restarts: get("NRestarts").parse().ok(),
        since: since.and_then(|micros| at_boot(at, Duration::from_micros(micros))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn now() -> Moment {
        Moment { boot: Duration::from_secs(100_000), wall: "2026-11-21T10:00:00Z".parse().unwrap() }
    }

    #[test]
    fn every_state_of_a_unit_is_told() {
        let shown = parse(include_str!("../../../tests/fixtures/probe/services/systemctl-show.txt"), now());
        let seen: Vec<_> = shown
            .iter()
            .map(|v| (v.up.unwrap(), v.state.as_deref().unwrap(), v.restarts, v.problem.as_deref().unwrap_or("")))
            .collect();
        assert_eq!(
            seen,
            [
                (true, "active (running)", Some(0), ""),
                (false, "failed (failed)", Some(5), "it is failed: exit-code; see journalctl -u smbd.service"),
                (false, "activating (auto-restart)", Some(12), "it is activating: signal; see journalctl -u x.service"),
                (false, "not-found", None, "there is no such unit"),
                (false, "inactive (dead)", None, "the unit is masked"),
                (true, "active (exited)", Some(0), ""),
                (true, "active (mounted)", None, ""),
            ]
        );
        assert_eq!(shown[0].since.unwrap().to_string(), "2026-11-20T10:13:40Z");
    }

    #[test]
    fn answers_that_do_not_fit_are_unknown() {
        let dir = tempfile::tempdir().unwrap();
        let site = Site::below(dir.path());
        let problem = |runner: &mut Runner| {
            let verdict = ask(&site, runner, &["a.service", "b.service"], now()).remove(1);
            assert_eq!(verdict.up, None);
            verdict.problem.unwrap()
        };
        assert!(problem(&mut Runner::saying(|_, _| panic!("asked"))).contains("no systemd"));
        fs::create_dir_all(dir.path().join("run/systemd/system")).unwrap();
        for text in ["", "garbage\n\n\n=\n", "ActiveState=active\n"] {
            assert!(problem(&mut Runner::saying(move |_, _| Ok(text.into()))).contains("something else"), "{text}");
        }
    }
}
