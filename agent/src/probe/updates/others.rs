//! OpenWrt's opkg and Alpine's apk. Neither tells which updates mend security.

use std::time::Duration;

use super::Waiting;
use crate::probe::runner::Runner;
use crate::probe::{Fault, Result, Site};

pub(super) fn opkg(site: &Site, runner: &mut Runner, deadline: Duration) -> Result<Waiting> {
    // `-V0` keeps away warnings; no lock is taken, because nothing is changed.
    let output = runner.ask(site, "opkg", &["-V0", "list-upgradable"], deadline)?;
    match output.code {
        Some(0) => Ok(Waiting { pending: opkg_lines(&output.text), security: None }),
        _ => Err(Fault::Failed("opkg cannot list what is upgradable; root may hold its lock".into())),
    }
}

/// `name - installed - newer`.
fn opkg_lines(text: &str) -> u64 {
    text.lines().filter(|line| line.split(" - ").filter(|word| !word.trim().is_empty()).count() == 3).count() as u64
}

pub(super) fn apk(site: &Site, runner: &mut Runner, deadline: Duration) -> Result<Waiting> {
    let output = runner.ask(site, "apk", &["--no-network", "version", "-l", "<"], deadline)?;
    match output.code {
        Some(0) => Ok(Waiting { pending: apk_lines(&output.text), security: None }),
        _ => Err(Fault::Failed("apk cannot compare versions; its lists may not be readable".into())),
    }
}

/// `name-1.2-r0   < 1.3-r0`, below a heading.
fn apk_lines(text: &str) -> u64 {
    let newer = |line: &&str| {
        let mut words = line.split_whitespace();
        words.next().is_some() && words.next() == Some("<") && words.next().is_some()
    };
    text.lines().filter(newer).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn updates_are_counted() {
        assert_eq!(opkg_lines("base-files - 1562-r1 - 1562-r2\nluci - git-24.1 - git-24.2\n"), 2);
        assert_eq!(opkg_lines("Collected errors:\n * opkg_conf_load: Could not lock /var/lock/opkg.lock\n - - \n"), 0);
        let apk = "Installed:                                Available:\nbusybox-1.36.1-r28        < 1.36.1-r30\n\
                   openssl-3.3.1-r0          < 3.3.2-r0\nmusl-1.2.5-r0  = 1.2.5-r0\n<\n";
        assert_eq!(apk_lines(apk), 2);
    }
}
