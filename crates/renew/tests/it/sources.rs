//! What providers, mails and people say of what ends.

use atalaya_renew::{Ends, Event, Flag, Found, Key, Kind, List, Rank, Standing, Task, Tell, Trouble, standing};

use crate::shop::Mood;
use crate::world::{DAY, START, World, YEAR};

#[test]
fn a_provider_that_is_down_for_a_week_is_asked_ever_less_and_then_it_is_unknown() {
    let mut world = World::new();
    world.shop.has("a.example", START + 300 * DAY);
    world.pass(60, 60);
    let key = World::key("a.example");
    assert_eq!(standing(&world.state.items[&key], world.now), Standing::Fine);
    world.shop.mood = Mood::Away;
    world.shop.lists = 0;
    world.pass(8 * DAY, 60);
    assert!((30..50).contains(&world.shop.lists), "{}", world.shop.lists);
    assert_eq!(standing(&world.state.items[&key], world.now), Standing::Unknown);
    let provider = &world.state.providers["shop"];
    assert!(matches!(provider.trouble, Some((Trouble::Unreachable(_), since)) if since < START + DAY));
    world.shop.mood = Mood::Well;
    world.pass(6 * 3_600 + 60, 60);
    assert_eq!(standing(&world.state.items[&key], world.now), Standing::Fine);
    assert_eq!(world.state.providers["shop"].trouble, None);
}

#[test]
fn a_clock_that_jumps_neither_buys_nor_sleeps() {
    let (mut world, plan) = World::due();
    world.now += 10 * YEAR;
    world.feed(Event::Tick);
    assert_eq!(world.stage(plan), "lapsed");
    world.now -= 10 * YEAR;
    world.shop.lists = 0;
    world.days(1);
    assert!(world.shop.lists > 0, "it does not wait for ten years");
    world.now = 0;
    world.days(1);
    assert!(world.shop.bought.is_empty());
}

/// A token that loses a right does not make its domains go away.
#[test]
fn what_could_not_be_asked_stays_and_is_unknown_until_it_is_asked_again() {
    let mut world = World::new();
    world.shop.has("a.example", START + 300 * DAY);
    world.pass(60, 60);
    let key = World::key("a.example");
    let token = || Found::new(Kind::Token, "API token", Ends::Never);
    let closed = |kind| List { found: vec![token()], not_asked: vec![(kind, "the token may not read domains".into())] };
    for _ in 0..2 {
        world.feed(Event::Listed("shop".into(), Ok(closed(Kind::Domain))));
        world.restart();
        let item = &world.state.items[&key];
        assert_eq!((standing(item, world.now), item.life().unwrap().ends), (Standing::Unknown, START + 300 * DAY));
        let found = &item.seen["shop"].found;
        assert_eq!(found.flags, [Flag::NotAsked]);
        assert!(found.note.starts_with("could not be asked: the token may not read domains"), "{}", found.note);
    }
    // What another kind lacks says nothing of this one: it is gone.
    world.feed(Event::Listed(
        "shop".into(),
        Ok(vec![Found::new(Kind::Domain, "a.example", Ends::At(START + 300 * DAY))].into()),
    ));
    assert_eq!(standing(&world.state.items[&key], world.now), Standing::Fine);
    assert!(world.state.items[&key].seen["shop"].found.flags.is_empty());
    world.feed(Event::Listed("shop".into(), Ok(closed(Kind::Certificate))));
    assert!(!world.state.items.contains_key(&key));
}

#[test]
fn what_a_provider_names_no_more_is_gone_unless_somebody_else_has_it() {
    let mut world = World::new();
    world.shop.has("a.example", START + 300 * DAY);
    world.shop.has("b.example", START + 300 * DAY);
    world.pass(60, 60);
    let mut found = Found::new(Kind::Domain, "B.example.", Ends::At(START + 300 * DAY));
    found.note = "line\nbreak".into();
    world.feed(Event::Seen { source: "rdap".into(), rank: Rank::Registry, found });
    assert_eq!(world.state.items.len(), 2, "one name is one thing");
    world.shop.domains.clear();
    world.days(1);
    assert_eq!(world.state.items.keys().collect::<Vec<_>>(), [&World::key("b.example")]);
    world.restart();
    assert_eq!(world.state.items.len(), 1);
    assert_eq!(world.state.items[&World::key("b.example")].seen["rdap"].found.note, "line break");
}

