//! What is remembered of a record, also over a restart: what was set, when it was seen, and how often that failed, so that a
//! program that starts again and again is not counted as a flood.

use std::net::IpAddr;

use atalaya_renew::Trouble;
use serde::{Deserialize, Serialize};

/// After a failure it is tried again after so many seconds, then twice as many.
const AGAIN_SECONDS: i64 = 60;
/// Up to these.
const AGAIN_SECONDS_MAX: i64 = 3_600;
/// A provider may ask for more.
const BUSY_SECONDS_MAX: i64 = 86_400;
/// Servers that do not show a change are asked again after so many seconds, then twice as many.
const UNSEEN_SECONDS: i64 = 15;
/// Up to these.
const UNSEEN_SECONDS_MAX: i64 = 900;

/// See the module. Times are in seconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Memory {
    /// Of the configuration that all this is about: another one begins anew.
    pub(super) config: String,
    /// What the zone holds, as far as is known.
    pub(super) address: Option<IpAddr>,
    /// When something was last set.
    pub(super) set_at: Option<i64>,
    /// When the zone was last looked at.
    pub(super) looked: Option<i64>,
    /// When its servers last showed `address`; nothing while they do not.
    pub(super) verified: Option<i64>,
    /// The zone's servers, as its provider named them.
    pub(super) servers: Vec<String>,
    /// How often in a row they were asked and did not show it.
    pub(super) unseen: u32,
    /// They are not asked before.
    pub(super) verify_next: i64,
    /// Failures of the provider in a row.
    pub(super) failed: u32,
    /// It is not asked before.
    pub(super) next: i64,
    /// What is wrong, in words.
    pub(super) why: String,
    /// Since when the node has no address of this family, while it has one of the other.
    pub(super) absent_since: Option<i64>,
}

impl Memory {
    /// What it is worth under `config`.
    pub(super) fn under(self, config: &str) -> Self {
        if self.config == config { self } else { Self { config: config.to_owned(), ..Self::default() } }
    }

    /// Whether the node has no address of this family, while it has one of the other.
    pub(super) const fn hear(&mut self, is_absent: bool, now: i64) {
        if !is_absent {
            self.absent_since = None;
        } else if self.absent_since.is_none() {
            self.absent_since = Some(now);
        }
    }

    /// What is remembered before a provider is asked: whoever dies over it does not ask again at once.
    pub(super) fn intended(&self, now: i64) -> Self {
        let mut next = self.clone();
        next.failed(&Trouble::Unclear("the sidecar stopped before the provider answered".into()), now);
        next
    }

    /// The zone was looked at; these are its servers.
    pub(super) fn looked(&mut self, servers: Vec<String>, now: i64) {
        (self.looked, self.servers) = (Some(now), servers);
    }

    /// The zone held it.
    pub(super) fn found(&mut self, address: IpAddr) {
        if self.address != Some(address) {
            (self.address, self.verified) = (Some(address), None);
        }
        self.answered();
    }

    /// It was set.
    pub(super) fn set(&mut self, address: IpAddr, now: i64) {
        (self.address, self.set_at, self.verified) = (Some(address), Some(now), None);
        self.answered();
    }

    fn answered(&mut self) {
        (self.failed, self.next, self.unseen, self.verify_next) = (0, 0, 0, 0);
        self.why.clear();
    }

    /// The provider did not do it.
    pub(super) fn failed(&mut self, why: &Trouble, now: i64) {
        let wait = match why {
            Trouble::Busy { after } => i64::from(*after).clamp(AGAIN_SECONDS, BUSY_SECONDS_MAX),
            _ => AGAIN_SECONDS.saturating_mul(1 << self.failed.min(10)).min(AGAIN_SECONDS_MAX),
        };
        self.failed = self.failed.saturating_add(1);
        self.next = now.saturating_add(wait);
        self.why = why.to_string();
    }

    /// The zone's servers show it.
    pub(super) fn seen(&mut self, now: i64) {
        (self.verified, self.unseen, self.verify_next) = (Some(now), 0, 0);
        self.why.clear();
    }

    /// They do not.
    pub(super) fn unseen(&mut self, why: String, now: i64) {
        let wait = UNSEEN_SECONDS.saturating_mul(1 << self.unseen.min(10)).min(UNSEEN_SECONDS_MAX);
        (self.verified, self.why) = (None, why);
        self.unseen = self.unseen.saturating_add(1);
        self.verify_next = now.saturating_add(wait);
    }

    /// Whether the provider may be asked. A clock that went back does not make it wait for longer than it ever would.
    pub(super) const fn may(&self, now: i64) -> bool {
        now >= self.next || self.next - now > BUSY_SECONDS_MAX
    }

    /// The same of the zone's servers.
    pub(super) const fn may_verify(&self, now: i64) -> bool {
        now >= self.verify_next || self.verify_next - now > UNSEEN_SECONDS_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_wait_longer_each_time_and_a_provider_may_ask_for_more() {
        let (mut memory, mut now, mut waits) = (Memory::default(), 1_000_000, Vec::new());
        for _ in 0..9 {
            memory.failed(&Trouble::Unreachable("no route".into()), now);
            assert!(!memory.may(now));
            waits.push(memory.next - now);
            now = memory.next;
            assert!(memory.may(now));
        }
        assert_eq!(waits, [60, 120, 240, 480, 960, 1_920, 3_600, 3_600, 3_600]);
        memory.failed(&Trouble::Busy { after: 7_200 }, now);
        assert_eq!(memory.next - now, 7_200);
        assert!(memory.may(now - 30 * 86_400), "a clock that went back");
        memory.found("203.0.113.7".parse().unwrap());
        assert_eq!((memory.failed, memory.why.as_str(), memory.may(0)), (0, "", true));
    }

    #[test]
    fn a_stop_while_it_is_asked_counts_as_a_failure() {
        let before = Memory::default();
        let intended = before.intended(100);
        assert!(!intended.may(159) && intended.may(160) && intended.why.contains("stopped"));
    }

    #[test]
    fn servers_are_asked_ever_more_rarely_for_what_they_do_not_show() {
        let (mut memory, mut now, mut waits) = (Memory::default(), 0, Vec::new());
        memory.set("203.0.113.7".parse().unwrap(), now);
        assert!(memory.may_verify(now), "at once");
        for _ in 0..8 {
            memory.unseen("ns1 shows another".into(), now);
            waits.push(memory.verify_next - now);
            now = memory.verify_next;
        }
        assert_eq!(waits, [15, 30, 60, 120, 240, 480, 900, 900]);
        memory.seen(now);
        assert_eq!((memory.verified, memory.why.as_str()), (Some(now), ""));
    }

    #[test]
    fn another_configuration_begins_anew_and_absence_is_counted_from_its_first_moment() {
        let mut memory = Memory { failed: 3, ..Memory::default() }.under("a");
        assert_eq!(memory.failed, 0);
        memory.hear(true, 10);
        memory.hear(true, 20);
        assert_eq!(memory.absent_since, Some(10));
        memory.hear(false, 30);
        assert_eq!(memory.clone().under("a").absent_since, None);
    }
}
