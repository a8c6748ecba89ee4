//! Whatever happens in whatever order: never twice, never without a yes, never for more.

use atalaya_renew::{Act, Event, Money, PlanId};
use proptest::prelude::*;

use crate::shop::Mood;
use crate::world::{DAY, START, World, YEAR};

#[derive(Clone, Debug)]
enum Do {
    Pass(i64),
    Jump(i64),
    Approve(u64),
    Reject(u64),
    Settle(u64, bool),
    Want(bool),
    Mood(Mood),
    Price(i64),
    Switch(bool),
    Restart,
}

fn what() -> impl Strategy<Value = Do> {
    let mood =
        prop::sample::select(vec![Mood::Well, Mood::Away, Mood::Silent, Mood::Lossy, Mood::Refuses, Mood::Forgets]);
    prop_oneof![
        4 => (60_i64..3 * DAY).prop_map(Do::Pass),
        1 => (-YEAR..YEAR).prop_map(Do::Jump),
        4 => (1_u64..8).prop_map(Do::Approve),
        1 => (1_u64..8).prop_map(Do::Reject),
        1 => (1_u64..8, any::<bool>()).prop_map(|(plan, done)| Do::Settle(plan, done)),
        1 => any::<bool>().prop_map(Do::Want),
        2 => mood.prop_map(Do::Mood),
        1 => (1_i64..60).prop_map(Do::Price),
        1 => any::<bool>().prop_map(Do::Switch),
        2 => Just(Do::Restart),
    ]
}

fn does(world: &mut World, what: Do) {
    match what {
        Do::Pass(seconds) => world.pass(seconds, 1_800),
        Do::Jump(seconds) => world.now = (world.now + seconds).max(0),
        Do::Approve(plan) => world.approve(PlanId(plan), "ana"),
        Do::Reject(plan) => world.feed(Event::Reject { plan: PlanId(plan), who: "ana".into() }),
        Do::Settle(plan, done) => world.feed(Event::Settle { plan: PlanId(plan), who: "ana".into(), done }),
        Do::Want(auto) => {
            let act = if auto { Act::AutoRenew } else { Act::Renew { years: 2 } };
            world.feed(Event::Want { key: World::key("a.example"), act, who: "ben".into() });
        }
        Do::Mood(mood) => world.shop.mood = mood,
        Do::Price(euros) => world.shop.price = Money::parse(&format!("{euros} EUR")).unwrap(),
        Do::Switch(on) => world.feed(Event::Switch { on, who: "ben".into() }),
        Do::Restart => world.restart(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn never_twice_never_unasked_never_for_more(all in prop::collection::vec(what(), 1..60), crash in 1_usize..400) {
        let mut world = World::new();
        world.shop.has("a.example", START + 50 * DAY);
        world.crash_at = Some(crash);
        for one in all {
            does(&mut world, one);
        }
        for order in &world.shop.bought {
            let sent = world.shop.bought.iter().filter(|other| other.reference == order.reference).count();
            prop_assert_eq!(sent, 1, "{} was sent twice", &order.reference);
            let id: u64 = order.reference.split('-').nth(1).unwrap().parse().unwrap();
            let plan = &world.state.plans[&PlanId(id)];
            let said_yes = plan.history.iter().any(|line| line.what == "approved by ana");
            prop_assert!(said_yes, "nobody said yes to {}", id);
            prop_assert_eq!(order.price, plan.price);
        }
        let open = world.state.plans.values().filter(|plan| plan.is_open()).count();
        prop_assert!(open <= 1, "two plans for one thing");
    }
}
