//! OpenWrt's ddns-scripts: a section of the configuration has files of its name in `/var/run/ddns` and `/var/log/ddns`.

use jiff::Timestamp;

use super::caches::changed;
use super::trace::{Known, Trace};
use crate::probe::{Fault, Moment, Result, Site};

/// How far back from its end a log is looked at.
const TAIL_BYTES: usize = 16 << 10;

/// A trace for each section. A section's name is what OpenWrt has; its name in DNS is in the configuration, if that
/// may be read.
pub(super) fn traces(site: &Site, at: Moment) -> Result<Vec<Known>> {
    let run = "/var/run/ddns";
    let names = site.names(run);
    let names = names.iter().filter_map(|name| name.strip_suffix(".pid").or_else(|| name.strip_suffix(".ip")));
    let mut sections: Vec<&str> = names.collect();
    sections.sort_unstable();
    sections.dedup();
    if sections.is_empty() {
        return Err(Fault::Absent(format!("there is nothing in {run}: no section of ddns-scripts was started")));
    }
    let config = site.text("/etc/config/ddns").unwrap_or_default();
    let trace = |section: &&str| {
        let mut trace = Trace::default();
        if let Ok(log) = site.text(format!("/var/log/ddns/{section}.log")) {
            let time = changed(site, &format!("/var/log/ddns/{section}.log")).unwrap_or(at.wall);
            log_lines(&mut trace, &log, time);
        }
        if let Some(address) = site.line(format!("{run}/{section}.ip")) {
            trace.believes(&address);
        }
        // The file of this name is written at every update that went well; inside is the uptime.
        for name in ["update", "upd"] {
            let path = format!("{run}/{section}.{name}");
            if let Some(time) = changed(site, &path).filter(|_| site.number::<u64>(&path).is_some_and(|up| up > 0)) {
                trace.succeeded_at = Some(time);
                trace.tried_at = trace.tried_at.max(Some(time));
            }
        }
        Known { host: Some(lookup_host(&config, section).unwrap_or_else(|| (*section).to_owned())), trace }
    };
    Ok(sections.iter().map(trace).collect())
}

/// Only the last thing that happened matters, and a line has no date: the file's age is that of its end.
fn log_lines(trace: &mut Trace, log: &str, time: Timestamp) {
    let start = (log.len().saturating_sub(TAIL_BYTES)..=log.len()).find(|at| log.is_char_boundary(*at)).unwrap_or(0);
    for line in log[start..].lines() {
        let lower = line.to_ascii_lowercase();
        if lower.contains("update successful") || lower.contains("no update needed") {
            (trace.failure, trace.tried_at) = (None, Some(time));
        } else if ["badauth", "nohost", "!donator", "badagent", "abuse"].iter().any(|answer| lower.trim() == *answer) {
            trace.failed(time, &format!("No-IP answered {}", lower.trim()));
        } else if let Some((level, why)) = line.split_once(" : ")
            && (level.trim_end().ends_with("ERROR")
                || lower.contains("update failed")
                || lower.contains("transfer failed"))
            && !trace.failure.as_ref().is_some_and(|failure| failure.lasting)
        {
            trace.failed(time, why);
        }
    }
}

/// The `lookup_host` or `domain` of a section in OpenWrt's configuration.
fn lookup_host(config: &str, section: &str) -> Option<String> {
    let clean = |word: &str| word.trim().trim_matches(['\'', '"']).to_owned();
    let mut inside = false;
    let mut found = None;
    for line in config.lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix("config ") {
            inside = rest.split_whitespace().nth(1).is_some_and(|name| clean(name) == section);
        } else if let Some((key, value)) = line.strip_prefix("option ").and_then(|rest| rest.trim().split_once(' ')) {
            match key {
                "lookup_host" if inside => return Some(clean(value)),
                "domain" if inside => found = Some(clean(value)),
                _ => {}
            }
        }
    }
    found
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_name_in_dns_is_found() {
        let config = include_str!("../../../tests/fixtures/probe/noip/openwrt/etc/config/ddns");
        assert_eq!(lookup_host(config, "myddns_ipv4").as_deref(), Some("home.ddns.net"));
        assert_eq!(lookup_host(config, "second").as_deref(), Some("other.ddns.net"));
        assert_eq!(lookup_host(config, "none"), None);
    }

    #[test]
    fn the_last_line_counts() {
        let time = Timestamp::UNIX_EPOCH;
        for (log, why) in [
            (" 101500  info : Update successful - IP '203.0.113.7' send\n", None),
            (
                " 101500 ERROR : Update failed; rerun DDNS\n 101600  info : Update successful - IP '1.2.3.4' send\n",
                None,
            ),
            (" 1015 info : (a)DDNS Provider answered:\nbadauth\n 1015  WARN : IP update failed\n", Some(true)),
            (" 101500 ERROR : No update URL found\n", Some(false)),
            ("", None),
        ] {
            let mut trace = Trace::default();
            log_lines(&mut trace, log, time);
            assert_eq!(trace.failure.map(|failure| failure.lasting), why, "{log}");
        }
    }
}
