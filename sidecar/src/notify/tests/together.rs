//! Notifications that have to do with each other.

use atalaya_alert::Kind;
use rusqlite::Connection;

use super::service::Service;
use super::stand::{NOW, Stand, told, webhook};

#[test]
fn more_than_a_person_reads_become_a_digest_and_the_end_of_what_is_in_it_is_told() {
    let (folder, service) = (tempfile::tempdir().unwrap(), Service::new(200));
    let channels = webhook(folder.path(), "desk", &service);
    let mut stand = Stand::new(folder.path(), &channels);
    (1..=30).for_each(|number| stand.tell(&told(number, Kind::Fired, number), NOW));
    stand.until("all wait", |stand| stand.count("waiting") == 30);
    stand.start();
    stand.until("all are done with", |stand| stand.count("waiting") == 0);
    assert_eq!((stand.count("sent"), stand.count("merged")), (21, 10));
    let digest = stand.all().into_iter().find(|one| one.kind == "digest").unwrap();
    assert!(digest.subject.en.contains("10"), "{:?}", digest.subject);
    let said = service.bodies();
    let said = said.iter().find(|body| body["kind"] == "digest").unwrap();
    assert!(said["text"].as_str().unwrap().contains("number 21"), "{said}");
    stand.close();
    // The thirtieth was told in the digest alone.
    let mut stand = Stand::new(folder.path(), &channels);
    stand.start();
    stand.tell(&told(99, Kind::Resolved, 30), NOW + 60);
    stand.until("its end is sent", |stand| stand.count("sent") == 22);
    stand.close();
}

#[test]
fn a_digest_that_waits_outlives_a_start() {
    let (folder, service) = (tempfile::tempdir().unwrap(), Service::new(200));
    let channels = webhook(folder.path(), "desk", &service).replace("1000/1s", "20/1h");
    let mut stand = Stand::new(folder.path(), &channels);
    (1..=30).for_each(|number| stand.tell(&told(number, Kind::Fired, number), NOW));
    stand.until("all wait", |stand| stand.count("waiting") == 30);
    stand.start();
    stand.until("only the digest waits", |stand| (stand.count("sent"), stand.count("waiting")) == (20, 1));
    stand.close();
    let mut stand = Stand::new(folder.path(), &channels);
    stand.start();
    stand.until("the digest is sent", |stand| stand.count("sent") == 21);
    let said = service.bodies();
    assert!(said.last().unwrap()["text"].as_str().unwrap().contains("number 30"), "{said:?}");
    stand.close();
}

#[test]
fn the_end_of_what_was_not_told_is_not_told() {
    let (folder, service) = (tempfile::tempdir().unwrap(), Service::new(400));
    let mut stand = Stand::new(folder.path(), &webhook(folder.path(), "desk", &service));
    stand.start();
    stand.tell(&told(1, Kind::Fired, 1), NOW);
    stand.until("the service never takes it", |stand| stand.count("failed") == 1);
    service.answers(200);
    stand.tell(&told(2, Kind::Resolved, 1), NOW + 60);
    stand.until("its end is dropped", |stand| stand.count("dropped") == 1);
    // One that ended before anybody was told is told once.
    stand.stop();
    stand.tell(&told(3, Kind::Fired, 2), NOW + 60);
    stand.tell(&told(4, Kind::Resolved, 2), NOW + 61);
    stand.until("both wait", |stand| stand.count("waiting") == 2);
    stand.start();
    stand.until("one is sent for both", |stand| (stand.count("sent"), stand.count("merged")) == (1, 1));
    assert_eq!(service.bodies().last().unwrap()["kind"], "resolved");
    stand.close();
}

#[test]
fn what_cannot_be_read_back_fails_alone() {
    let (folder, service) = (tempfile::tempdir().unwrap(), Service::new(200));
    let mut stand = Stand::new(folder.path(), &webhook(folder.path(), "desk", &service));
    (1..=2).for_each(|number| stand.tell(&told(number, Kind::Fired, number), NOW));
    stand.until("both wait", |stand| stand.count("waiting") == 2);
    let direct = Connection::open(folder.path().join(crate::db::FILE)).unwrap();
    direct.execute("UPDATE notification SET body = '{}' WHERE id LIKE '%1'", []).unwrap();
    stand.start();
    stand.until("the other is sent", |stand| (stand.count("failed"), stand.count("sent")) == (1, 1));
    stand.close();
}
