//! Stopped, cut off from power, without room, on a bad line.

use atalaya_store::{Fault, Loss, Rates, Stop};

use super::*;

/// A primary with two snapshots, and one that went on from there, with what a replica has in between.
fn stages() -> (Home, Arc<SimStore>, Arc<SimStore>, Arc<SimStore>) {
    let home = Home::new();
    (0..2).for_each(|version| home.backup(version));
    let first = clone(&home.store);
    let away = Arc::new(SimStore::new());
    home.copy(&away).unwrap();
    home.backup(2);
    home.forget_and_prune(1);
    let second = clone(&home.store);
    (home, first, second, away)
}

fn copy(home: &Home, from: &Arc<SimStore>, to: &Arc<SimStore>, heal: bool) -> Result<CopySummary> {
    let state = tempfile::tempdir().unwrap();
    let repo = home.open_at(Arc::new(At(Arc::clone(from), "home")), state.path())?;
    copy_with(&repo, Arc::new(At(Arc::clone(to), "away")), Manner { heal, ..Manner::default() })
}

/// Stops the target, then the primary, at every operation, while `to` is brought up to date.
fn stopped(home: &Home, from: &Arc<SimStore>, to: &Arc<SimStore>, what: &str) {
    let operations = |store: &Arc<SimStore>, target: bool| {
        let (from, to) = (clone(from), clone(to));
        let counted = if target { &to } else { &from };
        let before = counted.operations();
        copy(home, &from, &to, false).unwrap();
        assert_eq!(differences(store, &to), Vec::<String>::new());
        counted.operations() - before
    };
    for target in [true, false] {
        let total = operations(from, target);
        assert!(total > 20, "{total}");
        let stops: [fn(u64) -> Stop; 2] = [Stop::Before, Stop::After];
        // What happened and was not heard of differs for what writes.
        for stop in stops.into_iter().take(if thorough() { 2 } else { 1 }) {
            for k in 0..total {
                let what = format!("{what}, operation {k} of the {}", if target { "target" } else { "primary" });
                let (from, to) = (clone(from), clone(to));
                let stopped = if target { &to } else { &from };
                stopped.stop_at(stop(stopped.operations() + k));
                let result = copy(home, &from, &to, false);
                // What is only asked to be sure that nothing is missing, or to tidy up, ends no copy.
                let kept = result.as_ref().is_ok_and(|done| done.not_deleted.is_some() || !done.warnings.is_empty());
                assert!(result.is_err() || kept || k + 12 > total, "{what}: {result:?}");
                [&from, &to].iter().for_each(|store| store.restart());
                if !to.names("config").is_empty() {
                    assert_whole(home, &to, &[0, 1, 2], &what);
                }
                copy(home, &from, &to, false).unwrap_or_else(|err| panic!("{what}: {err}"));
                assert_eq!(differences(&from, &to), Vec::<String>::new(), "{what}");
            }
        }
    }
}

#[test]
fn stopped_at_every_operation_it_is_a_repository_and_the_next_copy_goes_on() {
    let (home, first, second, away) = stages();
    stopped(&home, &first, &Arc::new(SimStore::new()), "the first copy");
    stopped(&home, &second, &away, "the second copy");
}

#[test]
fn a_power_cut_at_any_operation_leaves_a_repository() {
    let (home, _, second, away) = stages();
    let total = {
        let to = clone(&away);
        let before = to.operations();
        copy(&home, &second, &to, false).unwrap();
        to.operations() - before
    };
    for k in 0..total {
        let to = clone(&away);
        to.stop_at(Stop::Before(to.operations() + k));
        let _ = copy(&home, &second, &to, false);
        let torn = k % 2 == 1;
        to.power_cut(k, if torn { Loss::Torn } else { Loss::Whole });
        let what = format!("power cut at operation {k}");
        if !torn {
            assert_whole(&home, &to, &[0, 1, 2], &what);
        }
        // What a lying disk tore may have the right length: that shows only when it is read.
        copy(&home, &second, &to, torn).unwrap_or_else(|err| panic!("{what}: {err}"));
        assert_eq!(differences(&second, &to), Vec::<String>::new(), "{what}");
    }
}

#[test]
fn a_full_target_keeps_what_it_has_and_goes_on_when_there_is_room() {
    let (home, away) = (Home::new(), Arc::new(SimStore::new()));
    (0..2).for_each(|version| home.backup(version));
    // Room for whichever pack comes first, as their names are drawn by lot, and not for all of them.
    let packs: Vec<u64> = home.store.names("data/").iter().map(|name| home.store.stat(name).unwrap()).collect();
    let room = packs.iter().max().unwrap() + 100_000;
    assert!(packs.iter().sum::<u64>() > room, "{packs:?}");
    away.set_capacity(Some(room));
    let err = home.copy(&away).unwrap_err();
    assert_eq!(err.kind, Kind::Full);
    let held = away.names("data/").len();
    assert!(held > 0);
    assert_eq!(assert_whole(&home, &away, &[], "full"), 0);
    away.set_capacity(None);
    let done = home.copy(&away).unwrap();
    assert!(done.packs < home.store.names("data/").len() as u64 + home.store.names("tree/").len() as u64, "{done:?}");
    assert_eq!(differences(&home.store, &away), Vec::<String>::new());
}

#[test]
fn a_bad_line_costs_time_and_nothing_else() {
    let home = Home::new();
    (0..2).for_each(|version| home.backup(version));
    for seed in 0..if thorough() { 40 } else { 3 } {
        let (from, to) = (clone(&home.store), Arc::new(SimStore::new()));
        let mut tries = 0;
        loop {
            let bad = |store: &Arc<SimStore>, seed| Fault::new(Arc::clone(store), Rates { before: 8, after: 8 }, seed);
            let state = tempfile::tempdir().unwrap();
            let here = Arc::new(At(bad(&from, seed * 1000 + tries), "home"));
            let there = Arc::new(At(bad(&to, seed * 1000 + tries + 500), "away"));
            let done = home.open_at(here, state.path()).and_then(|repo| copy_with(&repo, there, Manner::default()));
            if !to.names("config").is_empty() && tries % 4 == 0 {
                assert_whole(&home, &to, &[0, 1], &format!("seed {seed}, try {tries}"));
            }
            match done {
                Ok(done) if done.troubles == 0 => break,
                _ => tries += 1,
            }
            assert!(tries < 200, "seed {seed}");
        }
        assert_eq!(differences(&from, &to), Vec::<String>::new(), "seed {seed}");
    }
}
