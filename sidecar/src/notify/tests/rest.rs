//! A channel that failed rests, until somebody sees it work or sets it up otherwise.

use atalaya_alert::Kind;

use super::service::Service;
use super::stand::{NOW, Stand, told, webhook};

/// Two wait, and the channel rests for half a minute after its second try in vain.
fn resting(stand: &mut Stand) {
    stand.start();
    stand.tell(&told(1, Kind::Fired, 1), NOW);
    stand.until("a try is written down", |stand| stand.all().first().is_some_and(|one| one.tries == 1));
    stand.tell(&told(2, Kind::Fired, 2), NOW);
    stand.pass(5);
    stand.until("the other is tried", |stand| stand.all().iter().map(|one| one.tries).sum::<u32>() == 2);
}

#[test]
fn what_waits_goes_out_as_soon_as_somebody_saw_the_channel_work() {
    let (folder, service) = (tempfile::tempdir().unwrap(), Service::new(503));
    let mut stand = Stand::new(folder.path(), &webhook(folder.path(), "desk", &service));
    resting(&mut stand);
    // Nothing is tried before the channel is, whatever is stored of the delivery.
    assert_eq!(stand.states.next("desk", NOW), NOW + 35);
    assert_eq!((stand.states.next("desk", NOW + 99), stand.states.next("mail", NOW)), (NOW + 99, NOW));
    service.answers(200);
    stand.states.works("desk");
    stand.pass(0);
    stand.until("both are sent", |stand| stand.count("sent") == 2);
    assert_eq!((service.ids().len(), stand.states.next("desk", NOW)), (4, NOW));
    stand.close();
}

#[test]
fn a_channel_that_is_set_up_otherwise_is_tried_at_once() {
    let (folder, down, up) = (tempfile::tempdir().unwrap(), Service::new(503), Service::new(200));
    let channels = webhook(folder.path(), "desk", &down);
    let mut stand = Stand::new(folder.path(), &channels);
    resting(&mut stand);
    stand.renew(&channels);
    stand.pass(0);
    stand.renew(&webhook(folder.path(), "desk", &up));
    stand.until("both are sent", |stand| stand.count("sent") == 2);
    assert_eq!((down.ids().len(), up.ids().len()), (2, 2), "the same set-up ended the rest");
    stand.close();
}

#[test]
fn a_channel_that_has_another_secret_is_tried_at_once() {
    let (folder, service) = (tempfile::tempdir().unwrap(), Service::new(503));
    let channels = webhook(folder.path(), "desk", &service);
    let mut stand = Stand::new(folder.path(), &channels);
    resting(&mut stand);
    stand.renew(&channels);
    stand.pass(0);
    service.answers(200);
    std::fs::write(folder.path().join("secret"), "the one that the service wants").unwrap();
    stand.renew(&channels);
    stand.until("both are sent", |stand| stand.count("sent") == 2);
    assert_eq!(service.ids().len(), 4, "the same secret ended the rest");
    stand.close();
}
