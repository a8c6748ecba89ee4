//! From due to done, and every reason to stop in between.

use atalaya_renew::{Act, Event, Money, Refused, Sells, Stage, Tell, Why};

use crate::shop::Mood;
use crate::world::{DAY, START, World, YEAR};

#[test]
fn what_is_due_is_proposed_approved_bought_once_and_seen() {
    let (mut world, plan) = World::due();
    assert_eq!(world.told, [Tell::Proposed(plan)]);
    assert_eq!(world.open("a.example").unwrap().price, Some(Money::parse("20 EUR").unwrap()));
    world.days(1);
    assert!(world.shop.bought.is_empty(), "nobody said yes");
    world.approve(plan, "ana");
    world.pass(120, 10);
    assert_eq!((world.stage(plan), world.shop.bought.len()), ("done", 1));
    assert_eq!(world.told.last(), Some(&Tell::Done(plan)));
    world.days(200);
    assert_eq!((world.shop.bought.len(), world.state.plans.len()), (1, 1), "it is fine for another year");
    let words: Vec<_> = world.state.plans[&plan].history.iter().map(|line| line.what.as_str()).collect();
    assert_eq!(words, ["proposed (it is time)", "approved by ana", "sending", "taken (4711, 20.00 EUR)", "it shows"]);
}

#[test]
fn two_people_who_say_yes_at_once_buy_once() {
    let (mut world, plan) = World::due();
    world.approve(plan, "ana");
    world.approve(plan, "ben");
    world.days(1);
    assert_eq!((world.shop.bought.len(), world.stage(plan)), (1, "done"));
    assert_eq!(world.refused, [Refused::Decided("done")]);
    world.feed(Event::Reject { plan, who: "ben".into() });
    assert_eq!(world.refused.len(), 2);
}

#[test]
fn a_price_that_rose_stops_it_and_one_that_fell_does_not() {
    for (price, bought) in [("20.01 EUR", 0), ("19 EUR", 1), ("20 USD", 0)] {
        let (mut world, plan) = World::due();
        world.shop.price = Money::parse(price).unwrap();
        world.approve(plan, "ana");
        world.pass(60, 60);
        assert_eq!(world.shop.bought.len(), bought, "{price}");
        if bought == 0 {
            assert!(matches!(&world.state.plans[&plan].stage, Stage::Stopped { why: Why::PriceRose { now: Some(_) } }));
            world.days(2);
            assert!(world.open("a.example").is_some(), "proposed anew with the new price");
        }
    }
}

#[test]
fn an_end_that_moved_stops_it() {
    let (mut world, plan) = World::due();
    world.shop.domains.get_mut("a.example").unwrap().expires += YEAR;
    world.approve(plan, "ana");
    world.days(1);
    assert!(matches!(world.state.plans[&plan].stage, Stage::Stopped { why: Why::EndMoved { .. } }));
    assert!(world.shop.bought.is_empty());
}

#[test]
fn a_no_holds_for_two_weeks_and_nobody_s_answer_for_one() {
    let (mut world, plan) = World::due();
    world.feed(Event::Reject { plan, who: "ana".into() });
    world.days(13);
    assert!(world.open("a.example").is_none());
    world.days(2);
    let next = world.open("a.example").unwrap().id;
    assert_ne!(next, plan);
    world.days(8);
    assert_eq!(world.stage(next), "lapsed");
    assert!(world.open("a.example").is_some(), "with what it costs then");
}

#[test]
fn what_was_approved_can_be_called_back_while_it_waits() {
    let (mut world, plan) = World::due();
    world.shop.mood = Mood::Away;
    world.approve(plan, "ana");
    world.feed(Event::Reject { plan, who: "ana".into() });
    world.shop.mood = Mood::Well;
    world.days(1);
    assert_eq!((world.stage(plan), world.shop.bought.len()), ("rejected", 0));
}

#[test]
fn an_approval_counts_for_a_day() {
    let (mut world, plan) = World::due();
    world.shop.mood = Mood::Away;
    world.approve(plan, "ana");
    world.days(2);
    world.shop.mood = Mood::Well;
    world.days(1);
    assert_eq!((world.stage(plan), world.shop.bought.len()), ("lapsed", 0));
}

#[test]
fn the_month_s_cap_holds_over_all_plans() {
    let mut world = World::new();
    world.terms.caps = vec![Money::parse("50 EUR").unwrap()];
    for name in ["a.example", "b.example", "c.example"] {
        world.shop.has(name, START + 50 * DAY);
    }
    world.pass(120, 60);
    for name in ["a.example", "b.example", "c.example"] {
        let plan = world.open(name).unwrap().id;
        world.approve(plan, "ana");
    }
    world.pass(60, 60);
    assert_eq!(world.shop.bought.len(), 2);
    assert!(matches!(world.refused.as_slice(), [Refused::Spending(Why::Cap { .. })]));
    // A clock that goes back a month makes no room.
    world.now -= 40 * DAY;
    let plan = world.open("c.example").unwrap().id;
    world.approve(plan, "ana");
    assert_eq!(world.shop.bought.len(), 2);
    // The next month does.
    world.now = START + 20 * DAY;
    world.days(1);
    let plan = world.open("c.example").unwrap().id;
    world.approve(plan, "ana");
    world.pass(60, 60);
    assert_eq!(world.shop.bought.len(), 3);
}

