//! Announced maintenance on a virtual clock that begins on Friday, 15 January 2027, 08:00 UTC; killed, off, and with clocks
//! that jump.

use std::time::Duration;

use atalaya_alert::rule::DEFAULT;
use atalaya_alert::{Matcher, Rules};
use atalaya_wire::view::{Disk, Raid};
use atalaya_wire::{Sample, text};

use super::bench::{Bench, Node, START, system, terms};
use crate::error::Kind;
use crate::limits::WINDOWS_MAX;
use crate::tower::{Terms, Wish};
use crate::window::{Asked, Plan, Window};

const HOUR: u64 = 3600;

fn window(id: &str, begins: &str, every: Option<&str>, minutes: u32) -> Box<Window> {
    let asked = Asked { begins, every, to: None, minutes: Some(minutes), zone: "UTC" };
    Box::new(Window {
        id: id.into(),
        matcher: Matcher { node: Some("nas".into()), ..Matcher::default() },
        plan: Plan::new(&asked, START).unwrap(),
        who: "ana".into(),
        why: "new disks".into(),
    })
}

fn failing() -> Sample {
    Disk { health: Some(text("failing")), model: Some(text("WD Red")), ..Disk::default() }.into()
}

/// Ids of what holds, and until when after the start.
fn holds(bench: &Bench) -> Vec<(String, i64)> {
    let seen = bench.board.read();
    seen.quiets.iter().map(|quiet| (quiet.id.to_string(), quiet.until.0 - START)).collect()
}

fn holds_until(bench: &Bench, seconds: i64) -> bool {
    holds(bench) == [("w".to_owned(), seconds)]
}

fn add(bench: &mut Bench, begins: &str, every: Option<&str>, minutes: u32) {
    bench.ask(Wish::Window { window: window("w", begins, every, minutes), is_new: true }).unwrap();
}

/// So long nothing is done at all, as while the program is off.
fn off(bench: Bench, seconds: u64) -> Bench {
    bench.clock.pass(Duration::from_secs(seconds));
    let mut bench = bench.kill();
    bench.pass(10);
    bench
}

#[test]
fn maintenance_that_was_announced_begins_and_ends_by_itself_and_mutes_what_is_in_between() {
    let (mut bench, mut node) = (Bench::new(), Node::new("nas"));
    node.connect(&mut bench);
    add(&mut bench, "2027-01-15T08:10", None, 20);
    node.run(&mut bench, 9, &[]);
    assert_eq!(holds(&bench), [], "not before its time");
    node.run(&mut bench, 2, &[]);
    assert!(holds_until(&bench, 30 * 60));
    let quiet = bench.board.read().quiets[0].clone();
    assert_eq!((quiet.maintenance, quiet.who.as_str(), quiet.why.as_str()), (true, "ana", "new disks"));
    node.run(&mut bench, 18, &[("WD-1", failing())]);
    assert_eq!((bench.board.read().alerts.len(), bench.number("SELECT count(*) FROM notification")), (1, 0));
    node.run(&mut bench, 3, &[("WD-1", failing())]);
    assert_eq!(holds(&bench), []);
    assert_eq!(bench.number("SELECT count(*) FROM notification WHERE kind = 'fired'"), 1, "it still fires");
}

#[test]
fn a_kill_at_any_second_loses_no_window_and_begins_none_twice() {
    for second in 50..130 {
        let mut bench = Bench::new();
        add(&mut bench, "2027-01-15T08:01", None, 1);
        for at in 1..180 {
            bench.pass(1);
            if at == second {
                bench = bench.kill();
            }
            match at {
                0..59 | 126.. => assert_eq!(holds(&bench), [], "killed at {second}, at {at}"),
                68..118 => assert!(holds_until(&bench, 120), "killed at {second}, at {at}: {:?}", holds(&bench)),
                _ => {}
            }
        }
        assert_eq!(bench.number("SELECT begun FROM maintenance"), START + 60, "{second}");
    }
}

