//! The daemon's two ends of certificates that the sidecar orders: a chain that a command brings is put where the next turn
//! finds it, and what a turn asks for becomes a record.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use atalaya_wire::event::Requested;
use atalaya_wire::{ObjectId, text};

use super::daemon::Daemon;
use crate::certificate::{Asked, Offers, asked};

/// The probe that acts.
pub(super) const PROBE: &str = "certificates";
/// What stands is told again after: a sidecar may have lost it.
const AGAIN: Duration = Duration::from_secs(86_400);

/// What was told since the start, and when. After a start everything is told once more.
#[derive(Debug, Default)]
pub(super) struct Told {
    turned: Option<SystemTime>,
    all: BTreeMap<String, (Asked, Duration)>,
}

impl Told {
    /// What of it is news.
    fn news(&mut self, asked: Vec<Asked>, now: Duration) -> Vec<Asked> {
        self.all.retain(|name, _| asked.iter().any(|one| one.name == *name));
        let mut out = Vec::new();
        for one in asked {
            let fresh = |(told, at): &(Asked, Duration)| *told == one && now.saturating_sub(*at) < AGAIN;
            if !self.all.get(&one.name).is_some_and(fresh) {
                self.all.insert(one.name.clone(), (one.clone(), now));
                out.push(one);
            }
        }
        out
    }

    fn is_due(&self, now: Duration) -> bool {
        self.all.values().any(|(_, at)| now.saturating_sub(*at) >= AGAIN)
    }
}

impl Daemon {
    /// Keeps a chain for the next turn, which is at once; `Ok(false)` if nobody asked for one of that name.
    pub(super) fn take_chain(&mut self, name: &str, chain: &str) -> std::io::Result<bool> {
        if !self.config.certificates.iter().any(|known| known.name == name) {
            return Ok(false);
        }
        Offers::new(&self.config.state).put(name, chain)?;
        self.eyes.hurry(PROBE);
        Ok(true)
    }

    /// Tells the sidecar what a turn left to be told.
    pub(super) fn tell_requests(&mut self) {
        let turned = Offers::new(&self.config.state).turned();
        if turned == self.requests.turned && !self.requests.is_due(self.now.boot) {
            return;
        }
        self.requests.turned = turned;
        let mut asked = asked(&self.config.state);
        asked.retain(|one| self.config.certificates.iter().any(|known| known.name == one.name));
        for one in self.requests.news(asked, self.now.boot) {
            let told = Requested { request: one.request, installed: text(&one.installed) };
            self.record(&told, &ObjectId::of(&one.name));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_is_told_once_a_day_and_what_changed_at_once() {
        let mut told = Told::default();
        let asked = |installed: &str| Asked { name: "web".into(), request: vec![1], installed: installed.into() };
        let hours = |hours: u64| Duration::from_secs(hours * 3_600);
        assert_eq!(told.news(vec![asked("")], hours(1)).len(), 1);
        assert!(told.news(vec![asked("")], hours(2)).is_empty() && !told.is_due(hours(2)));
        assert_eq!(told.news(vec![asked("ab")], hours(3)), [asked("ab")]);
        assert!(told.is_due(hours(27)));
        assert_eq!(told.news(vec![asked("ab")], hours(27)).len(), 1);
        assert!(told.news(Vec::new(), hours(28)).is_empty() && told.all.is_empty(), "what is gone is forgotten");
    }
}
