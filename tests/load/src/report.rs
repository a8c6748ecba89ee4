//! What came out, for people and for programs.

use std::fmt::Write as _;

use crate::figures::Spread;
use crate::gauge::Gauge;
use crate::limits;
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

    /// What is above what is wanted of a fleet of a thousand; for fewer it should be so all the more.
    pub(crate) fn above(&self) -> Vec<String> {
        let mut above = Vec::new();
        let mut look = |name: &str, measured: f64, wanted: f64| {
            if measured > wanted {
                above.push(format!("{name}: {measured:.2}, and at most {wanted} is wanted"));
            }
        };
        look("share of one core", self.share().unwrap_or_default(), limits::CORE_SHARE);
        let peak = self.at_end.map_or(0, |end| end.peak_bytes) as f64 / MIB;
        look("resident memory at its peak, MiB", peak, limits::RESIDENT_MIB);
        look("frame to alert, p99, s", self.alerts.p99, limits::ALERT_SECONDS);
        self.cuts.iter().for_each(|cut| look("all cut at once, last served again, s", cut.most, limits::CUT_SECONDS));
        above
    }

    /// Of one core, while nothing happens but frames.
    fn share(&self) -> Option<f64> {
        let (before, after) = (self.quiet.before?, self.quiet.after?);
        Some((after.cpu_seconds - before.cpu_seconds) / self.quiet.seconds)
    }

    /// As it stands in documents.
    pub(crate) fn table(&self) -> String {
        let head = format!("| {} nodes, a frame each {} s | measured | wanted |", self.nodes, self.interval_seconds);
        let mut out = format!("{head}\n|---|--:|--:|\n");
        let mut line = |name: &str, value: String, wanted: String| {
            let _ = writeln!(out, "| {name} | {value} | {wanted} |");
        };
        let none = String::new;
        line("bytes of a frame", self.frame_bytes.to_string(), none());
        line("until each node was acknowledged first", format!("{:.1} s", self.came_seconds), none());
        if let (Some(before), Some(after)) = (self.quiet.before, self.quiet.after) {
            let written = after.written_bytes.saturating_sub(before.written_bytes) as f64;
            let share = format!("{:.1} %", self.share().unwrap_or_default() * 100.0);
            line("share of one core", share, format!("{:.0} %", limits::CORE_SHARE * 100.0));
            line(
                "resident memory at most",
                format!("{:.1} MiB", self.quiet.rss_most_bytes as f64 / MIB),
                wanted_memory(),
            );
            line("of that its own, at the end", format!("{:.1} MiB", after.own_bytes as f64 / MIB), none());
            line("written to the disk", format!("{:.1} MiB", written / MIB), none());
            line("that is a day", format!("{:.0} MiB", written / MIB / self.quiet.seconds * DAY_SECONDS), none());
        }
        if self.alerts_raised > 0 {
            let Spread { count, p50, p99, most } = self.alerts;
            let heard = format!("{p50:.2}, {p99:.2}, {most:.2} s");
            let name = format!("frame to alert, {count} of {} at once: p50, p99, most", self.alerts_raised);
            line(&name, heard, format!("p99 {:.0} s", limits::ALERT_SECONDS));
        }
        for Spread { count, p50, p99, most } in &self.cuts {
            let heard = format!("{p50:.1}, {p99:.1}, {most:.1} s");
            let name = format!("all cut at once, {count} acknowledged again: p50, p99, last");
            line(&name, heard, format!("{:.0} s", limits::CUT_SECONDS));
        }
        if let Some(end) = self.at_end {
            line(
                "resident memory at its peak, in all",
                format!("{:.1} MiB", end.peak_bytes as f64 / MIB),
                wanted_memory(),
            );
        }
        line("connections made, lost or refused", format!("{}, {}", self.connections, self.tries_lost), none());
        let records = [self.sum(|one| one.records_made), self.sum(|one| one.records_acknowledged)];
        let offered = self.sum(|one| one.records_offered);
        line("records made, acknowledged, offered", format!("{}, {}, {offered}", records[0], records[1]), none());
        let frames =
            [self.sum(|one| one.frames_made), self.sum(|one| one.frames_sent), self.sum(|one| one.frames_again)];
        line("frames made, sent, asked for again", format!("{}, {}, {}", frames[0], frames[1], frames[2]), none());
        out
    }
}

fn wanted_memory() -> String {
    format!("{:.0} MiB", limits::RESIDENT_MIB)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_much_is_named() {
        let end = |mib: u64| Some(Gauge { peak_bytes: mib << 20, ..Gauge::default() });
        let cut = |most| Spread { most, ..Spread::default() };
        let good = Report { at_end: end(127), cuts: vec![cut(36.0)], ..Report::default() };
        assert!(good.above().is_empty(), "{:?}", good.above());
        let bad = Report { at_end: end(129), cuts: vec![cut(36.0), cut(61.0)], ..Report::default() };
        let above = bad.above();
        assert!(above.len() == 2 && above[0].contains("129.00, and at most 128"), "{above:?}");
    }
}
