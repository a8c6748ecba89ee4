use super::super::*;
use super::play::{Play, episodes};
use crate::limits::WAITING_MAX;
use crate::message::What;
use atalaya_alert::Kind;

fn fired(n: usize, channel: &str, severity: Severity) -> Delivery {
    Delivery {
        id: DeliveryId { notification: format!("n{n:06}"), channel: channel.into() },
        what: What::Alert(Kind::Fired),
        severity,
        at: Wall(0),
        sets: vec!["default".into()],
        alerts: episodes("a"),
        begun: Begun::Here,
        tries: 0,
        next: Wall(0),
    }
}

/// All that a digest stands for.
fn digests(changes: Vec<Change>) -> Vec<Digest> {
    let digest = |change| if let Change::Digest(digest) = change { Some(digest) } else { None };
    changes.into_iter().filter_map(digest).collect()
}

#[test]
fn what_is_least_grave_makes_room_where_most_of_it_waits() {
    let mut play = Play::new();
    let now = play.now();
    let mut merged = Vec::new();
    for n in 0..=WAITING_MAX {
        let (channel, severity) = match n % 10 {
            0 => ("push", Severity::Low),
            1..5 => ("mail", Severity::Medium),
            _ => ("mail", Severity::High),
        };
        merged.extend(digests(play.turn.add(fired(n, channel, severity), now)));
    }
    let [digest] = merged.as_slice() else { panic!("{}", merged.len()) };
    assert_eq!(
        (digest.of.len(), digest.severity, digest.id.channel.as_str()),
        (WAITING_MAX * 4 / 10, Severity::Medium, "mail")
    );
    assert_eq!(play.turn.waiting(), WAITING_MAX + 1 - digest.of.len() + 1);
}

#[test]
fn nothing_is_dropped_and_no_more_than_that_wait_whatever_comes() {
    let mut play = Play::new();
    let now = play.now();
    let mut told = 0;
    for n in 0..3 * WAITING_MAX {
        let severity = if n % 3 == 0 { Severity::Critical } else { Severity::High };
        let changes = play.turn.add(fired(n, "mail", severity), now);
        assert!(changes.iter().all(|change| matches!(change, Change::Digest(_))));
        told += digests(changes).iter().map(|digest| digest.of.len() - 1).sum::<usize>();
        assert!(play.turn.waiting() <= WAITING_MAX);
    }
    assert_eq!(play.turn.waiting() + told, 3 * WAITING_MAX);
}

#[test]
fn what_waits_for_a_channel_that_is_gone_has_failed() {
    let mut play = Play::new();
    let now = play.now();
    play.turn.add(fired(1, "mail", Severity::Low), now);
    play.turn.add(fired(2, "push", Severity::Low), now);
    let changes = play.turn.configure([("push".to_owned(), Vec::new())], BTreeMap::new());
    assert!(matches!(changes.as_slice(), [Change::Settled { id, how: Settled::Failed(_) }] if id.channel == "mail"));
    assert_eq!(play.turn.waiting(), 1);
}

#[test]
fn after_a_start_it_goes_on_where_it_was_whatever_the_clock_says() {
    for (wall, wait) in [(100, 30), (120, 10), (1_000, 0), (-5_000_000, 3_600)] {
        let mut play = Play::new();
        let now = Now { moment: Duration::from_secs(7), wall: Wall(wall) };
        let delivery = Delivery { tries: 2, next: Wall(130), ..fired(1, "mail", Severity::High) };
        play.turn.add(delivery, now);
        match play.turn.next(now) {
            Next::Send { .. } => assert_eq!(wait, 0),
            next => assert_eq!(next, Next::Wait(Some(Duration::from_secs(7 + wait)))),
        }
    }
}

#[test]
fn tests_count() {
    let mut play = Play::new();
    let now = play.now();
    play.turn.spend("slow", now);
    play.turn.add(fired(1, "slow", Severity::Critical), now);
    assert_eq!(play.turn.next(now), Next::Wait(Some(now.moment + Duration::from_secs(60))));
}
