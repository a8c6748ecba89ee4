//! Logging in and staying in.

use super::*;
use crate::people::limits::{SESSIONS_MAX, TRIES_PER_ACCOUNT};

#[tokio::test]
async fn who_knows_the_password_gets_a_session_and_others_nothing() {
    let world = World::peopled().await;
    let session = world.log_in("ANA", PASSWORD).await.unwrap();
    let person = world.people.who(&session.cookie, world.now()).unwrap();
    assert_eq!((person.name.as_str(), &person.rights), ("Ana", &Rights::Role(Role::Approver)));
    assert_eq!(person, session.person);
    assert_eq!((person.language.as_str(), person.zone.as_str()), ("es", "Europe/Madrid"));
    for (name, given) in [("ana", "correct horsf"), ("ana", ""), ("eve", PASSWORD), ("", ""), ("ana\0", PASSWORD)] {
        assert_eq!(world.log_in(name, given).await, Err(Refused::Wrong), "{name:?}");
    }
    let long = "x".repeat(2000);
    assert_eq!(world.log_in("eva", &long).await, Err(Refused::Wrong));
    assert_eq!(world.people.who("", world.now()), None);
    assert_eq!(world.people.who(&Secret::random().unwrap().text(), world.now()), None);
    let stored = std::fs::read(world.folder.path().join("sidecar.db-wal")).unwrap();
    assert!(!stored.windows(43).any(|bytes| bytes == session.cookie.as_bytes()), "only its hash is kept");
    assert!(!stored.windows(PASSWORD.len()).any(|bytes| bytes == PASSWORD.as_bytes()));
}

/// A name that nobody has waits in the same queue and is hashed as any: seen here by what happens when that is full.
#[tokio::test]
async fn a_name_that_nobody_has_costs_as_much() {
    let world = World::peopled().await;
    let full = world.people.hasher.fill().await;
    for name in ["ana", "nobody"] {
        assert_eq!(world.log_in(name, PASSWORD).await, Err(Refused::Busy), "{name}");
    }
    drop(full);
    for _ in 0..TRIES_PER_ACCOUNT {
        assert_eq!(
            world.log_in("nobody", PASSWORD).await,
            Err(Refused::Wrong),
            "those that were not looked at are not counted"
        );
    }
    assert!(matches!(world.log_in("nobody", PASSWORD).await, Err(Refused::Wait(_))), "and it has to wait as any");
}

#[tokio::test]
async fn too_many_tries_wait_also_with_the_right_password() {
    let world = World::peopled().await;
    for _ in 0..TRIES_PER_ACCOUNT {
        assert_eq!(world.log_in("ana", "wrong wrong").await, Err(Refused::Wrong));
    }
    let waits = world.log_in("ana", PASSWORD).await.unwrap_err();
    assert_eq!((waits.wait_seconds(), waits.key()), (Some(5), "people.wait"));
    assert!(world.log_in("eva", PASSWORD).await.is_ok(), "another account does not wait");
    world.clock.pass(Duration::from_secs(5));
    assert!(world.log_in("ana", PASSWORD).await.is_ok());
    assert_eq!(world.log_in("ana", "wrong wrong").await, Err(Refused::Wrong), "and is counted anew");
}

#[tokio::test]
async fn tries_at_once_are_as_many_as_tries_after_another() {
    let world = World::peopled().await;
    let tries = (0..9).map(|_| {
        let (people, now) = (Arc::clone(&world.people), world.now());
        tokio::spawn(async move { people.log_in("ana", password("wrong wrong"), peer(1), now).await })
    });
    let mut looked_at = 0;
    for one in tries.collect::<Vec<_>>() {
        looked_at += u32::from(one.await.unwrap() == Err(Refused::Wrong));
    }
    assert_eq!(looked_at, TRIES_PER_ACCOUNT);
}

#[tokio::test]
async fn a_session_ends_when_it_is_not_used_and_at_last_in_any_case() {
    let mut world = World::peopled().await;
    let (idle, busy) = (world.log_in("ana", PASSWORD).await.unwrap(), world.log_in("ana", PASSWORD).await.unwrap());
    for day in 0..29 {
        world.clock.pass(DAY);
        assert!(world.is_in(&busy), "day {day}");
        world.people.keep_house(world.now()).await.unwrap();
        if day == 15 {
            world.restart();
        }
    }
    assert!(!world.is_in(&idle));
    world.clock.pass(DAY);
    assert!(!world.is_in(&busy), "thirty days are over");
    world.people.keep_house(world.now()).await.unwrap();
    assert_eq!(world.people.sessions(&busy.person), []);
    let session = world.log_in("ana", PASSWORD).await.unwrap();
    world.clock.jump(-1_000_000_000);
    world.clock.pass(8 * DAY);
    assert!(!world.is_in(&session), "a clock that was set back lets nothing live longer");
}

