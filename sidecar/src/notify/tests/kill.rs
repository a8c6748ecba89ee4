//! A program that is killed: everything is told, and at most one of it twice for each kill.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use atalaya_alert::Kind;

use super::service::Service;
use super::stand::{NOW, Stand, told, webhook};

/// Set for the child that sends until it is killed: its state folder.
const FOLDER: &str = "ATALAYA_TEST_SENDS_FROM";
/// What waits is kept between a few and enough for a digest.
const AHEAD: usize = 26;

#[test]
fn kill_9_loses_none_and_repeats_one_at_most() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return send_for_ever(folder.as_ref());
    }
    let kills = if std::env::var("ATALAYA_TESTS_FULL").is_ok_and(|full| !full.is_empty()) { 200 } else { 20 };
    let (folder, service) = (tempfile::tempdir().unwrap(), Service::new(200));
    let channels = webhook(folder.path(), "desk", &service);
    std::fs::write(folder.path().join("channels.toml"), &channels).unwrap();
    let mut random = 88_172_645_463_325_252_u64;
    let mut any = |below: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % below
    };
    for _ in 0..kills {
        let goal = service.ids().len() + usize::try_from(any(12)).unwrap();
        let mut child = child(folder.path());
        let end = std::time::Instant::now() + Duration::from_secs(60);
        while service.ids().len() < goal {
            assert!(std::time::Instant::now() < end, "nothing is sent any more");
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_micros(any(30_000)));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let mut stand = Stand::open(folder.path(), &channels, true);
    stand.start();
    stand.until("all is sent", |stand| stand.count("waiting") == 0);
    let heard = service.ids();
    let all: BTreeMap<String, _> = stand.all().into_iter().map(|one| (one.notification.clone(), one)).collect();
    let different: BTreeSet<&String> = heard.iter().collect();
    let lost: Vec<_> = all.keys().filter(|id| !different.contains(said_by(&all, id))).collect();
    assert!(all.len() > kills && all.values().any(|one| one.state == "merged"), "{} notifications", all.len());
    assert!(lost.is_empty(), "{lost:?}");
    let repeats = heard.len() - different.len();
    assert!(repeats <= kills, "{repeats} repeats of {}", heard.len());
    println!("{kills} kills, {} notifications, {} sent, {repeats} repeats", all.len(), heard.len());
    stand.close();
}

/// The id that a person got it by.
fn said_by<'a>(all: &'a BTreeMap<String, crate::db::read::notifications::Delivery>, id: &'a String) -> &'a String {
    match &all[id].merged {
        Some(into) => said_by(all, into),
        None => id,
    }
}

fn child(folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "notify::tests::kill::kill_9_loses_none_and_repeats_one_at_most", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// Until it is killed.
fn send_for_ever(folder: &Path) {
    let channels = std::fs::read_to_string(folder.join("channels.toml")).unwrap();
    let mut stand = Stand::open(folder, &channels, true);
    let mut number = stand.all().iter().filter(|one| one.kind == "fired").count() as u64;
    stand.start();
    loop {
        if stand.count("waiting") < 3 {
            for _ in 0..AHEAD {
                number += 1;
                stand.tell(&told(number, Kind::Fired, number), NOW);
            }
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}
