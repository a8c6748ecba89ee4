//! Snapshots in an order in which none comes before one that it follows.

use std::collections::HashMap;

use crate::snapshot::Info;

/// What is to be known of a snapshot to put it.
pub(super) struct Waiting {
    pub(super) id: [u8; 16],
    pub(super) hash: [u8; 32],
    predecessors: Vec<[u8; 32]>,
}

impl Waiting {
    pub(super) fn new(info: Info) -> Self {
        Self { id: info.id, hash: info.hash, predecessors: info.catalogue.predecessors }
    }
}

/// Clocks do not decide it: they may have been wrong. Hashes cannot go in a circle.
pub(super) fn behind_predecessors(all: Vec<Waiting>) -> Vec<Waiting> {
    let places: HashMap<[u8; 32], usize> = all.iter().enumerate().map(|(at, one)| (one.hash, at)).collect();
    let mut out = Vec::with_capacity(all.len());
    let mut entered = vec![false; all.len()];
    for start in 0..all.len() {
        // Each with the number of its predecessors that were looked at.
        let mut path = Vec::new();
        if !std::mem::replace(&mut entered[start], true) {
            path.push((start, 0));
        }
        while let Some((at, looked)) = path.pop() {
            let Some(hash) = all[at].predecessors.get(looked) else {
                out.push(at);
                continue;
            };
            path.push((at, looked + 1));
            if let Some(&before) = places.get(hash)
                && !std::mem::replace(&mut entered[before], true)
            {
                path.push((before, 0));
            }
        }
    }
    let mut left: Vec<Option<Waiting>> = all.into_iter().map(Some).collect();
    out.into_iter().filter_map(|at| left[at].take()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_the_order_they_come_in() {
        // Each follows those with a number that divides its own.
        let follows = |n: u8| (1..n).filter(move |m| n.is_multiple_of(*m));
        for turn in 0..12 {
            let mut numbers: Vec<u8> = (1..=12).collect();
            numbers.rotate_left(turn);
            if turn % 2 == 1 {
                numbers.reverse();
            }
            let waiting = |n: &u8| Waiting {
                id: [*n; 16],
                hash: [*n; 32],
                predecessors: follows(*n).chain([99]).map(|m| [m; 32]).collect(),
            };
            let out = behind_predecessors(numbers.iter().map(waiting).collect());
            let place = |n: u8| out.iter().position(|one| one.id == [n; 16]).unwrap();
            assert_eq!(out.len(), 12);
            (1..=12).for_each(|n| assert!(follows(n).all(|m| place(m) < place(n)), "{n} at turn {turn}"));
        }
    }
}