#[tokio::test]
async fn who_logs_out_is_out_and_nobody_else() {
    let world = World::peopled().await;
    let (one, other) = (world.log_in("ana", PASSWORD).await.unwrap(), world.log_in("ana", PASSWORD).await.unwrap());
    let eva = world.log_in("eva", PASSWORD).await.unwrap();
    world.people.log_out(&one.person, "192.0.2.1", world.now()).await.unwrap();
    assert!(!world.is_in(&one) && world.is_in(&other) && world.is_in(&eva));
    assert_eq!(world.people.log_out(&one.person, "", world.now()).await, Err(Refused::Missing));
    let others = other.person.session.unwrap();
    assert_eq!(world.people.end_session(&eva.person, &others, "", world.now()).await, Err(Refused::Missing));
    assert!(world.is_in(&other));
}

#[tokio::test]
async fn another_password_ends_all_other_sessions() {
    let mut world = World::peopled().await;
    let (one, other) = (world.log_in("ana", PASSWORD).await.unwrap(), world.log_in("ana", PASSWORD).await.unwrap());
    let change = |old: &str, new: &str| {
        world.people.change_password(&one.person, password(old), password(new), peer(1), world.now())
    };
    assert_eq!(change("wrong wrong", "battery staple").await, Err(Refused::Wrong));
    assert_eq!(change(PASSWORD, "short").await, Err(Refused::Short));
    assert!(world.is_in(&one) && world.is_in(&other));
    let new = change(PASSWORD, "battery staple").await.unwrap();
    for _ in 0..2 {
        assert!(!world.is_in(&one) && !world.is_in(&other) && world.is_in(&new));
        assert_eq!(world.log_in("ana", PASSWORD).await, Err(Refused::Wrong));
        assert!(world.log_in("ana", "battery staple").await.is_ok());
        world.restart();
    }
}

#[tokio::test]
async fn a_form_of_another_session_or_site_is_none_of_ours() {
    let world = World::peopled().await;
    let (one, other) = (world.log_in("ana", PASSWORD).await.unwrap(), world.log_in("ana", PASSWORD).await.unwrap());
    assert!(world.people.is_own_form(&one.person, &one.csrf));
    assert_eq!(world.people.csrf(&one.person), Some(one.csrf.clone()));
    for forged in ["", "x", other.csrf.as_str(), &one.csrf[1..], &one.cookie] {
        assert!(!world.people.is_own_form(&one.person, forged), "{forged}");
    }
    let token = Person { session: None, ..one.person };
    assert!(!world.people.is_own_form(&token, ""), "who comes without a session has no forms");
}

#[tokio::test]
async fn the_session_that_was_not_used_for_longest_makes_room() {
    let world = World::peopled().await;
    let mut sessions = Vec::new();
    for number in 0..=SESSIONS_MAX {
        world.clock.pass(Duration::from_secs(1));
        let session = world.people.log_in("ana", password(PASSWORD), peer(number as u8), world.now()).await.unwrap();
        sessions.push(session);
        assert!(number == SESSIONS_MAX || world.is_in(&sessions[0]));
    }
    let left = sessions.iter().map(|session| world.is_in(session)).collect::<Vec<_>>();
    assert!(left[0] && !left[1] && left[2..].iter().all(|is_in| *is_in), "{left:?}");
}

/// What goes on for long asks this again and again: live pages.
#[tokio::test]
async fn who_may_less_or_is_gone_does_not_stand_any_more() {
    let stranger = |rights| Person {
        name: "x".into(),
        rights,
        customers: Customers::All,
        language: String::new(),
        zone: String::new(),
        session: None,
    };
    let empty = World::new();
    assert!(empty.people.stands(&stranger(Rights::Role(Role::Operator))), "without accounts whoever is here may look");
    for change in ["nothing", "session", "account", "role", "customers"] {
        let world = World::peopled().await;
        let (people, now) = (&world.people, world.now());
        assert!(!people.stands(&stranger(Rights::Role(Role::Operator))), "with accounts nobody is let in without one");
        assert!(people.stands(&stranger(Rights::Machine)));
        let eva = world.log_in("eva", PASSWORD).await.unwrap().person;
        assert!(people.stands(&eva));
        match change {
            "session" => people.log_out(&eva, "", now).await.unwrap(),
            "account" => people.remove_account(&by(), "eva", now).await.unwrap(),
            "role" => people.change_account(&by(), "eva", Some(Role::Viewer), None, now).await.unwrap(),
            "customers" => people.change_account(&by(), "eva", None, Some(Customers::All), now).await.unwrap(),
            _ => {}
        }
        assert_eq!(people.stands(&eva), change == "nothing", "{change}");
    }
}
