//! A program that is killed: everything is told, and after each kill at most what was under way is told once more.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use atalaya_alert::Kind;

use super::service::Service;
use super::stand::{NOW, Stand, told, webhook};
use crate::db::read::notifications::Delivery;

/// Set for the child that sends until it is killed: its state folder.
const FOLDER: &str = "ATALAYA_TEST_SENDS_FROM";
/// In it.
const CHANNELS: &str = "channels.toml";
/// What waits is kept between a few and enough for a digest.
const AHEAD: usize = 26;

#[test]
fn kill_9_loses_none_and_repeats_one_at_most() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return send_for_ever(folder.as_ref());
    }
    let kills = if std::env::var("ATALAYA_TESTS_FULL").is_ok_and(|full| !full.is_empty()) { 200 } else { 20 };
    let (folder, service) = (tempfile::tempdir().unwrap(), Service::new(200));
    let mut random = 88_172_645_463_325_252_u64;
    let mut any = |below: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % below
    };
    let mut next_life = 0_u32..;
    // Each life tells at a path of its own: whose a request is shows however late it is read.
    let mut live = || {
        let channels = webhook(folder.path(), "desk", &service.at(&next_life.next().unwrap().to_string()));
        std::fs::write(folder.path().join(CHANNELS), &channels).unwrap();
        channels
    };
    for _ in 0..kills {
        let goal = service.ids().len() + usize::try_from(any(12)).unwrap();
        live();
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
    let mut stand = Stand::open(folder.path(), &live(), true);
    stand.start();
    stand.until("all is sent", |stand| stand.count("waiting") == 0);
    let all: BTreeMap<String, _> = stand.all().into_iter().map(|one| (one.notification.clone(), one)).collect();
    let mut heard = service.paths_and_ids();
    // In the order of lives.
    heard.sort_by_key(|(path, _)| path[1..].parse::<u32>().unwrap());
    let different: BTreeSet<&String> = heard.iter().map(|(_, id)| id).collect();
    let lost: Vec<_> = all.keys().filter(|id| !different.contains(said_by(&all, id))).collect();
    assert!(all.len() > kills && all.values().any(|one| one.state == "merged"), "{} notifications", all.len());
    assert!(lost.is_empty(), "{lost:?}");
    let repeats = repeats(&all, &heard);
    println!("{kills} kills, {} notifications, {} sent, {repeats} repeats", all.len(), heard.len());
    stand.close();
}

/// How often something was told that had been told. After each kill that may be one message at most, the last one of the
/// lives before: what was under way.
fn repeats(all: &BTreeMap<String, Delivery>, heard: &[(String, String)]) -> usize {
    let mut within: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for id in all.keys() {
        let mut at = id;
        while let Some(into) = &all[at].merged {
            within.entry(into).or_default().push(id);
            at = into;
        }
    }
    let (mut told, mut last, mut repeats) = (BTreeSet::new(), BTreeSet::new(), 0);
    for life in heard.chunk_by(|one, other| one.0 == other.0) {
        let mut again = Vec::new();
        for (_, id) in life {
            let says = says(&within, id);
            let twice: Vec<_> = says.intersection(&told).collect();
            assert!(
                twice.iter().all(|twice| last.contains(**twice)),
                "{twice:?} were not under way: {last:?}, {life:?}"
            );
            again.extend((!twice.is_empty()).then_some(id));
            told.extend(says);
        }
        assert!(again.len() <= 1, "one kill repeats {again:?}: {life:?}");
        repeats += again.len();
        last = life.last().map(|(_, id)| says(&within, id)).unwrap_or_default();
    }
    repeats
}

/// Whatever a person who gets this id is told.
fn says<'a>(within: &BTreeMap<&str, Vec<&'a str>>, id: &'a str) -> BTreeSet<&'a str> {
    within.get(id).into_iter().flatten().copied().chain([id]).collect()
}

/// The id that a person got it by.
fn said_by<'a>(all: &'a BTreeMap<String, Delivery>, id: &'a String) -> &'a String {
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
    let channels = std::fs::read_to_string(folder.join(CHANNELS)).unwrap();
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
