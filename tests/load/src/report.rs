//! What came out, for people and for programs.

use std::fmt::Write as _;

use crate::figures::Spread;
use crate::gauge::Gauge;
use crate::shared::Ledger;

const MIB: f64 = 1_048_576.0;
const DAY_SECONDS: f64 = 86_400.0;

/// The quiet part.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub(crate) struct Quiet {
    pub(crate) seconds: f64,
    pub(crate) before: Option<Gauge>,
    pub(crate) after: Option<Gauge>,
    pub(crate) rss_most_bytes: u64,
}

/// Everything.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub(crate) struct Report {
    pub(crate) nodes: u32,
    pub(crate) interval_seconds: f64,
    pub(crate) frame_bytes: usize,
    /// Until each node had its first acknowledgement.
    pub(crate) came_seconds: f64,
    pub(crate) quiet: Quiet,
    pub(crate) alerts_raised: usize,
    /// From a frame to its alert.
    pub(crate) alerts: Spread,
    /// From each cut to each node's acknowledgement.
    pub(crate) cuts: Vec<Spread>,
    pub(crate) connections: u64,
    /// Connections that ended, and tries that came to none.
    pub(crate) tries_lost: u64,
    pub(crate) at_end: Option<Gauge>,
    pub(crate) ledgers: Vec<Ledger>,
}

impl Report {
    fn sum(&self, of: impl Fn(&Ledger) -> u64) -> u64 {
        self.ledgers.iter().map(of).sum()
    }

    /// Whether every record was acknowledged, every alert heard, and everybody served again.
    pub(crate) fn is_whole(&self) -> bool {
        let served = self.cuts.iter().all(|cut| cut.count == self.nodes as usize);
        let acknowledged = self.sum(|one| one.records_acknowledged) == self.sum(|one| one.records_made);
        served && acknowledged && self.alerts.count == self.alerts_raised
    }

    /// As it stands in documents.
    pub(crate) fn table(&self) -> String {
        let mut out = format!("| {} nodes, a frame each {} s | |\n|---|--:|\n", self.nodes, self.interval_seconds);
        let mut row = |name: &str, value: String| {
            let _ = writeln!(out, "| {name} | {value} |");
        };
        row("bytes of a frame", self.frame_bytes.to_string());
        row("until each node was acknowledged first", format!("{:.1} s", self.came_seconds));
        if let (Some(before), Some(after)) = (self.quiet.before, self.quiet.after) {
            let share = (after.cpu_seconds - before.cpu_seconds) / self.quiet.seconds;
            let written = after.written_bytes.saturating_sub(before.written_bytes) as f64;
            row("share of one core", format!("{:.1} %", share * 100.0));
            row("resident memory at most", format!("{:.1} MiB", self.quiet.rss_most_bytes as f64 / MIB));
            row("of that its own, at the end", format!("{:.1} MiB", after.own_bytes as f64 / MIB));
            row("written to the disk", format!("{:.1} MiB", written / MIB));
            row("that is a day", format!("{:.0} MiB", written / MIB / self.quiet.seconds * DAY_SECONDS));
        }
        if self.alerts_raised > 0 {
            let Spread { count, p50, p99, most } = self.alerts;
            let heard = format!("{p50:.2}, {p99:.2}, {most:.2} s");
            row(&format!("frame to alert, {count} of {} at once: p50, p99, most", self.alerts_raised), heard);
        }
        for Spread { count, p50, p99, most } in &self.cuts {
            let heard = format!("{p50:.1}, {p99:.1}, {most:.1} s");
            row(&format!("all cut at once, {count} acknowledged again: p50, p99, last"), heard);
        }
        if let Some(end) = self.at_end {
            row("resident memory at its peak, in all", format!("{:.1} MiB", end.peak_bytes as f64 / MIB));
        }
        row("connections made, lost or refused", format!("{}, {}", self.connections, self.tries_lost));
        let records = [self.sum(|one| one.records_made), self.sum(|one| one.records_acknowledged)];
        let offered = self.sum(|one| one.records_offered);
        row("records made, acknowledged, offered", format!("{}, {}, {offered}", records[0], records[1]));
        let frames =
            [self.sum(|one| one.frames_made), self.sum(|one| one.frames_sent), self.sum(|one| one.frames_again)];
        row("frames made, sent, asked for again", format!("{}, {}, {}", frames[0], frames[1], frames[2]));
        out
    }
}
