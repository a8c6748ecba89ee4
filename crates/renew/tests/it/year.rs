//! A year of fifty domains, and how much work that is.

use atalaya_renew::Tell;

use crate::world::{DAY, START, World, YEAR};

#[test]
fn a_year_of_fifty_is_bought_once_each_and_asks_little() {
    let mut world = World::new();
    world.terms.caps = vec![atalaya_renew::Money::parse("200 EUR").unwrap()];
    for n in 0..50 {
        world.shop.has(&format!("d{n:02}.example"), START + (n + 1) * 7 * DAY);
    }
    for _ in 0..365 {
        world.pass(DAY, 600);
        let proposed: Vec<_> =
            world.state.plans.values().filter(|plan| plan.stage.word() == "proposed").map(|plan| plan.id).collect();
        for plan in proposed {
            world.approve(plan, "ana");
        }
        world.refused.clear();
    }
    assert_eq!(world.shop.bought.len(), 50 + 8, "each once, and what ended in the first eight weeks is due again");
    assert!(world.shop.domains.values().all(|domain| domain.expires > world.now + 50 * DAY));
    let done = world.told.iter().filter(|tell| matches!(tell, Tell::Done(_))).count();
    assert_eq!(done, world.shop.bought.len());
    assert!(world.shop.lists < 365 * 4 + 60, "asked every six hours and after a purchase: {}", world.shop.lists);
    assert!(world.shop.quotes < 200, "{}", world.shop.quotes);
    assert!(world.now >= START + YEAR);
}