#[test]
fn without_a_cap_in_its_currency_nothing_is_bought() {
    let (mut world, plan) = World::due();
    world.terms.caps.clear();
    world.approve(plan, "ana");
    assert_eq!(world.refused, [Refused::Spending(Why::NoCap)]);
}

#[test]
fn the_switch_stops_what_is_approved_but_not_sent() {
    let (mut world, plan) = World::due();
    world.shop.mood = Mood::Away;
    world.approve(plan, "ana");
    world.feed(Event::Switch { on: false, who: "ben".into() });
    world.restart();
    world.shop.mood = Mood::Well;
    world.pass(3_600, 60);
    assert!(
        matches!(world.state.plans[&plan].stage, Stage::Stopped { why: Why::SwitchedOff }),
        "it survives a restart"
    );
    assert!(world.shop.bought.is_empty());
    world.feed(Event::Switch { on: true, who: "ben".into() });
    world.days(2);
    let plan = world.open("a.example").unwrap().id;
    world.approve(plan, "ana");
    world.pass(60, 60);
    assert_eq!(world.shop.bought.len(), 1);
}

#[test]
fn a_dry_run_looks_at_everything_and_buys_nothing() {
    let (mut world, plan) = World::due();
    world.terms.dry_run = true;
    world.approve(plan, "ana");
    world.days(1);
    assert_eq!((world.stage(plan), world.shop.bought.len()), ("rehearsed", 0));
}

#[test]
fn what_was_certainly_not_taken_is_tried_again_and_what_was_refused_is_not() {
    let (mut world, plan) = World::due();
    world.shop.moods.extend([Mood::Away, Mood::Away]);
    world.approve(plan, "ana");
    world.pass(7_200, 60);
    assert_eq!((world.stage(plan), world.shop.bought.len()), ("done", 1));

    let (mut world, plan) = World::due();
    world.shop.moods.push_back(Mood::Refuses);
    world.approve(plan, "ana");
    world.days(1);
    assert_eq!((world.stage(plan), world.shop.bought.len()), ("stopped", 0));
    assert!(world.told.contains(&Tell::Stopped(plan)));

    let (mut world, plan) = World::due();
    world.shop.moods.extend([Mood::Away; 9]);
    world.approve(plan, "ana");
    world.days(1);
    assert_eq!(world.stage(plan), "stopped", "five times, not for ever");
    assert_eq!(world.shop.moods.len(), 4);
}

#[test]
fn an_answer_that_never_came_is_looked_for_and_never_asked_for_again() {
    let (mut world, plan) = World::due();
    world.shop.moods.push_back(Mood::Silent);
    world.approve(plan, "ana");
    world.pass(60, 10);
    assert_eq!((world.stage(plan), world.shop.bought.len()), ("done", 1), "it shows that it was taken");

    for mood in [Mood::Lossy, Mood::Forgets] {
        let (mut world, plan) = World::due();
        world.shop.moods.push_back(mood);
        world.approve(plan, "ana");
        world.days(3);
        assert_eq!(world.stage(plan), "unsettled");
        assert!(world.told.contains(&Tell::Unsettled(plan)));
        world.days(40);
        assert!(world.shop.bought.len() <= 1, "never a second time by itself");
        assert_eq!(world.state.plans.len(), 1, "nor another plan beside it");
        world.feed(Event::Settle { plan, who: "ana".into(), done: false });
        world.days(1);
        assert!(world.open("a.example").is_some(), "a new one, now that somebody looked");
    }
}

#[test]
fn what_shows_late_settles_itself() {
    let (mut world, plan) = World::due();
    world.shop.moods.push_back(Mood::Forgets);
    world.approve(plan, "ana");
    world.days(3);
    world.shop.domains.get_mut("a.example").unwrap().expires += YEAR;
    world.days(2);
    assert_eq!(world.stage(plan), "done");
}

#[test]
fn turning_on_renewal_is_a_purchase() {
    let (mut world, plan) = World::due();
    world.feed(Event::Reject { plan, who: "ana".into() });
    world.feed(Event::Want { key: World::key("a.example"), act: Act::AutoRenew, who: "ben".into() });
    let plan = world.open("a.example").unwrap();
    assert_eq!((plan.act, plan.wanted_by.as_deref()), (Act::AutoRenew, Some("ben")));
    assert!(!world.shop.domains["a.example"].auto_renew);
    world.approve(plan.id, "ana");
    world.pass(60, 60);
    assert!(world.shop.domains["a.example"].auto_renew);
    world.days(1);
    assert_eq!((world.stage(plan.id), world.open("a.example").is_none()), ("done", true), "nobody is asked any more");
}

#[test]
fn what_cannot_be_wanted() {
    let (mut world, plan) = World::due();
    let want = |name: &str, years| Event::Want { key: World::key(name), act: Act::Renew { years }, who: "ben".into() };
    for event in [want("a.example", 1), want("b.example", 1), want("a.example", 0), want("a.example", 11)] {
        world.feed(event);
    }
    assert_eq!(world.refused, [Refused::PlanThere(plan), Refused::NoItem, Refused::Years, Refused::Years]);
    world.refused.clear();
    world.terms.providers.get_mut("shop").unwrap().sells = Sells::NOTHING;
    world.feed(Event::Reject { plan, who: "ana".into() });
    world.feed(want("a.example", 1));
    assert_eq!(world.refused, [Refused::NotSold]);
}
