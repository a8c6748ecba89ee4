//! What pages say of notifications is what came of them.

use atalaya_alert::{Entry, Kind, What};

use super::super::sent;
use super::super::timeline::told;
use super::*;
use crate::db::read::notifications::Delivery;
use crate::notify::States;
use crate::web::came::Came;

#[test]
fn a_timeline_says_that_people_were_told_only_where_they_were() {
    let entry = |id: &str| Entry {
        number: 1,
        at: Wall(NOW),
        what: What::Told { kind: Kind::Fired, to: "office".into(), id: id.into() },
        who: String::new(),
        text: String::new(),
    };
    let of = |all: &[(&str, &str)]| all.iter().map(|(one, state)| ((*one).into(), (*state).into())).collect();
    let came = Came::from([
        ("none".to_owned(), of(&[])),
        ("sent".to_owned(), of(&[("mail", "sent"), ("phone", "waiting")])),
        ("lost".to_owned(), of(&[("mail", "failed")])),
    ]);
    let seen = seen(vec![], vec![]);
    for (id, mark, en, es) in [
        ("none", Mark::High, "nobody was told, the set has no channel", "no se avisó a nadie, el grupo no tiene canal"),
        ("sent", Mark::Off, "mail (sent), phone (waiting)", "mail (enviado), phone (en espera)"),
        ("lost", Mark::High, "mail (not delivered)", "mail (no entregado)"),
        ("gone", Mark::Unknown, "no longer kept", "ya no se guarda"),
    ] {
        for (language, expected) in [(Language::En, en), (Language::Es, es)] {
            let line = told(&frame(language), &shipped(), &all(&seen), &came, &entry(id));
            assert!(line.text.contains(expected) && line.text.contains("office"), "{}", line.text);
            assert!(!line.text.contains('{') && line.mark == mark, "{}", line.text);
        }
    }
}

#[test]
fn what_waits_is_never_shown_to_be_tried_in_the_past() {
    let delivery = |state: &str, next: i64, done: Option<i64>| Delivery {
        notification: "a".into(),
        at: NOW - 600,
        kind: "fired".into(),
        severity: "critical".into(),
        subject: Words::default(),
        channel: "desk".into(),
        state: state.into(),
        tries: 2,
        next,
        done,
        answer: None,
        merged: None,
    };
    let then = |delivery: &Delivery| sent::row(&frame(Language::En), &States::default(), delivery).then.is_some();
    assert!(!then(&delivery("waiting", NOW - 300, None)) && !then(&delivery("waiting", NOW, None)));
    assert!(then(&delivery("waiting", NOW + 60, None)) && then(&delivery("sent", NOW - 300, Some(NOW - 200))));
}
