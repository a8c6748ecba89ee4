//! What is offered of what is really sold, what comes next, and what is there before anybody said so.

use atalaya_renew::{Act, Ends, Event, Key, Kind, Rank, Refused, Seller, Sells, Standing, Trouble, ahead, standing};

use crate::shop::Mood;
use crate::world::{DAY, START, World, YEAR};

/// A shop that has a domain which is due, and sells no more than this.
fn selling(sells: Sells) -> World {
    let mut world = World::new();
    world.terms.providers.get_mut("shop").unwrap().sells = sells;
    world.shop.has("a.example", START + 50 * DAY);
    world.pass(120, 60);
    world
}

const AUTO_RENEW: Sells = Sells { renewal: false, auto_renew: true };

/// A registrar without "renew now" was asked for one every two weeks, and nobody was asked for what it does sell.
#[test]
fn what_is_proposed_is_what_is_sold_there() {
    let mut world = selling(AUTO_RENEW);
    let plan = world.open("a.example").expect("automatic renewal is proposed");
    assert_eq!((plan.act, plan.wanted_by), (Act::AutoRenew, None));
    assert!(world.shop.bought.is_empty(), "it costs money, so a person says yes");
    world.approve(plan.id, "ana");
    world.days(1);
    assert_eq!((world.stage(plan.id), world.open("a.example").is_none()), ("done", true));
    assert_eq!(selling(Sells::ALL).open("a.example").unwrap().act, Act::Renew { years: 1 });
    assert!(selling(Sells::NOTHING).open("a.example").is_none());
}

#[test]
fn what_is_not_sold_there_is_refused_and_says_what_is() {
    let mut world = selling(AUTO_RENEW);
    let plan = world.open("a.example").unwrap().id;
    world.feed(Event::Reject { plan, who: "ana".into() });
    let asked = world.shop.quotes;
    let act = Act::Renew { years: 1 };
    world.feed(Event::Want { key: World::key("a.example"), act, who: "ben".into() });
    assert_eq!((world.refused.as_slice(), world.shop.quotes), ([Refused::OnlySold(Act::AutoRenew)].as_slice(), asked));
}

/// Nobody says that what has ended comes back by it.
#[test]
fn automatic_renewal_is_not_proposed_for_what_has_ended() {
    let mut world = World::new();
    world.terms.providers.get_mut("shop").unwrap().sells = AUTO_RENEW;
    world.shop.has("a.example", START - DAY);
    world.pass(120, 60);
    assert_eq!(standing(&world.state.items[&World::key("a.example")], world.now), Standing::Over);
    assert!(world.open("a.example").is_none());
}

#[test]
fn when_it_is_looked_at_and_proposed_is_known_before() {
    let mut world = World::new();
    world.shop.has("a.example", START + YEAR);
    world.pass(60, 60);
    let of = |world: &World| ahead(&world.state.items[&World::key("a.example")], &world.state, &world.terms, world.now);
    let said = of(&world);
    assert_eq!(said.check, Some(world.state.providers["shop"].next));
    let proposed = said.proposed.unwrap();
    assert!((proposed - (START + YEAR * 5 / 6)).abs() <= 1, "{proposed}");
    world.pass(proposed - world.now - 7_200, 3_600);
    assert!(world.open("a.example").is_none());
    world.pass(4 * 3_600, 3_600);
    let plan = world.open("a.example").expect("as it was said").id;
    assert_eq!(of(&world).proposed, None, "it is proposed");
    world.feed(Event::Reject { plan, who: "ana".into() });
    assert_eq!(of(&world).proposed, Some(world.now + 14 * DAY));
    world.terms.providers.get_mut("shop").unwrap().sells = Sells::NOTHING;
    assert_eq!(of(&world).proposed, None, "nobody sells it");
}

/// What is configured and never answered was in no list, so nobody missed it.
#[test]
fn what_was_never_heard_of_is_there_and_unknown() {
    let mut world = World::new();
    let (port, account) = (Key::new(Kind::Certificate, "nas:443"), Key::new(Kind::Token, "shop"));
    let seller = Seller { expects: vec![port.clone()], ..Seller::new(Rank::Holder) };
    world.terms.providers.insert("ports".into(), seller);
    world.shop.mood = Mood::Away;
    world.feed(Event::Tick);
    let why = |world: &World, key: &Key| match &world.state.items[key].best().unwrap().1.found.ends {
        Ends::Unknown(why) => why.clone(),
        known => panic!("{known:?}"),
    };
    world.pass(60, 60);
    for key in [&port, &account] {
        assert_eq!(standing(&world.state.items[key], world.now), Standing::Unknown, "{key}");
        assert!(why(&world, key).contains("never seen yet: not reached"), "{}", why(&world, key));
    }
    // The first answer of an account says what it has; a port that it leaves out stays.
    world.feed(Event::Listed("shop".into(), Ok(Vec::new().into())));
    world.feed(Event::Listed("ports".into(), Ok(Vec::new().into())));
    world.feed(Event::Tick);
    assert!(!world.state.items.contains_key(&account));
    assert_eq!(why(&world, &port), "never checked yet");
    world.feed(Event::Listed("ports".into(), Err(Trouble::Unreachable("no route".into()))));
    world.terms.providers.remove("ports");
    world.feed(Event::Tick);
    assert!(!world.state.items.contains_key(&port), "it is configured no more");
}
