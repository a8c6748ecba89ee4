//! Thirty healthy days of three NAS send at most one notification a week.

use atalaya_alert::{Event, NodeId};

use crate::days::{DAY, Fault, NAMES, Rng, away, minute};
use crate::world::World;

fn say(world: &mut World, rng: &mut Rng, node: &str, now: u64, fault: Fault) {
    minute(rng, now, fault).iter().for_each(|(object, keys)| world.say(node, object, keys));
}

#[test]
fn thirty_healthy_days_are_quiet() {
    let mut world = World::new(&[]);
    let mut rng = Rng(std::env::var("SEED").map_or(20_261_121, |seed| seed.parse().unwrap()));
    let mut until = [0; 3];
    for now in (0..30 * DAY).step_by(60) {
        world.pass(now);
        for (node, until) in NAMES.iter().zip(&mut until) {
            let before = now < *until;
            let away = away(&mut rng, until, now);
            let id = NodeId::from(*node);
            match (before, away) {
                (false, true) => world.take(&Event::Offline(id)),
                (_, false) => say(&mut world, &mut rng, node, now, Fault::None),
                (true, true) => {}
            }
        }
        // Only what is said here is said: nobody repeats it.
        world.says.clear();
    }
    let told: Vec<String> =
        world.notifications().map(|(at, one)| format!("day {}: {}", at / DAY, one.subject.en)).collect();
    println!("{} notifications in thirty days", told.len());
    for week in 0..5 {
        let of = world.notifications().filter(|(at, _)| at / (7 * DAY) == week).count();
        assert!(of <= 1, "{of} notifications in week {week}: {told:#?}");
    }
    assert!(world.actions.len() > 10, "the days are too calm to mean anything");
}

/// The same days with one real fault are not quiet: the silence above is not deafness.
#[test]
fn a_fault_on_a_healthy_day_is_told() {
    let mut world = World::new(&[]);
    let mut rng = Rng(1);
    for now in (0..DAY / 2).step_by(60) {
        world.pass(now);
        let fault = if now >= 6 * 3_600 { Fault::Array } else { Fault::None };
        say(&mut world, &mut rng, "casa", now, fault);
        world.says.clear();
    }
    let told: Vec<_> = world.notifications().map(|(at, one)| (at / 60, one.subject.en.clone())).collect();
    assert_eq!(told[0].1, "Alert (critical): casa: Array would not survive another disk (md0: degraded)");
    assert!(told[0].0 <= 363, "{told:?}");
}
