//! How fast what waited goes out when somebody is there again: a thousand nodes that come back at once are no storm. Pure.

use std::time::Duration;

/// So many a second, and as many at once after a pause.
#[derive(Debug)]
pub struct Pace {
    each: Duration,
    burst: Duration,
    /// When the next one would be on time.
    next: Duration,
}

impl Pace {
    /// `per_second` of them.
    #[must_use]
    pub fn new(per_second: u32) -> Self {
        Self { each: Duration::from_secs(1) / per_second, burst: Duration::from_secs(1), next: Duration::ZERO }
    }

    /// Whether one may go out now, which is since the start of the machine.
    #[must_use]
    pub fn allows(&self, now: Duration) -> bool {
        now + self.burst >= self.next + self.each
    }

    /// One went out.
    pub fn went(&mut self, now: Duration) {
        self.next = self.next.max(now) + self.each;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_goes_out_evenly() {
        let mut pace = Pace::new(10);
        let mut seconds = [0; 5];
        for milli in 0..5000_u64 {
            let now = Duration::from_secs(1000) + Duration::from_millis(milli);
            while pace.allows(now) {
                pace.went(now);
                seconds[milli as usize / 1000] += 1;
            }
        }
        assert_eq!(seconds, [19, 10, 10, 10, 10]);
    }
}
