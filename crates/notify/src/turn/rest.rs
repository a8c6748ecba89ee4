//! A channel that failed rests: until when, and what ends that early.

use std::collections::BTreeMap;

use atalaya_alert::Wall;

use super::{Now, Turn};

impl Turn {
    /// Somebody saw it work, by a test: it rests no longer, and what waits for it may go.
    pub fn works(&mut self, channel: &str, now: Now) {
        if let Some(lane) = self.lanes.get_mut(channel) {
            lane.worked();
            lane.wake(now.moment);
        }
    }

    /// It is set up otherwise, so why it failed may be over: what waits for it is tried now. Whether it works is seen then.
    pub fn wake(&mut self, channel: &str, now: Now) {
        if let Some(lane) = self.lanes.get_mut(channel) {
            lane.wake(now.moment);
        }
    }

    /// Channels that rest, and until when.
    #[must_use]
    pub fn rests(&self, now: Now) -> BTreeMap<String, Wall> {
        let until = |rest: std::time::Duration| {
            // What is left of a second is waited for as well.
            let seconds = rest.as_secs() + u64::from(rest.subsec_nanos() > 0);
            Wall(now.wall.0.saturating_add(i64::try_from(seconds).unwrap_or(i64::MAX)))
        };
        let rests = self.lanes.iter().filter_map(|(name, lane)| Some((name.clone(), until(lane.rest(now.moment)?))));
        rests.collect()
    }
}
