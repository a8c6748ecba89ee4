//! Whether somebody else keeps a name informed, before the agent does so itself: No-IP blocks names that are updated again
//! and again.

use super::clients::{self, Client, Found, Journals};
use super::trace::Known;
use crate::probe::runner::Runner;
use crate::probe::{Moment, Site};

/// Who else runs here and keeps one of `hosts`, or may; `None` where nobody does. `ignored` are clients, by their names in
/// views, of which a person said that they keep other names.
pub(crate) fn others(site: &Site, at: Moment, hosts: &[String], ignored: &[String]) -> Option<String> {
    let mut running = clients::find(site);
    running.retain(|found| found.running && !ignored.iter().any(|name| name == found.client.name()));
    running.into_iter().find_map(|found| one(site, at, hosts, found))
}

fn one(site: &Site, at: Moment, hosts: &[String], Found { client, .. }: Found) -> Option<String> {
    let name = client.name();
    // These know nobody but No-IP, and do not tell for which names.
    if matches!(client, Client::Duc | Client::NoIp2) {
        return Some(format!("{name} runs here and updates No-IP already; stop it, or empty [noip_client]"));
    }
    let known = clients::traces(site, &mut Runner::default(), &mut Journals::default(), at, client);
    let keeps =
        |host: &&String| known.iter().any(|known| known.host.as_ref().is_some_and(|of| of.eq_ignore_ascii_case(host)));
    if let Some(host) = hosts.iter().find(keeps) {
        return Some(format!("{name} runs here and keeps {host} already; stop it, or empty [noip_client]"));
    }
    // A section of OpenWrt's configuration that may not be read is known by a name that is none in DNS.
    let named = |known: &Known| known.host.as_ref().is_some_and(|host| host.contains('.'));
    if !known.is_empty() && known.iter().all(named) {
        return None;
    }
    Some(format!(
        "{name} runs here and may keep the same names; stop it, or put it into ignored_clients of [noip_client]"
    ))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Duration;

    use super::*;

    fn who(comm: &str, file: Option<(&str, &str)>, ignored: &[&str]) -> Option<String> {
        let dir = tempfile::tempdir().unwrap();
        let put = |path: &str, text: &str| {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        put("proc/7/comm", comm);
        if let Some((path, text)) = file {
            put(path, text);
        }
        let at = Moment { boot: Duration::ZERO, wall: jiff::Timestamp::UNIX_EPOCH };
        let ignored: Vec<String> = ignored.iter().map(|&name| name.into()).collect();
        others(&Site::below(dir.path()), at, &["home.ddns.net".into()], &ignored)
    }

    #[test]
    fn whoever_may_keep_the_same_name_is_in_the_way() {
        let inadyn = |host| Some((host, "203.0.113.7"));
        let scripts = Some(("var/run/ddns/myddns.pid", "7"));
        for (comm, file, ignored, expected) in [
            ("bash", None, &[][..], None),
            ("noip-duc", None, &[], Some("noip-duc runs here and updates")),
            ("noip2", None, &["noip-duc"], Some("noip2 runs here and updates")),
            ("noip-duc", None, &["noip-duc"], None),
            ("inadyn", inadyn("var/cache/inadyn/home.ddns.net.cache"), &[], Some("keeps home.ddns.net already")),
            ("inadyn", inadyn("var/cache/inadyn/Home.DDNS.net.cache"), &[], Some("keeps home.ddns.net already")),
            ("inadyn", inadyn("var/cache/inadyn/other.example.cache"), &[], None),
            ("inadyn", None, &[], Some("may keep the same names")),
            ("ddclient - slee", None, &[], Some("ignored_clients")),
            ("ddclient - slee", None, &["ddclient"], None),
            ("dynamic_dns_upd", scripts, &[], Some("ddns-scripts runs here and may")),
        ] {
            let told = who(comm, file, ignored);
            assert!(told.as_ref().is_none_or(|told| *told == atalaya_wire::text(told).as_str()), "it fits into a view");
            assert!(
                told.is_some() == expected.is_some() && told.as_deref().unwrap_or("").contains(expected.unwrap_or("")),
                "{comm} {file:?}: {told:?}"
            );
        }
    }
}
