//! One notification at a time.

use std::sync::Arc;

use atalaya_alert::{Kind, Rules};
use atalaya_notify::turn::State;

use super::service::{SILENT, Service};
use super::stand::{NOW, Stand, told, webhook};
use crate::clock::Clock;
use crate::db::Loaded;
use crate::db::read::notifications::{After, deliveries};
use crate::people::Customers;
use crate::tower::{Tower, Word};

#[test]
fn a_notification_is_sent_once_and_written_down() {
    let (folder, service) = (tempfile::tempdir().unwrap(), Service::new(200));
    let channels = webhook(folder.path(), "desk", &service);
    let mut stand = Stand::new(folder.path(), &channels);
    stand.tell(&told(1, Kind::Fired, 1), NOW);
    stand.start();
    stand.tell(&told(2, Kind::Fired, 2), NOW + 1);
    stand.until("both are sent", |stand| stand.count("sent") == 2);
    stand.close();
    // A start sends nothing of it again.
    let mut stand = Stand::new(folder.path(), &channels);
    stand.start();
    stand.tell(&told(3, Kind::Fired, 3), NOW + 2);
    stand.until("the third is sent", |stand| stand.count("sent") == 3);
    assert_eq!(service.ids(), [1, 2, 3].map(|number| format!("{number:032x}")));
    let page = |after: Option<&After>| {
        stand.readers.now(|connection| deliveries(connection, &Customers::All, after, None, 2)).unwrap()
    };
    let first = page(None);
    let second = page(first.last().map(After::from).as_ref());
    let subjects: Vec<_> = first.iter().chain(&second).map(|delivery| delivery.subject.en.as_str()).collect();
    assert_eq!(subjects, ["number 3", "number 2", "number 1"]);
    let last = &second[0];
    assert_eq!((last.state.as_str(), last.tries, last.answer.as_deref()), ("sent", 1, Some("heard")));
    assert_eq!((last.channel.as_str(), last.done), ("desk", Some(NOW)));
    stand.close();
}

#[test]
fn a_channel_that_is_down_gets_it_once_it_is_up() {
    let (folder, service) = (tempfile::tempdir().unwrap(), Service::new(503));
    let mut stand = Stand::new(folder.path(), &webhook(folder.path(), "desk", &service));
    stand.start();
    stand.tell(&told(1, Kind::Fired, 1), NOW);
    for (tries, wait) in [(1, 5), (2, 30), (3, 120)] {
        stand.until("a try is written down", |stand| stand.all().first().is_some_and(|one| one.tries == tries));
        let one = stand.all().remove(0);
        assert_eq!((one.state.as_str(), one.next), ("waiting", stand.clock.now().seconds() + wait));
        assert!(one.answer.unwrap().contains("503"));
        stand.pass(u64::try_from(wait).unwrap());
    }
    stand.until("it is tried after two minutes", |stand| stand.all()[0].tries == 4);
    // A start keeps the count and the time.
    stand.stop();
    stand.start();
    stand.pass(599);
    service.answers(200);
    assert_eq!(service.ids().len(), 4);
    stand.pass(1);
    stand.until("it is sent", |stand| stand.count("sent") == 1);
    assert_eq!((stand.all()[0].tries, service.ids().len()), (5, 5));
    stand.close();
}

#[test]
fn a_channel_that_hangs_keeps_neither_the_other_nor_the_end() {
    let (folder, hangs, works) = (tempfile::tempdir().unwrap(), Service::new(SILENT), Service::new(200));
    let channels = webhook(folder.path(), "a", &hangs) + &webhook(folder.path(), "b", &works);
    let mut stand = Stand::new(folder.path(), &channels);
    stand.start();
    stand.tell(&told(1, Kind::Fired, 1), NOW);
    stand.until("the first one is asked", |_| hangs.ids().len() == 1);
    stand.stop();
    let tries = |stand: &Stand, channel: &str| stand.all().iter().find(|one| one.channel == channel).unwrap().tries;
    assert_eq!((stand.count("waiting"), tries(&stand, "a"), tries(&stand, "b")), (2, 1, 0));
    stand.start();
    stand.until("the other gets it", |_| works.ids().len() == 1);
    stand.tell(&told(2, Kind::Fired, 2), NOW);
    stand.until("the other gets the next one", |stand| stand.count("sent") == 2);
    assert_eq!((works.ids().len(), stand.count("waiting")), (2, 2));
    stand.close();
}

