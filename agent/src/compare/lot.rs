//! Draws a share of many, spread evenly over them.

use std::hash::{BuildHasher, RandomState};

/// Of N it draws N times the share, rounded up or down; which, differs from time to time.
pub(super) struct Lot {
    share: f64,
    /// How near the next one is to be drawn, from 0 to 1.
    sum: f64,
}

impl Lot {
    /// `share` from 0 to 1.
    pub(super) fn new(share: f64) -> Self {
        // What seeds hash tables is as random as this needs.
        let random = RandomState::new().hash_one(0_u8) >> 11;
        Self { share, sum: random as f64 / (1_u64 << 53) as f64 }
    }

    pub(super) fn draws(&mut self) -> bool {
        self.sum += self.share;
        let drawn = self.sum >= 1.0;
        self.sum -= f64::from(u8::from(drawn));
        drawn
    }
}

#[cfg(test)]
mod tests {
    use super::Lot;

    #[test]
    fn the_share_is_kept_and_what_it_is_differs() {
        let drawn = |share| {
            let mut lot = Lot::new(share);
            (0..1000).filter(|_| lot.draws()).collect::<Vec<u32>>()
        };
        assert_eq!((drawn(0.0).len(), drawn(1.0).len()), (0, 1000));
        assert!((124..=126).contains(&drawn(0.125).len()));
        assert!((0..100).any(|_| drawn(0.01) != drawn(0.01)));
    }
}
