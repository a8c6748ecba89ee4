//! The clock jumps by a day, forward and back.

use atalaya_wire::event::{Event, RunBegan};
use atalaya_wire::message::Message;

use super::broker::Broker;
use super::ear::{Ear, Way};
use super::nas::Nas;
use super::until;

const DAY: i64 = 86_400;
/// Slow enough that no job's time comes by itself while the test runs.
const SPEED: u32 = 30;

/// Why jobs began, by name.
fn runs(ear: &Ear) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for said in ear.on("/record") {
        for part in Message::parse(&said.payload).unwrap().parts().filter(|part| part.kind == RunBegan::KIND) {
            let run: RunBegan = postcard::from_bytes(part.body).unwrap();
            out.push((run.job.as_str().to_owned(), run.cause.as_str().to_owned()));
        }
    }
    out.sort();
    out
}

/// Frames that came, and by how much the clock that never jumps went on from each to the next, in milliseconds.
fn steps(ear: &Ear) -> Vec<u64> {
    let stamps: Vec<u64> =
        ear.on("/frame").iter().map(|said| Message::parse(&said.payload).unwrap().head.stamp.boot_millis).collect();
    stamps.windows(2).map(|two| two[1].checked_sub(two[0]).expect("it went back")).collect()
}

fn wait_for_frames(ear: &Ear, count: usize) {
    let before = ear.count("/frame");
    until(|| "more frames", || ear.count("/frame") >= before + count);
}

#[test]
fn a_day_forward_is_caught_up_once_and_a_day_back_runs_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::open(folder.path());
    let ear = Ear::new(&Way::new(broker.port, &[]), &["atalaya/+/frame", "atalaya/+/record"]);
    // Both at a time of the day that is twelve hours away.
    let hour = (jiff::Timestamp::now().as_second() / 3600 + 12) % 24;
    let job = |name: &str| {
        format!(
            "[[job]]\nname = \"{name}\"\nrepo = \"/nowhere/repo\"\npassphrase_file = \"/nowhere/passphrase\"\n\
             paths = [\"/nowhere/source\"]\nschedule = \"daily {hour:02}:30\"\nretries = 0\n"
        )
    };
    let broker_at = format!("[[mqtt]]\nurl = \"mqtt://127.0.0.1:{}\"\n", broker.port);
    let config = format!("[watch]\ninterval = \"10s\"\n{broker_at}{}{}", job("a"), job("b"));
    let mut nas = Nas::new(folder.path(), "nas", SPEED, &config);
    nas.start();
    wait_for_frames(&ear, 3);
    assert_eq!(runs(&ear), []);

    nas.jump(DAY);
    until(|| format!("{:?} {}", runs(&ear), nas.log()), || runs(&ear).len() >= 2);
    wait_for_frames(&ear, 10);
    let once = [("a".to_owned(), "catch_up".to_owned()), ("b".to_owned(), "catch_up".to_owned())];
    assert_eq!(runs(&ear), once);

    nas.jump(0);
    wait_for_frames(&ear, 10);
    assert_eq!(runs(&ear), once, "back is no reason to run");
    nas.jump(-DAY);
    wait_for_frames(&ear, 10);
    assert_eq!(runs(&ear), once, "nor is another day back");
    nas.jump(0);
    wait_for_frames(&ear, 10);

    let steps = steps(&ear);
    // An interval, what the probes took, and the loop's turn: never a day.
    assert!(steps.iter().all(|step| (5_000..600_000).contains(step)), "{steps:?}");
    let next = nas.status()["jobs"][0]["next_at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let away = next.as_second() - jiff::Timestamp::now().as_second();
    assert!((0..=DAY + 3600).contains(&away), "the next run is {away} s away");
    assert_eq!(nas.stop(), Some(0));
}
