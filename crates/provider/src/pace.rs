//! How often a service is asked. What would be too much is not sent, and said to be [`Trouble::Busy`]: nobody waits here.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use atalaya_renew::Trouble;

use crate::limits::BUSY_SECONDS_MAX;

/// At most so many requests in so long to each endpoint, and none while the service wants to be left alone.
#[derive(Debug)]
pub(crate) struct Pace {
    most: usize,
    span: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// When the last ones were sent.
    sent: BTreeMap<&'static str, VecDeque<Instant>>,
    away: Option<Instant>,
}

impl Pace {
    pub(crate) const fn new(most: usize, span: Duration) -> Self {
        Self { most, span, state: Mutex::new(State { sent: BTreeMap::new(), away: None }) }
    }

    /// Counts a request to `endpoint`.
    ///
    /// # Errors
    ///
    /// [`Trouble::Busy`] if it is one too many.
    pub(crate) fn take(&self, endpoint: &'static str) -> Result<(), Trouble> {
        self.take_at(endpoint, Instant::now())
    }

    /// Leaves the service alone for so many seconds.
    pub(crate) fn stay_away(&self, seconds: u32) {
        self.stay_away_at(seconds, Instant::now());
    }

    fn take_at(&self, endpoint: &'static str, now: Instant) -> Result<(), Trouble> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(until) = state.away.filter(|until| *until > now) {
            return Err(busy(until - now));
        }
        let sent = state.sent.entry(endpoint).or_default();
        while sent.front().is_some_and(|then| now.saturating_duration_since(*then) >= self.span) {
            sent.pop_front();
        }
        match sent.front() {
            Some(oldest) if sent.len() >= self.most => {
                Err(busy(self.span.saturating_sub(now.saturating_duration_since(*oldest))))
            }
            _ => {
                sent.push_back(now);
                Ok(())
            }
        }
    }

    fn stay_away_at(&self, seconds: u32, now: Instant) {
        let until = now + Duration::from_secs(seconds.min(BUSY_SECONDS_MAX).into());
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.away = state.away.max(Some(until));
    }
}

/// Whole seconds, rounded up.
fn busy(left: Duration) -> Trouble {
    Trouble::Busy { after: u32::try_from(left.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_too_many_waits_until_the_first_is_old() {
        let (pace, start) = (Pace::new(2, Duration::from_secs(60)), Instant::now());
        let take = |endpoint, seconds| pace.take_at(endpoint, start + Duration::from_secs(seconds));
        assert_eq!((take("a", 0), take("a", 10)), (Ok(()), Ok(())));
        assert_eq!(take("a", 20), Err(Trouble::Busy { after: 40 }));
        assert_eq!(take("b", 20), Ok(()), "each endpoint has its own");
        assert_eq!((take("a", 60), take("a", 61)), (Ok(()), Err(Trouble::Busy { after: 9 })));
    }

    #[test]
    fn a_service_that_wants_to_be_left_alone_is() {
        let (pace, start) = (Pace::new(9, Duration::from_secs(60)), Instant::now());
        pace.stay_away_at(300, start);
        pace.stay_away_at(30, start);
        let at = |seconds| pace.take_at("a", start + Duration::from_secs(seconds));
        assert_eq!((at(1), at(299)), (Err(Trouble::Busy { after: 299 }), Err(Trouble::Busy { after: 1 })));
        assert_eq!(at(300), Ok(()));
        pace.stay_away_at(u32::MAX, start);
        assert_eq!(at(BUSY_SECONDS_MAX.into()), Ok(()), "not for ever");
    }
}