#[test]
fn a_sidecar_that_was_off_begins_late_and_ends_on_time_or_leaves_it_out() {
    let mut bench = Bench::new();
    add(&mut bench, "2027-01-15T09:00", Some("day"), 60);
    let bench = off(bench, 90 * 60);
    assert!(holds_until(&bench, 2 * HOUR as i64), "half of it was missed: {:?}", holds(&bench));
    let bench = off(bench, 10 * 60);
    assert!(holds_until(&bench, 2 * HOUR as i64), "it was begun before, and goes on");
    let bench = off(bench, 27 * HOUR);
    assert_eq!(holds(&bench), [], "all of the next day's was missed");
    let bench = off(bench, 21 * HOUR);
    assert!(holds_until(&bench, 50 * HOUR as i64), "the day after it comes again: {:?}", holds(&bench));
}

#[test]
fn what_is_removed_or_changed_while_it_holds_ends_or_changes_at_once_with_a_line_of_the_audit_each() {
    let mut bench = Bench::new();
    add(&mut bench, "2027-01-15T07:30", None, 60);
    assert!(holds_until(&bench, 30 * 60), "it holds before anybody is answered");
    let longer = window("w", "2027-01-15T07:30", None, 90);
    bench.ask(Wish::Window { window: longer, is_new: false }).unwrap();
    assert!(holds_until(&bench, HOUR as i64));
    let later = window("w", "2027-01-15T10:00", None, 90);
    bench.ask(Wish::Window { window: later.clone(), is_new: false }).unwrap();
    assert_eq!(holds(&bench), [], "now it is ahead");
    let now = window("w", "2027-01-15T08:00", None, 30);
    bench.ask(Wish::Window { window: now, is_new: false }).unwrap();
    let mut bench = bench.kill();
    assert!(holds_until(&bench, 30 * 60));
    bench.ask(Wish::RemoveWindow("w".into())).unwrap();
    assert_eq!((holds(&bench), bench.board.read().windows.len()), (vec![], 0));
    assert_eq!(bench.number("SELECT count(*) FROM maintenance"), 0);
    let missing = |done: crate::error::Result<_>| done.unwrap_err().kind;
    assert_eq!(missing(bench.ask(Wish::RemoveWindow("w".into()))), Kind::Missing);
    assert_eq!(missing(bench.ask(Wish::Window { window: later, is_new: false })), Kind::Missing);
    let told = "window.add,window.change,window.change,window.change,window.remove";
    assert_eq!(bench.text("SELECT group_concat(what) FROM (SELECT what FROM audit ORDER BY id)"), told);
    let detail = bench.text("SELECT detail FROM audit WHERE id = 1");
    assert!(detail.ends_with("2027-01-15T07:30 for 60 min UTC: new disks"), "{detail}");
    let mut bench = off(bench, 60);
    bench.pass(60);
    assert_eq!(holds(&bench), []);
}

#[test]
fn what_somebody_ended_before_its_time_stays_ended_until_it_comes_again() {
    let mut bench = Bench::new();
    add(&mut bench, "2027-01-15T07:30", Some("day"), 60);
    bench.ask(Wish::EndQuiet("w".into())).unwrap();
    let mut bench = off(bench, 60);
    assert_eq!(holds(&bench), []);
    let same = Box::new(Window { why: "older disks".into(), ..*window("w", "2027-01-15T07:30", Some("day"), 60) });
    bench.ask(Wish::Window { window: same, is_new: false }).unwrap();
    assert_eq!(holds(&bench), [], "other words are no other time");
    let bench = off(bench, 24 * HOUR - 200);
    assert!(holds_until(&bench, 24 * HOUR as i64 + 30 * 60), "{:?}", holds(&bench));
    assert_eq!(bench.board.read().quiets[0].why, "older disks");
}

#[test]
fn a_clock_that_jumps_makes_no_maintenance_longer_and_takes_no_window_away() {
    let mut bench = Bench::new();
    add(&mut bench, "2027-01-15T08:05", None, 30);
    let ahead = window("x", "2027-01-17T08:00", None, 30);
    bench.ask(Wish::Window { window: ahead, is_new: true }).unwrap();
    bench.pass(10);
    // Ten years ahead, and back again: as a machine without a battery for its clock may do.
    let years = 10 * 365 * 86_400_000;
    bench.clock.jump(years);
    bench.pass(60);
    assert_eq!((holds(&bench), bench.board.read().windows.len()), (vec![], 2));
    bench.clock.jump(-years);
    bench.pass(300);
    assert!(holds_until(&bench, 35 * 60), "{:?}", holds(&bench));
    // Half an hour back while it holds: it has passed when its half an hour has, whatever the clock says.
    bench.clock.jump(-30 * 60 * 1000);
    bench.pass(31 * 60);
    assert_eq!(holds(&bench), []);
    bench.pass(10 * 60);
    assert_eq!(holds(&bench), [], "and it does not begin again");
    bench.clock.pass(Duration::from_secs(26 * HOUR));
    bench.pass(10);
    let left: Vec<_> = bench.board.read().windows.iter().map(|window| window.id.to_string()).collect();
    assert_eq!(left, ["w", "x"], "one that only looked over once is still ahead");
}

