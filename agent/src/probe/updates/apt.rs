//! Debian's apt: it simulates an upgrade, with the lists that are there and without a lock.

use std::time::Duration;

use super::Waiting;
use crate::probe::runner::Runner;
use crate::probe::{Fault, Result, Site};

/// Everything an administrator would get, and no cache written on the way.
const WORDS: [&str; 10] = [
    "--simulate",
    "--quiet",
    "--option=Debug::NoLocking=1",
    "--option=Dir::Cache::pkgcache=",
    "--option=Dir::Cache::srcpkgcache=",
    "--option=APT::Get::Show-User-Simulation-Note=0",
    "--option=Dpkg::Use-Pty=0",
    "--option=APT::Get::Show-Versions=0",
    "--option=quiet::NoStatistic=1",
    "dist-upgrade",
];

pub(super) fn ask(site: &Site, runner: &mut Runner, deadline: Duration) -> Result<Waiting> {
    let output = runner.ask(site, "apt-get", &WORDS, deadline)?;
    match output.code {
        Some(0) => Ok(parse(&output.text)),
        _ => Err(Fault::Failed("apt-get cannot simulate an upgrade; try apt-get --simulate dist-upgrade".into())),
    }
}

/// `Inst name [installed] (new origin:version/suite, … [architecture])`. What is not installed yet is no update.
fn parse(text: &str) -> Waiting {
    let mut waiting = Waiting { pending: 0, security: Some(0) };
    for rest in text.lines().filter_map(|line| line.strip_prefix("Inst ")) {
        let Some((_, rest)) = rest.split_once(" [") else { continue };
        let Some((_, origins)) = rest.split_once("] (") else { continue };
        waiting.pending += 1;
        let origins = origins.split(" [").next().unwrap_or_default();
        if origins.split([' ', ',']).any(security) {
            waiting.security = waiting.security.map(|count| count + 1);
        }
    }
    waiting
}

/// Debian: `Debian-Security:12/stable-security`; Ubuntu: `Ubuntu:24.04/noble-security`; its long support: `UbuntuESM:…`.
fn security(origin: &str) -> bool {
    origin.split_once('/').is_some_and(|(label, suite)| {
        label.starts_with("Debian-Security:") || suite.contains("-security") || label.starts_with("UbuntuESM")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn updates_are_counted_by_origin() {
        for (text, pending, security) in [
            (include_str!("../../../tests/fixtures/probe/updates/apt-debian.txt"), 4, 2),
            (include_str!("../../../tests/fixtures/probe/updates/apt-ubuntu.txt"), 3, 2),
            ("Reading package lists...\n0 upgraded, 0 newly installed.\n", 0, 0),
            ("Inst \nInst a\nInst a [1\nInst a [1] 2\nConf a [1] (2 x/y-security)\n", 0, 0),
        ] {
            assert_eq!(parse(text), Waiting { pending, security: Some(security) }, "{text}");
        }
    }
}
