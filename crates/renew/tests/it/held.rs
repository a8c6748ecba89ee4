//! What a review found: each of these once went wrong.

use crate::shop::Mood;
use crate::world::{DAY, START, World};
use atalaya_renew::{
    Act, Action, Ask, Bought, Ends, Event, Flag, Found, Head, Key, Kind, Rank, Seller, Stage, Standing, State, Trouble,
    standing, step,
};

/// An order that waits for its turn is still sent after spending went off: nothing tells the caller not to.
/// (Shown at the planner's edge: no action ever takes an Ask::Buy back.)
#[test]
fn off_stops_what_is_approved_for_good() {
    let (mut world, plan) = World::due();
    world.shop.mood = Mood::Away;
    world.approve(plan, "ana");
    world.feed(Event::Switch { on: false, who: "ben".into() });
    world.pass(120, 10);
    world.feed(Event::Switch { on: true, who: "ana".into() });
    world.shop.mood = Mood::Well;
    world.pass(1_200, 10);
    assert!(world.shop.bought.is_empty(), "off stops everything that was not sent");
}

/// Automatic renewal is approved and sent without any cap.
#[test]
fn without_a_cap_nothing_is_bought() {
    let mut world = World::new();
    world.terms.caps.clear();
    world.shop.has("a.example", START + 300 * DAY);
    world.pass(60, 60);
    let (terms, now) = (world.terms.clone(), world.now);
    let quote =
        || Ok(atalaya_renew::Quote { act: Act::AutoRenew, price: None, expires: START + 300 * DAY, auto_renew: false });
    let want = atalaya_renew::Want {
        key: World::key("a.example"),
        provider: "shop".into(),
        act: Act::AutoRenew,
        who: Some("ana".into()),
    };
    let _ = step(&mut world.state, &terms, Event::Quoted { want, quote: quote() }, now);
    let plan = world.open("a.example").unwrap().id;
    let _ = step(&mut world.state, &terms, Event::Approve { plan, who: "ana".into() }, now);
    let out = step(&mut world.state, &terms, Event::Priced(plan, quote()), now);
    assert!(!out.iter().any(|one| matches!(one, Action::Ask(Ask::Buy(..)))), "{out:?}");
}

/// Each certain refusal gives the approval another day.
#[test]
fn an_approval_counts_for_a_day() {
    let (mut world, plan) = World::due();
    let approved = world.now;
    world.shop.mood = Mood::Away;
    world.approve(plan, "ana");
    world.pass(DAY - 1_200, 60);
    let terms = world.terms.clone();
    let quote = atalaya_renew::Quote {
        act: Act::Renew { years: 1 },
        price: Some(world.shop.price),
        expires: START + 50 * DAY,
        auto_renew: false,
    };
    let _ = step(&mut world.state, &terms, Event::Priced(plan, Ok(quote)), world.now);
    let _ = step(&mut world.state, &terms, Event::Bought(plan, Bought::Not(Trouble::Busy { after: 60 })), world.now);
    let Stage::Approved { until, .. } = world.state.plans[&plan].stage else { panic!() };
    assert!(until <= approved + DAY);
}

/// A copy forgets that spending was off, and gives a number again.
#[test]
fn a_copy_spends_nothing_and_numbers_nothing_twice() {
    let head = Head { next_plan: 7, switched_off: None };
    let (state, _) = State::restart(head, vec![], vec![], Default::default()).is_of_a_copy(START);
    assert!(state.head.switched_off.is_some());
    assert!(state.head.next_plan > 7);
}

/// After "it was done" it is proposed again at once, as long as the provider shows the old end.
#[test]
fn what_a_person_settled_as_done_is_not_proposed_again_at_once() {
    let (mut world, plan) = World::due();
    world.shop.mood = Mood::Forgets;
    world.approve(plan, "ana");
    world.days(2);
    assert_eq!(world.stage(plan), "unsettled");
    world.shop.mood = Mood::Well;
    world.feed(Event::Settle { plan, who: "ana".into(), done: true });
    world.pass(60, 10);
    assert!(world.open("a.example").is_none());
}

/// A person's word about a domain hides its end for a year.
#[test]
fn nobody_s_word_makes_a_domain_fine() {
    let mut world = World::new();
    world.shop.has("a.example", START + 3 * DAY);
    world.pass(60, 60);
    let key = World::key("a.example");
    world.feed(Event::Confirm { key: key.clone(), who: "token".into() });
    assert_eq!(standing(&world.state.items[&key], world.now), Standing::Critical);
}

