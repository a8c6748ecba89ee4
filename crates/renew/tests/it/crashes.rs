//! The program ends at every action in turn, and at every half of what asks somebody.

use atalaya_renew::{Event, PlanId};

use crate::shop::Mood;
use crate::world::{DAY, START, World};

/// Somebody approves whatever is proposed, for two days; the program ends once, at an action.
fn two_days(crash_at: usize, mood: Mood) -> World {
    let mut world = World::new();
    world.crash_at = Some(crash_at);
    world.shop.has("a.example", START + 50 * DAY);
    world.shop.moods.push_back(mood);
    for _ in 0..300 {
        world.pass(600, 60);
        let proposed = world.open("a.example").filter(|plan| plan.stage.word() == "proposed").map(|plan| plan.id);
        if let Some(plan) = proposed {
            world.approve(plan, "ana");
        }
    }
    world
}

#[test]
fn whenever_it_ends_it_is_bought_once_or_a_person_is_asked() {
    for mood in [Mood::Well, Mood::Silent, Mood::Lossy, Mood::Away] {
        let (mut points, mut asked) = (0, 0);
        for crash_at in 1.. {
            let world = two_days(crash_at, mood);
            if world.crashes == 0 {
                break;
            }
            points += 1;
            let bought = world.shop.bought.len();
            let unsettled = world.state.plans.values().any(|plan| plan.stage.word() == "unsettled");
            let done = world.state.plans.values().any(|plan| plan.stage.word() == "done");
            assert!(bought <= 1, "{mood:?} at {crash_at}: bought {bought} times");
            assert!(done || unsettled, "{mood:?} at {crash_at}: nobody knows");
            assert_eq!(done, bought == 1, "{mood:?} at {crash_at}");
            asked += usize::from(unsettled);
        }
        assert!(points > 60, "{points} places to end at");
        // Only what was lost on its way, or ended between being written down and being sent, is anybody's business.
        match mood {
            Mood::Lossy => assert!(asked > 50),
            _ => assert!(asked <= 8, "{mood:?}: {asked}"),
        }
    }
}

#[test]
fn numbers_of_plans_are_never_used_again() {
    let (mut world, plan) = World::due();
    world.feed(Event::Reject { plan, who: "ana".into() });
    world.restart();
    world.days(16);
    assert_eq!(world.open("a.example").unwrap().id, PlanId(plan.0 + 1));
}

#[test]
fn what_waited_in_a_copy_of_the_database_may_have_been_bought_since() {
    let (mut world, plan) = World::due();
    let state = std::mem::take(&mut world.state);
    let (state, changed) = state.is_of_a_copy(world.now);
    world.state = state;
    assert_eq!(changed, [plan]);
    world.approve(plan, "ana");
    world.pass(30 * DAY, 3_600);
    assert_eq!((world.shop.bought.len(), world.stage(plan)), (0, "unsettled"));
    world.shop.domains.get_mut("a.example").unwrap().expires += 365 * DAY;
    world.pass(2 * DAY, 3_600);
    assert_eq!(world.stage(plan), "done", "it was, and shows");
}
