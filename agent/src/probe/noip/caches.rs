//! The files in which inadyn and ddclient keep what they last told.

use std::fs;
use std::time::UNIX_EPOCH;

use jiff::Timestamp;

use super::trace::{Known, Trace};
use crate::probe::said::from_unix;
use crate::probe::{Fault, Result, Site};

/// Names in one file; more is no such file.
const HOSTS_MAX: usize = 64;

/// inadyn: a file for each name, which holds the address and is as old as the last update.
pub(super) fn inadyn(site: &Site) -> Result<Vec<Known>> {
    let folder = "/var/cache/inadyn";
    fs::read_dir(site.path(folder)).map_err(|err| match Fault::io(folder, &err) {
        Fault::Denied(text) => Fault::Denied(format!("{text}; needs the group of that folder")),
        fault => fault,
    })?;
    let mut known = Vec::new();
    for name in site.names(folder) {
        let Some(host) = name.strip_suffix(".cache") else { continue };
        let path = format!("{folder}/{name}");
        let mut trace = Trace::default();
        match site.text(&path) {
            Ok(text) if !text.trim().is_empty() => {
                if let Some(time) = changed(site, &path) {
                    trace.succeeded(time);
                }
                trace.believes(text.trim());
            }
            Ok(_) => trace.unread = Some(format!("{path} is empty: no update was made yet")),
            Err(fault) => trace.unread = Some(fault.to_string()),
        }
        known.push(Known { host: Some(host.to_owned()), trace });
        if known.len() == HOSTS_MAX {
            break;
        }
    }
    Ok(known)
}

/// When a file was last written.
pub(super) fn changed(site: &Site, path: &str) -> Option<Timestamp> {
    let time = fs::metadata(site.path(path)).ok()?.modified().ok()?;
    from_unix(i64::try_from(time.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()?)
}

/// ddclient: one file, a line for each name.
pub(super) fn ddclient(site: &Site) -> Result<Vec<Known>> {
    let paths = ["/var/cache/ddclient/ddclient.cache", "/var/cache/ddclient.cache", "/var/lib/ddclient/ddclient.cache"];
    let mut fault = Fault::Absent("there is no ddclient.cache: no update was made yet".into());
    for path in paths {
        match site.text(path) {
            Ok(text) => return Ok(ddclient_cache(&text)),
            Err(Fault::Denied(text)) => fault = Fault::Denied(format!("{text}; needs the group of that file")),
            Err(Fault::Failed(text)) => fault = Fault::Failed(text),
            Err(Fault::Absent(_)) => {}
        }
    }
    Err(fault)
}

/// `key=value,key=value name`, 3.9 to 4.0; keys that are not known say nothing.
fn ddclient_cache(text: &str) -> Vec<Known> {
    let lines = text.lines().filter(|line| !line.starts_with('#') && line.contains('='));
    lines.filter_map(ddclient_line).take(HOSTS_MAX).collect()
}

fn ddclient_line(line: &str) -> Option<Known> {
    let (pairs, host) = line.trim_end().rsplit_once(' ').filter(|(_, host)| !host.contains('='))?;
    let mut trace = Trace::default();
    let (mut changed, mut tried, mut bad) = (None, None, None);
    for (key, value) in pairs.split(',').filter_map(|pair| pair.trim().split_once('=')) {
        let time = || value.parse().ok().filter(|seconds| *seconds > 0).and_then(from_unix);
        match key {
            "mtime" => changed = time(),
            "atime" => tried = time(),
            "ip" | "ipv4" | "ipv6" => trace.believes(value),
            "status" | "status-ipv4" | "status-ipv6" if !matches!(value, "" | "good" | "nochg") => bad = Some(value),
            _ => {}
        }
    }
    if let Some(time) = changed {
        trace.succeeded(time);
    }
    if let (Some(status), Some(time)) = (bad, tried.or(changed)) {
        trace.failed(time, &format!("No-IP answered {status}"));
    }
    trace.tried_at = tried.max(trace.tried_at);
    Some(Known { host: Some(host.to_owned()), trace })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const CACHE: &str = include_str!("../../../tests/fixtures/probe/noip/ddclient.cache");

    #[test]
    fn ddclients_cache_is_read_in_both_generations() {
        let known = ddclient_cache(CACHE);
        let seen: Vec<_> = known
            .iter()
            .map(|known| {
                let trace = &known.trace;
                let at = trace.succeeded_at.map(jiff::Timestamp::as_second);
                let why = trace.failure.as_ref().map(|f| (f.why.as_str(), f.lasting));
                (known.host.as_deref().unwrap(), trace.ipv4.map(|a| a.to_string()), at, why)
            })
            .collect();
        let home = Some("203.0.113.7".to_owned());
        assert_eq!(
            seen,
            [
                ("home.ddns.net", home.clone(), Some(1_795_168_800), None),
                ("old.ddns.net", home, Some(1_795_000_000), None),
                ("bad.ddns.net", None, None, Some(("No-IP answered badauth", true))),
                ("busy.ddns.net", Some("203.0.113.6".into()), Some(1_795_000_000), Some(("No-IP answered 911", false))),
            ]
        );
        assert_eq!(known[0].trace.ipv6.unwrap().to_string(), "2001:db8::7");
        assert_eq!(ddclient_cache("garbage\n=\n = \n"), []);
    }
}
