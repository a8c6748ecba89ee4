//! Any order of results and crashes: what was decided and committed is told, and told twice only by a crash.

use proptest::prelude::*;

use super::super::*;
use super::world::World;

#[derive(Clone, Debug)]
enum Op {
    /// So many alerts begin, which is told to the channels of a mask.
    Begin { count: u64, channels: usize, severity: usize, night: bool },
    /// One that goes on is told again.
    Remind { which: usize },
    /// One ends, and with it the next one as well.
    End { which: usize, both: bool },
    /// What is next, and how it ends; whether the program is killed after the service has it and before that is stored.
    Go { outcome: usize, killed: bool },
    /// So many seconds pass.
    Pass(u64),
    /// The program is killed between two steps.
    Kill,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (1..3_u64, 1..4_usize, 0..4_usize, any::<bool>())
            .prop_map(|(count, channels, severity, night)| Op::Begin { count, channels, severity, night }),
        1 => any::<usize>().prop_map(|which| Op::Remind { which }),
        2 => (any::<usize>(), any::<bool>()).prop_map(|(which, both)| Op::End { which, both }),
        6 => (0..8_usize, prop::bool::weighted(0.1)).prop_map(|(outcome, killed)| Op::Go { outcome, killed }),
        2 => (0..4_000_u64).prop_map(Op::Pass),
        1 => Just(Op::Kill),
    ]
}

fn run(world: &mut World, turn: &mut Turn, op: Op) {
    match op {
        Op::Begin { count, channels, severity, night } => world.begin(turn, count, channels, severity, night),
        Op::Remind { which } => world.remind(turn, which),
        Op::End { which, both } => world.end(turn, which, both),
        Op::Go { outcome, killed } => _ = world.go(turn, outcome, killed),
        Op::Pass(seconds) => world.pass(seconds),
        Op::Kill => *turn = world.start(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(600) })]

    #[test]
    fn everything_is_told_and_nothing_twice_but_by_a_crash(ops in prop::collection::vec(op(), 1..200)) {
        let mut world = World::default();
        let mut turn = world.start();
        ops.into_iter().for_each(|op| run(&mut world, &mut turn, op));
        let mut steps = 0;
        while world.go(&mut turn, 7, false) {
            steps += 1;
            prop_assert!(steps < 5_000, "it never comes to an end");
        }
        world.check();
    }
}
