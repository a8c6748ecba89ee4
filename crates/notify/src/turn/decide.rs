//! What is next.

use std::collections::BTreeMap;
use std::time::Duration;

use atalaya_alert::{Severity, Wall};

use super::lane::{Item, Key, Lane};
use super::{Begun, DeliveryId, Next, Now, State, Trouble, Turn};
use crate::limits::{SINGLE_MAX, TROUBLE_SECONDS};
use crate::message::What;

/// Quiet hours are looked at again after this long at the latest, because people's clock may jump.
const LOOK_AGAIN: Duration = Duration::from_secs(900);

/// From when on each set may be heard.
type Open = BTreeMap<String, Duration>;

impl Turn {
    /// What is to be done now. While a delivery is under way there is nothing.
    pub fn next(&mut self, now: Now) -> Next {
        if self.under_way.is_some() {
            return Next::Wait(None);
        }
        if let Some(trouble) = self.trouble(now.moment) {
            return Next::Trouble(trouble);
        }
        let open = self.open(now);
        let mut best: Option<(Key, String)> = None;
        let mut until: Option<Duration> = None;
        for (name, lane) in &self.lanes {
            match lane.turn(now.moment, &open) {
                Ok(key) if best.as_ref().is_none_or(|(least, _)| key < *least) => best = Some((key, name.clone())),
                Err(Some(at)) => until = Some(until.map_or(at, |until| until.min(at))),
                _ => {}
            }
        }
        let Some(((.., notification), channel)) = best else {
            return Next::Wait(self.lanes.values().filter_map(Lane::trouble_at).chain(until).min());
        };
        if let Some(digest) = self.crowd(&channel, now, &open) {
            return Next::Merge(digest);
        }
        self.send(DeliveryId { notification, channel }, now.moment)
    }

    fn send(&mut self, id: DeliveryId, now: Duration) -> Next {
        let lane = self.lanes.get_mut(&id.channel);
        let over = lane.is_some_and(|lane| {
            lane.spend(now);
            lane.get(&id.notification).is_some_and(|item| item.delivery.is_end() && item.delivery.begun != Begun::Here)
        });
        self.under_way = Some(id.clone());
        Next::Send { id, over }
    }

    /// What people should know about a channel.
    fn trouble(&mut self, now: Duration) -> Option<Trouble> {
        for (channel, lane) in &mut self.lanes {
            if lane.trouble_at().is_some_and(|at| at <= now) {
                lane.told = true;
                lane.news = lane.failing.as_ref().map(|(_, why)| State::Failing(why.clone()));
            }
            if let Some(state) = lane.news.take() {
                return Some(Trouble { channel: channel.clone(), state });
            }
        }
        None
    }

    fn open(&self, now: Now) -> Open {
        let wait = |at: Wall| Duration::from_secs(u64::try_from(at.0.saturating_sub(now.wall.0)).unwrap_or_default());
        let opens = |hours: &super::Hours| now.moment + wait(hours.opens(now.wall)).min(LOOK_AGAIN);
        self.hours.iter().map(|(set, hours)| (set.clone(), opens(hours))).collect()
    }

    /// More than a person reads one by one: the rest become one, once the channel works.
    fn crowd(&mut self, channel: &str, now: Now, open: &Open) -> Option<super::Digest> {
        let lane = self.lanes.get(channel).filter(|lane| !lane.fails())?;
        let ready = lane.items.values().filter(|item| item.delivery.what != What::Digest);
        let ready = ready.filter(|item| item.ready(open).is_some_and(|at| at <= now.moment));
        let rest: Vec<String> = ready.skip(SINGLE_MAX).map(|item| item.delivery.id.notification.clone()).collect();
        (rest.len() > 1).then(|| self.merge(channel, &rest, now)).flatten()
    }
}

impl Lane {
    /// What it would send now, or when it would.
    fn turn(&self, now: Duration, open: &Open) -> Result<Key, Option<Duration>> {
        let mut at: Option<Duration> = None;
        let mut last = None;
        let opens = self.opens();
        for (key, item) in &self.items {
            let Some(ready) = item.ready(open).map(|ready| ready.max(opens)) else { continue };
            match ready <= now {
                true if self.was_last(item) => last = Some(key.clone()),
                true => return Ok(key.clone()),
                false => at = Some(at.map_or(ready, |at| at.min(ready))),
            }
        }
        last.ok_or(at)
    }

    /// When people are to be told that it fails.
    fn trouble_at(&self) -> Option<Duration> {
        let (since, _) = self.failing.as_ref().filter(|_| !self.told)?;
        Some(*since + Duration::from_secs(TROUBLE_SECONDS))
    }
}

impl Item {
    /// When it may go, as far as it itself is concerned; never while it waits for another.
    fn ready(&self, open: &Open) -> Option<Duration> {
        let sets = self.delivery.sets.iter().filter(|_| self.delivery.severity < Severity::Critical);
        let heard = sets.filter_map(|set| open.get(set)).max().copied().unwrap_or_default();
        self.behind.is_empty().then(|| heard.max(self.next))
    }
}