#[test]
fn a_provider_that_is_configured_no_more_says_nothing_more() {
    let mut world = World::new();
    world.shop.has("a.example", START + 300 * DAY);
    world.pass(60, 60);
    world.terms.providers.clear();
    world.pass(60, 60);
    assert!(world.state.items.is_empty() && world.state.providers.is_empty());
    world.restart();
    assert!(world.state.items.is_empty() && world.state.providers.is_empty());
}

#[test]
fn a_mail_is_a_task_until_a_person_says_that_it_was_done() {
    let mut world = World::new();
    let key = Key::new(Kind::HostName, "nas.ddns.net");
    let mail = |at: i64, ends: i64| Task { at, deadline: ends, what: "confirm".into(), link: None };
    world.feed(Event::Mail(key.clone(), mail(START, START + 7 * DAY)));
    world.feed(Event::Mail(key.clone(), mail(START, START + 7 * DAY)));
    assert_eq!(world.told, [Tell::Task(key.clone())], "once");
    world.now = START + 2 * DAY;
    assert_eq!(standing(&world.state.items[&key], world.now), Standing::Due);
    world.now = START + 6 * DAY + 43_200;
    assert_eq!(standing(&world.state.items[&key], world.now), Standing::Critical);
    world.feed(Event::Confirm { key: key.clone(), who: "ana".into() });
    assert_eq!(standing(&world.state.items[&key], world.now), Standing::Fine);
    world.feed(Event::Mail(key.clone(), mail(START, START + 7 * DAY)));
    assert_eq!(world.state.items[&key].task, None, "the same mail, read again after a restart");
    assert_eq!(standing(&world.state.items[&key], world.now + 8 * DAY), Standing::Fine, "a person's word holds");
    assert_eq!(standing(&world.state.items[&key], world.now + 24 * DAY), Standing::Due);
}

/// A registrar's mail about a domain was noted and forgotten.
#[test]
fn a_registrar_s_mail_is_a_task_until_it_is_done_and_moves_no_end() {
    let mut world = World::new();
    let ends = START + 200 * DAY;
    world.shop.has("a.example", ends);
    world.pass(60, 60);
    let key = World::key("a.example");
    let mail = |at| Task { at, deadline: ends, what: "GoDaddy writes: payment failed".into(), link: None };
    world.feed(Event::Mail(key.clone(), mail(world.now)));
    let item = &world.state.items[&key];
    assert_eq!((standing(item, world.now), item.life().unwrap().ends), (Standing::Due, ends));
    assert_eq!(atalaya_renew::problem(item).unwrap(), "GoDaddy writes: payment failed");
    // Somebody saw to it.
    world.feed(Event::Confirm { key: key.clone(), who: "ana".into() });
    assert_eq!((world.refused.len(), &world.state.items[&key].task), (0, &None));
    assert_eq!(standing(&world.state.items[&key], world.now), Standing::Fine);
    world.feed(Event::Mail(key.clone(), mail(START)));
    assert_eq!(world.state.items[&key].task, None, "the same mail, read again");
    world.feed(Event::Confirm { key: key.clone(), who: "ana".into() });
    assert_eq!(world.refused, [atalaya_renew::Refused::NotSaid], "when it ends is seen, and not said");
    // Or its end moves.
    world.now += DAY;
    world.feed(Event::Mail(key.clone(), mail(world.now)));
    world.shop.has("a.example", ends + YEAR);
    world.days(1);
    assert_eq!((&world.state.items[&key].task, standing(&world.state.items[&key], world.now)), (&None, Standing::Fine));
}
