//! The verdict on each snapshot.

use std::collections::BTreeMap;
use std::fmt;

use jiff::tz::TimeZone;

use crate::{Period, Policy};

/// What is known of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Who made it.
    pub writer: u32,
    /// Of which job.
    pub job: String,
    /// When, in seconds since 1970, as far as that is believed.
    pub time_secs: i64,
    /// When somebody else first saw it, in seconds since 1970.
    pub seen_secs: i64,
    /// Whether it can be relied on. One that cannot is kept for nobody's sake.
    pub valid: bool,
}

/// Why a snapshot is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The newest valid one of its job is never forgotten.
    Newest,
    /// It is the newest but so many.
    Last(u32),
    /// It is the newest of its period, and so many later periods have one.
    Period(Period, u32),
    /// It is younger than the policy's time.
    Within,
    /// It was seen too short a time ago.
    Young,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Newest => f.write_str("newest of its job"),
            Self::Last(before) => write!(f, "last {}", before + 1),
            Self::Period(period, before) => write!(f, "{period} {}", before + 1),
            Self::Within => f.write_str("within"),
            Self::Young => f.write_str("seen too recently"),
        }
    }
}

/// What becomes of a snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Why it is kept; it is forgotten where there is no reason.
    pub reasons: Vec<Reason>,
    /// About when it will be forgotten if backups go on as the policy thinks, in seconds since 1970; `None` while it is
    /// the newest, and for what is forgotten now.
    pub expires_secs: Option<i64>,
}

impl Verdict {
    /// Whether it is kept.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        !self.reasons.is_empty()
    }
}

/// A verdict for each of `snapshots`, in their order. `now` in seconds since 1970, `zone` is where the people live.
#[must_use]
pub fn decide(policy: &Policy, snapshots: &[Snapshot], now: i64, zone: &TimeZone) -> Vec<Verdict> {
    let mut out = vec![Verdict::default(); snapshots.len()];
    let mut groups: BTreeMap<(u32, &str), Vec<usize>> = BTreeMap::new();
    for (at, snapshot) in snapshots.iter().enumerate() {
        if now.saturating_sub(snapshot.seen_secs) < policy.least_age_secs {
            out[at].reasons.push(Reason::Young);
        }
        if snapshot.valid {
            groups.entry((snapshot.writer, &snapshot.job)).or_default().push(at);
        }
    }
    for group in groups.values_mut() {
        // Newest first; of two at one moment the later in the list.
        group.sort_by_key(|at| std::cmp::Reverse((snapshots[*at].time_secs, *at)));
        let times: Vec<i64> = group.iter().map(|at| snapshots[*at].time_secs).collect();
        for (at, reasons) in group.iter().zip(of_group(policy, &times, now, zone)) {
            out[*at].reasons.extend(reasons);
        }
    }
    for (verdict, snapshot) in out.iter_mut().zip(snapshots) {
        verdict.reasons.sort_unstable();
        verdict.expires_secs = expires(policy, &verdict.reasons, snapshot, now);
    }
    out
}

/// Reasons for each of a job's snapshots, newest first.
fn of_group(policy: &Policy, times: &[i64], now: i64, zone: &TimeZone) -> Vec<Vec<Reason>> {
    let mut out: Vec<Vec<Reason>> = vec![Vec::new(); times.len()];
    for (at, (reasons, time)) in out.iter_mut().zip(times).enumerate() {
        if at == 0 {
            reasons.push(Reason::Newest);
        }
        if (at as u64) < u64::from(policy.last) {
            reasons.push(Reason::Last(at as u32));
        }
        if now.saturating_sub(*time) < policy.within_secs {
            reasons.push(Reason::Within);
        }
    }
    for period in Period::ALL {
        let (mut count, mut last) = (0, None);
        for (reasons, time) in out.iter_mut().zip(times) {
            let number = period.number(*time, zone);
            if last == Some(number) {
                continue;
            }
            if count == policy.of(period) {
                break;
            }
            reasons.push(Reason::Period(period, count));
            (count, last) = (count + 1, Some(number));
        }
    }
    out
}

fn expires(policy: &Policy, reasons: &[Reason], snapshot: &Snapshot, now: i64) -> Option<i64> {
    if reasons.contains(&Reason::Newest) {
        return None;
    }
    let ends = reasons.iter().filter_map(|reason| match reason {
        Reason::Newest | Reason::Last(_) => None,
        Reason::Period(period, before) => Some(now + i64::from(policy.of(*period) - before) * period.about_secs()),
        Reason::Within => Some(snapshot.time_secs.saturating_add(policy.within_secs)),
        Reason::Young => Some(snapshot.seen_secs.saturating_add(policy.least_age_secs)),
    });
    ends.max()
}
