//! What holds for any snapshots and any policy.

use std::collections::BTreeSet;

use atalaya_retain::{Period, Policy, Snapshot, decide};
use jiff::tz::TimeZone;
use proptest::prelude::*;

fn policies() -> impl Strategy<Value = Policy> {
    (0_u32..5, [0_u32..5, 0..9, 0..6, 0..14, 0..8], 0_i64..40, 0_i64..3).prop_map(|(last, periods, within, age)| {
        Policy { last, periods, within_secs: within * 86_400, least_age_secs: age * 86_400 }
    })
}

/// Up to three years of snapshots of two jobs.
fn snapshots() -> impl Strategy<Value = Vec<Snapshot>> {
    let one = (0_i64..95_000_000, 0_u32..2, prop::bool::weighted(0.9)).prop_map(|(secs, job, valid)| Snapshot {
        writer: 1,
        job: format!("job {job}"),
        time_secs: 1_700_000_000 + secs,
        seen_secs: 1_700_000_000 + secs,
        valid,
    });
    prop::collection::vec(one, 0..120)
}

fn zone() -> TimeZone {
    TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap()
}

const END: i64 = 1_700_000_000 + 95_000_000;

proptest! {
    #[test]
    fn never_fewer_than_asked_and_never_the_last(policy in policies(), all in snapshots()) {
        let verdicts = decide(&policy, &all, END, &zone());
        for job in ["job 0", "job 1"] {
            let of_job = |n: &usize| all[*n].job == job && all[*n].valid;
            let valid: Vec<usize> = (0..all.len()).filter(of_job).collect();
            let kept: Vec<usize> = valid.iter().copied().filter(|n| verdicts[*n].is_kept()).collect();
            prop_assert_eq!(kept.is_empty(), valid.is_empty());
            prop_assert!(kept.len() >= valid.len().min(policy.last as usize));
            for period in Period::ALL {
                let numbers = |which: &[usize]| -> BTreeSet<i64> {
                    which.iter().map(|n| period.number(all[*n].time_secs, &zone())).collect()
                };
                let wanted = numbers(&valid).len().min(policy.of(period) as usize);
                let newest: BTreeSet<i64> = numbers(&valid).into_iter().rev().take(wanted).collect();
                prop_assert!(numbers(&kept).is_superset(&newest), "{} of {}", period, job);
            }
        }
    }

    /// What was forgotten would not have been wanted later: a longer look back at any later day keeps nothing more.
    #[test]
    fn what_goes_once_is_never_wanted_again(policy in policies(), all in snapshots(), day in 0_i64..1100) {
        let then = 1_700_000_000 + day * 86_400;
        let before: Vec<Snapshot> = all.iter().filter(|one| one.time_secs <= then).cloned().collect();
        let early = decide(&policy, &before, then, &zone());
        let late = decide(&policy, &all, END, &zone());
        let later: Vec<bool> = all.iter().zip(&late).filter(|(one, _)| one.time_secs <= then).map(|(_, v)| v.is_kept()).collect();
        for (n, verdict) in early.iter().enumerate() {
            prop_assert!(verdict.is_kept() || !later[n], "{:?}", before[n]);
        }
    }

    /// Forgetting every day leaves what forgetting once at the end does.
    #[test]
    fn day_by_day_is_as_at_once(policy in policies(), mut all in snapshots()) {
        all.retain(|one| one.valid);
        all.sort_by_key(|one| one.time_secs);
        let mut left: Vec<Snapshot> = Vec::new();
        for one in &all {
            left.push(one.clone());
            let verdicts = decide(&policy, &left, one.time_secs, &zone());
            let mut verdicts = verdicts.iter();
            left.retain(|_| verdicts.next().is_some_and(|verdict| verdict.is_kept()));
        }
        let last = all.last().map_or(0, |one| one.time_secs);
        let at_once = decide(&policy, &all, last, &zone());
        let mut verdicts = at_once.iter();
        let expected: Vec<Snapshot> = all.iter().filter(|_| verdicts.next().is_some_and(|v| v.is_kept())).cloned().collect();
        prop_assert_eq!(left, expected);
    }

    #[test]
    fn more_is_asked_for_and_nothing_less_is_kept(policy in policies(), all in snapshots(), which in 0_usize..5) {
        let mut more = policy.clone();
        more.periods[which] += 1;
        let (few, many) = (decide(&policy, &all, END, &zone()), decide(&more, &all, END, &zone()));
        prop_assert!(few.iter().zip(&many).all(|(few, many)| !few.is_kept() || many.is_kept()));
    }
}
