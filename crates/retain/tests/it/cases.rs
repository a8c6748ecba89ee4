//! A table of cases: which of some snapshots are kept.

use atalaya_retain::{Policy, Reason, Snapshot, decide};
use jiff::Timestamp;
use jiff::tz::TimeZone;

fn at(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_second()
}

fn snapshot(time: &str) -> Snapshot {
    Snapshot { writer: 1, job: "home".into(), time_secs: at(time), seen_secs: at(time), valid: true }
}

fn policy(last: u32, periods: [u32; 5]) -> Policy {
    Policy { last, periods, within_secs: 0, least_age_secs: 0 }
}

/// The numbers of those that are kept.
fn kept(policy: &Policy, times: &[&str], zone: &TimeZone) -> Vec<usize> {
    let all: Vec<Snapshot> = times.iter().map(|time| snapshot(time)).collect();
    let now = all.iter().map(|one| one.time_secs).max().unwrap_or(0);
    let verdicts = decide(policy, &all, now, zone);
    (0..all.len()).filter(|n| verdicts[*n].is_kept()).collect()
}

fn madrid() -> TimeZone {
    TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap()
}

#[test]
fn cases() {
    let utc = TimeZone::UTC;
    let days = ["2026-11-18T03:00:00Z", "2026-11-19T03:00:00Z", "2026-11-20T03:00:00Z", "2026-11-20T15:00:00Z"];
    let months = ["2026-01-31T00:00:00Z", "2026-02-28T00:00:00Z", "2026-03-01T00:00:00Z", "2026-03-31T00:00:00Z"];
    let years = ["2019-12-31T23:00:00Z", "2020-01-01T01:00:00Z", "2021-06-01T00:00:00Z"];
    // A Sunday, the Monday behind it, and New Year's Eve with the week that goes on behind it.
    let weeks = ["2026-11-15T12:00:00Z", "2026-11-16T12:00:00Z", "2026-12-31T12:00:00Z", "2027-01-01T12:00:00Z"];
    for (policy, times, zone, expected) in [
        (policy(0, [0; 5]), &days[..], &utc, vec![3]),
        (policy(2, [0; 5]), &days, &utc, vec![2, 3]),
        (policy(9, [0; 5]), &days, &utc, vec![0, 1, 2, 3]),
        (policy(0, [0, 2, 0, 0, 0]), &days, &utc, vec![1, 3]),
        (policy(0, [2, 0, 0, 0, 0]), &days, &utc, vec![2, 3]),
        (policy(0, [0, 0, 0, 2, 0]), &months, &utc, vec![1, 3]),
        (policy(0, [0, 0, 0, 0, 2]), &years, &utc, vec![1, 2]),
        // In Madrid the first two are in one year.
        (policy(0, [0, 0, 0, 0, 3]), &years, &madrid(), vec![1, 2]),
        (policy(0, [0, 0, 0, 0, 3]), &years, &utc, vec![0, 1, 2]),
        (policy(0, [0, 0, 9, 0, 0]), &weeks, &utc, vec![0, 1, 3]),
    ] {
        assert_eq!(kept(&policy, times, zone), expected, "{policy:?} {times:?}");
    }
}

#[test]
fn the_hour_that_comes_twice_is_two_and_the_day_with_it_is_one() {
    // 2026-10-25: at three o'clock summer time it is two o'clock again.
    let night = ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z"];
    assert_eq!(kept(&policy(0, [9, 0, 0, 0, 0]), &night, &madrid()), [0, 1, 2]);
    assert_eq!(kept(&policy(0, [0, 9, 0, 0, 0]), &night, &madrid()), [2]);
    // 2026-03-29 has 23 hours; half past midnight and half past eleven at night are one day.
    let day = ["2026-03-28T23:30:00Z", "2026-03-29T21:30:00Z", "2026-03-29T22:30:00Z"];
    assert_eq!(kept(&policy(0, [0, 9, 0, 0, 0]), &day, &madrid()), [1, 2]);
}

#[test]
fn hours_begin_when_the_clock_of_the_place_shows_so() {
    let kolkata = TimeZone::posix("IST-5:30").unwrap();
    let times = ["2026-11-20T09:20:00Z", "2026-11-20T09:40:00Z", "2026-11-20T10:20:00Z"];
    assert_eq!(kept(&policy(0, [9, 0, 0, 0, 0]), &times, &kolkata), [0, 2]);
}

#[test]
fn jobs_and_writers_are_judged_apart() {
    let mut all =
        vec![snapshot("2026-11-18T03:00:00Z"), snapshot("2026-11-19T03:00:00Z"), snapshot("2026-11-20T03:00:00Z")];
    all[0].job = "other".into();
    all[1].writer = 2;
    let verdicts = decide(&policy(1, [0; 5]), &all, at("2026-11-20T04:00:00Z"), &TimeZone::UTC);
    assert!(verdicts.iter().all(|verdict| verdict.reasons.contains(&Reason::Newest)));
}

#[test]
fn the_young_stay_and_what_is_not_valid_takes_nobodys_place() {
    let mut all =
        vec![snapshot("2026-11-18T03:00:00Z"), snapshot("2026-11-20T02:00:00Z"), snapshot("2026-11-20T03:00:00Z")];
    all[2].valid = false;
    let now = at("2026-11-20T04:00:00Z");
    let policy = Policy { least_age_secs: 5400, ..policy(1, [0; 5]) };
    let verdicts = decide(&policy, &all, now, &TimeZone::UTC);
    assert_eq!(verdicts[0].reasons, []);
    assert_eq!(verdicts[1].reasons, [Reason::Newest, Reason::Last(0)]);
    assert_eq!(verdicts[2].reasons, [Reason::Young]);
    assert_eq!(verdicts[2].expires_secs, Some(at("2026-11-20T04:30:00Z")));
}

#[test]
fn a_snapshot_says_when_it_will_go() {
    let all = [snapshot("2026-11-18T03:00:00Z"), snapshot("2026-11-19T03:00:00Z"), snapshot("2026-11-20T03:00:00Z")];
    let now = at("2026-11-20T04:00:00Z");
    let verdicts = decide(&policy(0, [0, 7, 0, 0, 0]), &all, now, &TimeZone::UTC);
    let days: Vec<Option<i64>> =
        verdicts.iter().map(|verdict| verdict.expires_secs.map(|end| (end - now) / 86_400)).collect();
    assert_eq!(days, [Some(5), Some(6), None]);
}
