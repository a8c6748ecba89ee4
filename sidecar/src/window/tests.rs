//! Begins and ends as data: times by Madrid's clock come in, real times come out.

use super::*;

fn at(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().unwrap().as_second()
}

fn asked<'a>(begins: &'a str, every: &'a str, ends: &'a str) -> Asked<'a> {
    let minutes = ends.parse().ok();
    let to = Some(ends).filter(|_| minutes.is_none());
    Asked { begins, every: Some(every).filter(|every| !every.is_empty()), to, minutes, zone: "Europe/Madrid" }
}

fn plan(begins: &str, every: &str, ends: &str) -> Plan {
    Plan::new(&asked(begins, every, ends), at("2026-01-01T00:00:00Z")).unwrap()
}

fn show(span: Option<Span>) -> String {
    let time = |at: i64| jiff::Timestamp::from_second(at).unwrap().to_string();
    span.map_or_else(|| "never".into(), |span| format!("{} {}", time(span.begins), time(span.ends)))
}

#[test]
fn the_next_one_is_as_people_mean_it() {
    for (begins, every, ends, now, next) in [
        // Once.
        ("2026-11-28T22:00", "", "240", "2026-11-22T00:00:00Z", "2026-11-28T21:00:00Z 2026-11-29T01:00:00Z"),
        ("2026-11-28T22:00", "", "240", "2026-11-28T21:00:00Z", "never"),
        ("2026-12-31T23:30", "", "00:30", "2026-11-22T00:00:00Z", "2026-12-31T22:30:00Z 2026-12-31T23:30:00Z"),
        ("2027-06-01T10:00", "", "20160", "2026-11-22T00:00:00Z", "2027-06-01T08:00:00Z 2027-06-15T08:00:00Z"),
        // Each day: not before its first day, and the one of today only before it began.
        ("2026-11-22T02:00", "day", "04:00", "2026-11-20T12:00:00Z", "2026-11-22T01:00:00Z 2026-11-22T03:00:00Z"),
        ("2026-11-22T02:00", "day", "04:00", "2026-11-22T01:00:00Z", "2026-11-23T01:00:00Z 2026-11-23T03:00:00Z"),
        // Named days of a week, over midnight; 22 November 2026 is a Sunday.
        ("2026-01-01T23:00", "mon,wed", "01:00", "2026-11-22T12:00:00Z", "2026-11-23T22:00:00Z 2026-11-24T00:00:00Z"),
        ("2026-01-01T23:00", "mon,wed", "01:00", "2026-11-23T22:00:00Z", "2026-11-25T22:00:00Z 2026-11-26T00:00:00Z"),
        // Of a month.
        ("2026-01-01T03:00", "first sun", "05:00", "2026-11-22T12:00:00Z", "2026-12-06T02:00:00Z 2026-12-06T04:00:00Z"),
        ("2026-01-01T03:00", "first sun", "05:00", "2026-12-06T02:00:00Z", "2027-01-03T02:00:00Z 2027-01-03T04:00:00Z"),
        ("2026-01-01T03:00", "last fri", "60", "2026-11-28T12:00:00Z", "2026-12-25T02:00:00Z 2026-12-25T03:00:00Z"),
        (
            "2026-01-01T03:00",
            "fourth mon,tue",
            "60",
            "2026-11-23T12:00:00Z",
            "2026-11-24T02:00:00Z 2026-11-24T03:00:00Z",
        ),
        ("2026-01-01T03:00", "day 28", "60", "2027-02-01T12:00:00Z", "2027-02-28T02:00:00Z 2027-02-28T03:00:00Z"),
        // The ends of months, and of February.
        ("2026-01-01T12:00", "last day", "60", "2026-11-22T12:00:00Z", "2026-11-30T11:00:00Z 2026-11-30T12:00:00Z"),
        ("2026-01-01T12:00", "last day", "60", "2027-02-01T12:00:00Z", "2027-02-28T11:00:00Z 2027-02-28T12:00:00Z"),
        ("2026-01-01T12:00", "last day", "60", "2028-02-01T12:00:00Z", "2028-02-29T11:00:00Z 2028-02-29T12:00:00Z"),
        ("2026-01-01T23:00", "last day", "01:00", "2026-12-01T12:00:00Z", "2026-12-31T22:00:00Z 2027-01-01T00:00:00Z"),
        // 02:00 becomes 03:00 on 29 March 2026: what is left out comes as much later, and has its length.
        ("2026-01-01T02:30", "day", "04:30", "2026-03-28T12:00:00Z", "2026-03-29T01:30:00Z 2026-03-29T02:30:00Z"),
        ("2026-01-01T02:30", "day", "60", "2026-03-28T12:00:00Z", "2026-03-29T01:30:00Z 2026-03-29T02:30:00Z"),
        ("2026-01-01T02:00", "day", "02:45", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z 2026-03-29T01:45:00Z"),
        ("2026-01-01T02:30", "day", "03:00", "2026-03-28T12:00:00Z", "2026-03-29T01:30:00Z 2026-03-29T02:00:00Z"),
        ("2026-01-01T01:00", "day", "04:00", "2026-03-28T12:00:00Z", "2026-03-29T00:00:00Z 2026-03-29T02:00:00Z"),
        ("2026-03-28T22:00", "", "360", "2026-03-28T12:00:00Z", "2026-03-28T21:00:00Z 2026-03-29T03:00:00Z"),
        // 03:00 becomes 02:00 on 25 October 2026: what is shown twice is the first, and 02:00 to 04:00 takes three hours.
        ("2026-01-01T02:30", "day", "02:45", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z 2026-10-25T00:45:00Z"),
        ("2026-01-01T02:00", "day", "04:00", "2026-10-24T12:00:00Z", "2026-10-25T00:00:00Z 2026-10-25T03:00:00Z"),
        ("2026-01-01T02:30", "day", "60", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z 2026-10-26T02:30:00Z"),
        ("2026-10-24T22:00", "", "360", "2026-10-24T12:00:00Z", "2026-10-24T20:00:00Z 2026-10-25T02:00:00Z"),
    ] {
        assert_eq!(show(plan(begins, every, ends).next(at(now))), next, "{begins} {every} {ends} at {now}");
    }
}

#[test]
fn what_runs_began_before_and_ends_after() {
    for (begins, every, ends, now, current) in [
        ("2026-11-28T22:00", "", "240", "2026-11-28T20:59:59Z", "never"),
        ("2026-11-28T22:00", "", "240", "2026-11-28T21:00:00Z", "2026-11-28T21:00:00Z 2026-11-29T01:00:00Z"),
        ("2026-11-28T22:00", "", "240", "2026-11-29T00:59:59Z", "2026-11-28T21:00:00Z 2026-11-29T01:00:00Z"),
        ("2026-11-28T22:00", "", "240", "2026-11-29T01:00:00Z", "never"),
        ("2026-06-01T10:00", "", "20160", "2026-06-15T07:59:59Z", "2026-06-01T08:00:00Z 2026-06-15T08:00:00Z"),
        ("2026-01-01T23:00", "last day", "01:00", "2026-12-31T23:30:00Z", "2026-12-31T22:00:00Z 2027-01-01T00:00:00Z"),
        // Of what touches, the later; not before its first day.
        ("2026-11-22T12:00", "day", "1440", "2026-11-23T11:00:00Z", "2026-11-23T11:00:00Z 2026-11-24T11:00:00Z"),
        ("2026-11-22T12:00", "day", "1440", "2026-11-22T10:00:00Z", "never"),
        // A day of 23 hours: two overlap.
        ("2026-03-01T12:00", "day", "1440", "2026-03-29T10:30:00Z", "2026-03-29T10:00:00Z 2026-03-30T10:00:00Z"),
        // The hour that comes twice.
        ("2026-01-01T02:30", "day", "02:45", "2026-10-25T01:30:00Z", "never"),
        ("2026-01-01T02:00", "day", "04:00", "2026-10-25T02:59:59Z", "2026-10-25T00:00:00Z 2026-10-25T03:00:00Z"),
    ] {
        assert_eq!(show(plan(begins, every, ends).current(at(now))), current, "{begins} {every} {ends} at {now}");
    }
}

#[test]
fn what_is_no_plan_says_why() {
    for (begins, every, ends, why) in [
        ("2026-02-29T10:00", "", "60", Wrong::Begins),
        ("2026-11-28", "", "60", Wrong::Begins),
        ("2026-11-28T22:00Z", "", "60", Wrong::Begins),
        ("+02026-11-28T22", "", "60", Wrong::Begins),
        ("9999-12-31T23:59", "", "60", Wrong::Begins),
        ("9999-01-01T00:00", "", "60", Wrong::Far),
        ("2029-01-01T00:00", "day", "60", Wrong::Far),
        ("2025-12-31T22:00", "", "60", Wrong::Over),
        ("2026-11-28T22:00", "noon", "60", Wrong::Every),
        ("2026-11-28T22:00", "mon,mon", "60", Wrong::Every),
        ("2026-11-28T22:00", "day 29", "60", Wrong::Every),
        ("2026-11-28T22:00", "fifth sun", "60", Wrong::Every),
        ("2026-11-28T22:00", "last  sun", "60", Wrong::Every),
        ("2026-11-28T22:00", "", "22:00", Wrong::To),
        ("2026-11-28T22:00", "", "24:00", Wrong::To),
        ("2026-11-28T22:00", "", "", Wrong::To),
        ("2026-11-28T22:00", "", "0", Wrong::Minutes),
        ("2026-11-28T22:00", "", "20161", Wrong::Minutes),
        ("2026-11-28T22:00", "day", "1441", Wrong::Minutes),
    ] {
        let found = Plan::new(&asked(begins, every, ends), at("2026-01-01T00:00:00Z"));
        assert_eq!(found.unwrap_err(), why, "{begins} {every} {ends}");
    }
    let good = asked("2026-11-28T22:00", "day", "60");
    for (asked, why) in [
        (Asked { zone: "Mars/Base", ..good }, Wrong::Zone),
        (Asked { zone: "", ..good }, Wrong::Zone),
        (Asked { to: Some("23:00"), ..good }, Wrong::Ends),
        (Asked { minutes: None, ..good }, Wrong::Ends),
    ] {
        assert_eq!(Plan::new(&asked, 0x6955_b900).unwrap_err(), why, "{asked:?}");
    }
}

#[test]
fn days_are_written_as_they_were_read() {
    for text in ["day", "mon", "sat,sun", "first sun", "last mon,fri", "day 1", "day 28", "last day"] {
        assert_eq!(text.parse::<Every>().unwrap().to_string(), text);
    }
    assert_eq!("sun,mon".parse::<Every>().unwrap().to_string(), "mon,sun");
}

#[test]
fn a_window_is_what_it_was_when_it_is_read_again_and_waits_where_nobody_knows_its_zone() {
    let window = Window {
        id: "w".into(),
        matcher: Matcher { node: Some("nas".into()), ..Matcher::default() },
        plan: plan("2026-11-28T22:00", "first sun", "05:00"),
        who: "ana".into(),
        why: "disks".into(),
    };
    let text = serde_json::to_string(&window).unwrap();
    assert_eq!(serde_json::from_str::<Window>(&text).unwrap(), window);
    let lost: Window = serde_json::from_str(&text.replace("Europe/Madrid", "Mars/Base")).unwrap();
    let now = at("2026-12-06T03:00:00Z");
    assert_eq!((lost.plan.current(now), lost.plan.next(now), lost.plan.is_over(now)), (None, None, false));
    assert_eq!(lost.plan.zone.name(), "Mars/Base");
}

#[test]
fn a_zone_is_written_as_it_is_known() {
    let asked = Asked { zone: "europe/madrid", ..asked("2026-11-28T22:00", "day", "60") };
    assert_eq!(Plan::new(&asked, at("2026-01-01T00:00:00Z")).unwrap().zone.name(), "Europe/Madrid");
}

#[test]
fn times_that_no_calendar_has_have_no_window() {
    let plan = plan("2026-01-01T02:00", "day", "60");
    for now in [i64::MIN, -400_000_000_000, 253_402_207_200, i64::MAX] {
        assert_eq!((plan.current(now), plan.next(now)), (None, None), "{now}");
    }
}