#[test]
fn wrong_settings_are_shown_until_they_are_right() {
    let (folder, service) = (tempfile::tempdir().unwrap(), Service::new(401));
    let mut stand = Stand::new(folder.path(), &webhook(folder.path(), "desk", &service));
    stand.start();
    stand.tell(&told(1, Kind::Fired, 1), NOW);
    stand.until("it is told", |stand| matches!(stand.states.troubles().get("desk"), Some(State::WrongSetUp(_))));
    service.answers(200);
    stand.pass(5);
    stand.until("it works", |stand| stand.states.troubles().is_empty() && stand.count("sent") == 1);
    stand.close();
}

#[test]
fn mqtt_has_it_once_there_is_a_connection() {
    let folder = tempfile::tempdir().unwrap();
    let mut stand = Stand::new(folder.path(), "[[channel]]\nname = \"home\"\nkind = \"mqtt\"\n");
    stand.start();
    stand.tell(&told(1, Kind::Fired, 7), NOW);
    stand.until("there is no connection", |stand| stand.all().first().is_some_and(|one| one.tries == 1));
    let terms = crate::program::terms(&stand.config, &Arc::new(Rules::default()));
    let now = stand.clock.now();
    let mut tower = Tower::new(terms, stand.board.clone(), Loaded::default(), Arc::default(), now);
    tower.step(Word::Up, now);
    stand.pass(5);
    let next = |stand: &Stand| {
        let mut message = None;
        stand.until("it is handed over", |stand| {
            message = message.take().or_else(|| stand.out.next(|_| String::new()));
            message.is_some()
        });
        message.unwrap()
    };
    // The connection ends with it: nobody knows whether the broker has it.
    let lost = next(&stand);
    assert_eq!(stand.count("sent"), 0, "it is sent before the broker has it");
    drop(lost.receipt);
    stand.until("that is written down", |stand| stand.all()[0].tries == 2);
    stand.pass(30);
    let refused = next(&stand);
    refused.receipt.unwrap().send(Err("not authorised".into())).unwrap();
    stand.until("the broker says no", |stand| stand.all()[0].tries == 3);
    assert!(stand.all()[0].answer.as_ref().unwrap().contains("not authorised"));
    stand.pass(120);
    let message = next(&stand);
    assert_eq!(message.payload, lost.payload, "it is another one");
    message.receipt.unwrap().send(Ok(())).unwrap();
    stand.until("it is sent", |stand| stand.count("sent") == 1);
    assert_eq!((message.topic.as_str(), message.retain), ("atalaya/_sidecar/event/notification", false));
    let said: serde_json::Value = serde_json::from_slice(&message.payload).unwrap();
    assert_eq!((&said["event_type"], &said["incidents"][0]), (&"fired".into(), &7.into()));
    assert_eq!((&said["subject"], &said["ts"]), (&"number 1".into(), &NOW.into()));
    stand.close();
}

#[test]
fn what_a_channel_gives_up_is_counted_but_not_what_says_that_channels_fail() {
    let (folder, service) = (tempfile::tempdir().unwrap(), Service::new(400));
    let mut stand = Stand::new(folder.path(), &webhook(folder.path(), "desk", &service));
    stand.start();
    let mut of_channel = told(2, Kind::Fired, 2);
    for told in &mut of_channel.alerts {
        (told.alert.node, told.alert.object) = ("_sidecar".into(), "channel/phone".into());
    }
    stand.tell(&of_channel, NOW);
    stand.until("nobody heard", |stand| stand.count("failed") == 1);
    stand.tell(&told(1, Kind::Fired, 1), NOW);
    stand.until("nobody heard of both", |stand| stand.states.given_up().get("desk") == Some(&1));
    assert_eq!(stand.count("failed"), 2);
    assert_eq!(stand.states.results().get(&("desk".to_owned(), "failed")), Some(&2));
    stand.close();
}