/// What a registry calls pending delete is fine where the registrar says nothing of it.
#[test]
fn about_to_be_deleted_is_critical_whoever_says_so() {
    let mut world = World::new();
    world.shop.has("a.example", START + 300 * DAY);
    world.pass(60, 60);
    let mut found = Found::new(Kind::Domain, "a.example", Ends::At(START + 300 * DAY));
    found.flags = vec![Flag::PendingDelete];
    world.feed(Event::Seen { source: "rdap".into(), rank: Rank::Registry, found });
    let key = World::key("a.example");
    assert_eq!(standing(&world.state.items[&key], world.now), Standing::Critical);
}

/// A source that does not know keeps an old word of another fresh.
#[test]
fn what_its_best_source_said_long_ago_is_unknown() {
    let mut world = World::new();
    world.shop.has("a.example", START + 300 * DAY);
    world.pass(60, 60);
    world.shop.mood = Mood::Away;
    for _ in 0..30 {
        world.days(1);
        let found = Found::new(Kind::Domain, "a.example", Ends::Unknown("answers nobody".into()));
        world.feed(Event::Seen { source: "rdap".into(), rank: Rank::Registry, found });
    }
    let key = World::key("a.example");
    assert_eq!(standing(&world.state.items[&key], world.now), Standing::Unknown);
}

/// With as many plans as there may be, a price is asked for at every tick, and nothing is ever proposed.
#[test]
fn a_full_list_of_plans_is_no_flood() {
    let (mut world, plan) = World::due();
    let old = world.state.plans[&plan].clone();
    for id in 2..=1_000 {
        let id = atalaya_renew::PlanId(id);
        world.state.plans.insert(id, atalaya_renew::Plan { id, stage: Stage::Lapsed, ..old.clone() });
    }
    world.state.plans.get_mut(&plan).unwrap().stage = Stage::Lapsed;
    world.shop.quotes = 0;
    world.pass(3_600, 10);
    assert!(world.shop.quotes <= 1, "{}", world.shop.quotes);
}

/// A provider that wants to be left alone for longer than two rounds is asked at every tick.
#[test]
fn left_alone_means_left_alone() {
    let mut world = World::new();
    world.terms.every = 300;
    let terms = world.terms.clone();
    let _ = step(&mut world.state, &terms, Event::Listed("shop".into(), Err(Trouble::Busy { after: 3_600 })), START);
    let out = step(&mut world.state, &terms, Event::Tick, START + 10);
    assert!(!out.iter().any(|one| matches!(one, Action::Ask(Ask::List(_)))), "{out:?}");
}

/// What went while it had a plan stays for ever.
#[test]
fn what_is_gone_goes_when_its_plan_is_over() {
    let (mut world, plan) = World::due();
    world.shop.domains.clear();
    world.days(1);
    world.feed(Event::Reject { plan, who: "ana".into() });
    world.days(60);
    assert!(world.state.items.is_empty());
}

/// Two of one name in one list: the better one hides the worse.
#[test]
fn of_two_of_one_name_the_worse_counts() {
    let mut world = World::new();
    world.terms.providers.insert("nodes".into(), Seller::new(Rank::Holder));
    let cert = |days: i64| Found::new(Kind::Certificate, "NAS: /etc/ssl/a.pem", Ends::At(START + days * DAY));
    world.feed(Event::Listed("nodes".into(), Ok(vec![cert(1), cert(80)].into())));
    let key = Key::new(Kind::Certificate, "NAS: /etc/ssl/a.pem");
    assert_eq!(standing(&world.state.items[&key], world.now), Standing::Critical);
}

/// A curious question, or a key that is wrong for an hour, silences proposals for two weeks.
#[test]
fn a_wrong_key_for_an_hour_does_not_cost_two_weeks() {
    let (mut world, plan) = World::due();
    let key = World::key("a.example");
    world.feed(Event::Reject { plan, who: "x".into() });
    world.state.items.get_mut(&key).unwrap().propose_after = 0;
    let terms = world.terms.clone();
    let want =
        atalaya_renew::Want { key: key.clone(), provider: "shop".into(), act: Act::Renew { years: 1 }, who: None };
    let _ =
        step(&mut world.state, &terms, Event::Quoted { want, quote: Err(Trouble::WrongKey("401".into())) }, world.now);
    assert!(world.state.items[&key].propose_after <= world.now + DAY);
}
