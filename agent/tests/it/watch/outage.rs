//! A day without the broker, and a day without whoever acknowledges, with the agent killed in between.

use std::time::Duration;

use atalaya_wire::StreamId;
use atalaya_wire::event::{Event, RunBegan, RunEnded};

use super::broker::Broker;
use super::ear::Way;
use super::nas::Nas;
use super::sidecar::Sidecar;
use super::{let_pass, until};

/// A day in thirty seconds; the loop turns about once a minute of it.
const SPEED: u32 = 2880;
const HALF_A_DAY: Duration = Duration::from_secs(15);
/// Anonymous memory of the daemon, as it is built for tests.
const MEMORY_KIB_MAX: u64 = 6 << 10;
/// In a second: twice the pace, at the first moment, and what the sidecar needs a moment for.
const RUSH_MAX: usize = 150;

/// Jobs that fail at once: four records a time, without a disk's work.
fn config(port: u16, sidecar: bool) -> String {
    let key = if sidecar { format!("[sidecar]\nkey = \"{}\"\n", "11".repeat(32)) } else { String::new() };
    format!(
        "{key}[[mqtt]]\nurl = \"mqtt://127.0.0.1:{port}\"\n[[job]]\nname = \"all\"\nrepo = \"/nowhere/repo\"\n\
         passphrase_file = \"/nowhere/passphrase\"\npaths = [\"/nowhere/source\"]\nschedule = \"every 1h\"\n"
    )
}

/// Waits until the sidecar has all records there are at one moment; gives the stream.
fn catch_up(nas: &Nas, sidecar: &mut Sidecar) -> StreamId {
    let began = sidecar.records.len();
    until(
        || format!("everything acknowledged: {} {}", nas.status(), nas.log()),
        || {
            sidecar.work();
            let waiting = nas.status()["records_waiting"].as_u64();
            sidecar.records.len() > began && waiting.is_some_and(|waiting| waiting <= 2)
        },
    );
    sidecar.records.last().unwrap().0
}

/// Each record once, none missing, in order; and as many as such a day makes.
fn check_records(sidecar: &Sidecar, stream: StreamId) {
    let numbers: Vec<u64> = sidecar.records.iter().map(|(_, seq, _)| *seq).collect();
    assert!(sidecar.records.iter().all(|(id, _, _)| *id == stream), "one state folder, one stream");
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
    let count = |kind| sidecar.records.iter().filter(|(_, _, kinds)| kinds.contains(&kind)).count();
    let (began, ended) = (count(RunBegan::KIND), count(RunEnded::KIND));
    assert!(began >= 20 && ended >= 19 && began.abs_diff(ended) <= 2, "{began} {ended}");
}

/// Frames that neither came nor were declared as lost.
fn silent(sidecar: &Sidecar) -> Vec<u64> {
    let stream = sidecar.frames.last().unwrap().0;
    let numbers = sidecar.frames_of(stream);
    let last = numbers.iter().copied().max().unwrap();
    let lost =
        |seq: u64| sidecar.frames_lost.iter().any(|(id, from, to)| *id == stream && (*from..=*to).contains(&seq));
    (1..=last).filter(|seq| !numbers.contains(seq) && !lost(*seq)).collect()
}

/// Asks for frames that it misses, until each has come or was told as lost.
fn ask_for_missing(sidecar: &mut Sidecar, stream: StreamId) {
    until(
        || "every frame sent or told as lost",
        || {
            sidecar.work();
            let missing = silent(sidecar);
            if let (Some(first), Some(last)) = (missing.first(), missing.last()) {
                sidecar.acknowledge(stream, vec![(*first, *last)]);
                let_pass(Duration::from_secs(2));
            }
            missing.is_empty()
        },
    );
}

fn check_limits(nas: &Nas, sidecar: &Sidecar) {
    assert!(nas.kib("RssAnon") <= MEMORY_KIB_MAX, "{} KiB", nas.kib("RssAnon"));
    assert!(nas.spool() <= 17 << 20, "{} bytes", nas.spool());
    assert!(sidecar.rush() <= RUSH_MAX, "{} in a second", sidecar.rush());
}

#[test]
fn a_day_without_the_broker_costs_no_record() {
    let folder = tempfile::tempdir().unwrap();
    let mut broker = Broker::open(folder.path());
    let way = Way::new(broker.port, &[]);
    let mut nas = Nas::new(folder.path(), "nas", SPEED, &config(broker.port, true));
    let mut sidecar = Sidecar::new(&way);
    sidecar.come();
    nas.start();
    let stream = catch_up(&nas, &mut sidecar);
    sidecar.go();
    broker.stop();
    let_pass(HALF_A_DAY);
    nas.kill();
    nas.start();
    let_pass(HALF_A_DAY);
    // The sidecar is there first: what is sent to nobody is gone.
    nas.hold(true);
    broker.start();
    sidecar.come();
    let_pass(Duration::from_secs(1));
    nas.hold(false);
    until(
        || format!("frames of the outage: {}", nas.log()),
        || {
            sidecar.work();
            sidecar.frames_of(sidecar.frames.last().map_or(StreamId([0; 16]), |frame| frame.0)).len() > 60
        },
    );
    assert_eq!(catch_up(&nas, &mut sidecar), stream);
    check_records(&sidecar, stream);
    ask_for_missing(&mut sidecar, stream);
    // Sparser, but back to the beginning.
    let all = sidecar.frames_of(sidecar.frames.last().unwrap().0);
    let (first, last) = (all.iter().min().unwrap(), all.iter().max().unwrap());
    assert!(*first < last / 2, "{all:?}");
    check_limits(&nas, &sidecar);
    assert_eq!(nas.stop(), Some(0));
}

#[test]
fn a_day_without_acknowledgements_costs_no_record() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::open(folder.path());
    let way = Way::new(broker.port, &[]);
    let mut nas = Nas::new(folder.path(), "nas", SPEED, &config(broker.port, true));
    let mut sidecar = Sidecar::new(&way);
    sidecar.come();
    nas.start();
    let stream = catch_up(&nas, &mut sidecar);
    sidecar.go();
    let_pass(HALF_A_DAY);
    nas.kill();
    nas.start();
    let_pass(HALF_A_DAY);
    let before = sidecar.frames.len();
    sidecar.come();
    assert_eq!(catch_up(&nas, &mut sidecar), stream);
    check_records(&sidecar, stream);
    // It missed all frames of the outage: it asks, and gets what is left.
    until(
        || "a frame",
        || {
            sidecar.work();
            sidecar.frames.len() > before
        },
    );
    ask_for_missing(&mut sidecar, stream);
    check_limits(&nas, &sidecar);
}

#[test]
fn without_a_sidecar_the_brokers_word_suffices() {
    let folder = tempfile::tempdir().unwrap();
    let mut broker = Broker::open(folder.path());
    let mut nas = Nas::new(folder.path(), "nas", SPEED, &config(broker.port, false));
    nas.start();
    until(|| nas.log(), || nas.connected());
    broker.stop();
    until(|| nas.log(), || nas.status()["records_waiting"].as_u64() > Some(20));
    nas.kill();
    nas.start();
    broker.start();
    until(|| format!("{} {}", nas.status(), nas.log()), || nas.status()["records_waiting"].as_u64() < Some(3));
}