#[test]
fn there_are_so_many_windows_and_one_that_is_over_makes_room() {
    let mut bench = Bench::new();
    let one = |bench: &mut Bench, number: usize, begins: &str| {
        let window = window(&format!("w{number:03}"), begins, None, 5);
        bench.ask(Wish::Window { window, is_new: true })
    };
    one(&mut bench, 0, "2027-01-15T08:00").unwrap();
    for number in 1..WINDOWS_MAX {
        one(&mut bench, number, "2027-02-01T08:00").unwrap();
    }
    let bench = &mut off(bench, 60);
    let ids = |bench: &Bench| bench.board.read().windows.iter().map(|window| window.id.to_string()).collect::<Vec<_>>();
    assert!(ids(bench).contains(&"w000".to_owned()), "it is over, and still shown");
    one(bench, WINDOWS_MAX, "2027-02-01T08:00").unwrap();
    assert!(!ids(bench).contains(&"w000".to_owned()) && ids(bench).len() == WINDOWS_MAX);
    let why = one(bench, WINDOWS_MAX + 1, "2027-02-01T08:00").unwrap_err();
    assert!(why.kind == Kind::Refused && why.text.contains("256 windows"), "{why}");
    let changed = window("w001", "2027-02-01T09:00", None, 5);
    bench.ask(Wish::Window { window: changed, is_new: false }).unwrap();
    assert_eq!(bench.number("SELECT count(*) FROM maintenance") as usize, WINDOWS_MAX);
}

#[test]
fn what_is_over_goes_after_a_day_that_really_passed() {
    let mut bench = Bench::new();
    add(&mut bench, "2027-01-15T08:01", None, 1);
    for hours in 1..=26 {
        bench.clock.pass(Duration::from_secs(HOUR));
        bench.pass(6);
        let left = bench.number("SELECT count(*) FROM maintenance");
        assert_eq!(left, i64::from(hours <= 24), "after {hours} hours");
    }
    assert_eq!(bench.board.read().windows.len(), 0);
}

#[test]
fn announced_maintenance_over_an_escalation_tells_nobody_while_it_lasts() {
    let (id, escalates) = ("id = \"raid-degraded\"\n", "escalate = [{ after = \"1h\", to = \"second\" }]\n");
    let rules = Rules::parse(&[&DEFAULT.replace(id, &format!("{id}{escalates}"))]).unwrap();
    let (mut bench, mut node) = (Bench::with(Terms { rules: rules.into(), ..terms() }), Node::new("nas"));
    node.connect(&mut bench);
    add(&mut bench, "2027-01-15T08:30", None, 120);
    let raid = || Sample::from(Raid { state: Some(text("degraded")), ..Raid::default() });
    for minute in 0..240 {
        node.run(&mut bench, 1, &[("md0", raid()), ("", system(40.0))]);
        // Before, at its beginning, and in it. Afterwards none: what the engine counts waits while nothing is written.
        if [10, 30, 99].contains(&minute) {
            bench = bench.kill();
        }
    }
    let told = "SELECT group_concat(kind || ' ' || ((at - 1800000000) / 60)) FROM (SELECT kind, at FROM notification WHERE body LIKE '%raid-degraded%' ORDER BY at)";
    assert_eq!(bench.text(told), "fired 2,still_firing 150,escalated 210");
}

#[test]
fn a_node_that_is_retired_takes_what_was_announced_for_it_along() {
    let (mut bench, mut node) = (Bench::new(), Node::new("nas"));
    node.connect(&mut bench);
    add(&mut bench, "2027-01-15T08:10", Some("day"), 20);
    node.run(&mut bench, 11, &[]);
    assert!(holds_until(&bench, 30 * 60));
    bench.ask(Wish::Retire { node: "nas".into(), forget: false }).unwrap();
    assert_eq!((holds(&bench), bench.number("SELECT count(*) FROM maintenance")), (vec![], 0));
}
