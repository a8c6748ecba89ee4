//! The clients there are, and where each leaves its traces.

use std::fs;

use super::caches::{ddclient, inadyn};
use super::duc::{duc_line, noip2_line};
use super::openwrt;
use super::trace::{Known, Trace};
use crate::probe::journal::{From, Journal};
use crate::probe::processes::processes;
use crate::probe::runner::Runner;
use crate::probe::{Fault, Moment, Site};

/// Lines of the journal that the first reading looks back at: a day of checks every five minutes, and more of failures.
const LINES: usize = 1000;

/// A program that keeps No-IP informed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Client {
    /// noip-duc, version 3.
    Duc,
    /// Its predecessor, version 2.
    NoIp2,
    Inadyn,
    Ddclient,
    /// OpenWrt's.
    Scripts,
}

/// A client that is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) client: Client,
    pub(super) running: bool,
}

/// A client, its name in views, its processes' names as the kernel cuts them, and where it is installed.
const CLIENTS: [(Client, &str, &[&str], &[&str]); 5] = [
    (Client::Duc, "noip-duc", &["noip-duc"], &["/usr/bin/noip-duc", "/usr/local/bin/noip-duc"]),
    (Client::NoIp2, "noip2", &["noip2"], &["/usr/bin/noip2", "/usr/local/bin/noip2"]),
    (Client::Inadyn, "inadyn", &["inadyn"], &["/usr/sbin/inadyn", "/usr/local/sbin/inadyn"]),
    (Client::Ddclient, "ddclient", &["ddclient"], &["/usr/sbin/ddclient", "/usr/bin/ddclient"]),
    (Client::Scripts, "ddns-scripts", &["dynamic_dns_upd"], &["/usr/lib/ddns/dynamic_dns_updater.sh"]),
];

impl Client {
    /// In the view.
    pub(super) fn name(self) -> &'static str {
        CLIENTS.iter().find(|row| row.0 == self).map_or("none", |row| row.1)
    }

    /// After how many days it updates even if nothing changed, where that leaves a trace.
    pub(super) const fn forced_every_days(self) -> Option<i64> {
        match self {
            Self::Inadyn => Some(30),
            Self::Ddclient => Some(25),
            Self::Scripts => Some(3),
            Self::Duc | Self::NoIp2 => None,
        }
    }
}

/// Those that run or are installed, those that run first.
pub(super) fn find(site: &Site) -> Vec<Found> {
    let mut running = [false; CLIENTS.len()];
    // ddclient names itself after what it does: `ddclient - slee`.
    let is = |comm: &str, name: &str| comm.split(' ').next() == Some(name);
    processes(site, |process| {
        for (row, running) in CLIENTS.iter().zip(&mut running) {
            *running |= row.2.iter().any(|name| is(&process.comm, name));
        }
    });
    let installed = |paths: &[&str]| paths.iter().any(|path| fs::metadata(site.path(path)).is_ok());
    let rows = CLIENTS.iter().zip(running).filter(|(row, running)| *running || installed(row.3));
    let mut found: Vec<_> = rows.map(|(row, running)| Found { client: row.0, running }).collect();
    found.sort_by_key(|found| !found.running);
    found
}

/// The journals of clients that keep no state. They are followed, because such a client writes a line at each check, and
/// one about an update only when the address changes: among the last lines there may be none for months.
#[derive(Default)]
pub(super) struct Journals(Vec<(Client, Journal, Trace)>);

impl Journals {
    /// What was read so far and now.
    fn read(
        &mut self,
        site: &Site,
        runner: &mut Runner,
        at: Moment,
        client: Client,
        (filter, take): (&str, fn(&mut Trace, jiff::Timestamp, &str)),
    ) -> Result<Vec<Known>, Fault> {
        let place = self.0.iter().position(|followed| followed.0 == client).unwrap_or_else(|| {
            self.0.push((client, Journal::new(&[filter], From::Last(LINES)), Trace::default()));
            self.0.len() - 1
        });
        let (_, journal, trace) = &mut self.0[place];
        for line in &journal.read(site, runner, at)?.lines {
            take(trace, line.time, &line.message);
        }
        Ok(vec![Known { host: None, trace: trace.clone() }])
    }
}

/// What its traces say; where they may not be read, that. Never empty, but for clients that tell names and have none.
pub(super) fn traces(
    site: &Site,
    runner: &mut Runner,
    journals: &mut Journals,
    at: Moment,
    client: Client,
) -> Vec<Known> {
    let read = match client {
        Client::Duc => journals.read(site, runner, at, client, ("--unit=noip-duc", duc_line)),
        Client::NoIp2 => journals.read(site, runner, at, client, ("--identifier=noip2", noip2_line)),
        Client::Inadyn => inadyn(site),
        Client::Ddclient => ddclient(site),
        Client::Scripts => openwrt::traces(site, at),
    };
    read.unwrap_or_else(|fault| {
        let unread = Some(format!("cannot tell how {} does: {fault}", client.name()));
        vec![Known { host: None, trace: Trace { unread, ..Trace::default() } }]
    })
}
