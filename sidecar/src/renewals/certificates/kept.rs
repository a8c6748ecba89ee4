//! What is remembered of a certificate over a restart beside the certificate itself: when the authority wants to be asked,
//! and how often ordering failed, so that a program that starts again and again is not counted as a flood.

use std::path::Path;

use atalaya_acme::{Chain, Failed};
use atalaya_renew::when::Window;
use serde::{Deserialize, Serialize};

use crate::private_file::{read_value, replace_value};
use crate::tower::Request;

/// After a failure it is tried again after so many seconds, then twice as many, up to a day.
const AGAIN_SECONDS: i64 = 600;
const AGAIN_SECONDS_MAX: i64 = 86_400;
/// An authority may have itself left alone for so long.
const BUSY_SECONDS_MAX: i64 = 7 * 86_400;
/// Of one certificate in [`OFTEN_SECONDS`]: one fewer than Let's Encrypt signs for the same names. It is for a node that asks
/// again and again.
const OFTEN: usize = 4;
const OFTEN_SECONDS: i64 = 7 * 86_400;
/// One that was sent to its node is sent again after so many seconds, then twice as many, up to six hours.
const SENT_SECONDS: i64 = 60;
const SENT_SECONDS_MAX: i64 = 6 * 3_600;
/// Between two certificates: whatever makes one due at once makes the next due as well.
const APART_SECONDS: i64 = 3_600;

/// A certificate that a node may still have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Known {
    pub(super) fingerprint: String,
    pub(super) begun: i64,
    pub(super) ends: i64,
}

/// See the module. What cannot be read is begun anew: nothing depends on it but politeness.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Kept {
    /// In which span the authority wants to be asked for the certificate of this fingerprint.
    pub(super) window: Option<Window>,
    pub(super) fingerprint: String,
    /// When it is asked about that again, in seconds since 1970.
    pub(super) ask_again: i64,
    /// Failures in a row.
    pub(super) failed: u32,
    /// Not before.
    pub(super) next: i64,
    /// It is in its place, and its service was not yet made to read it.
    pub(super) reload: bool,
    /// Why it failed the last time.
    pub(super) why: String,
    /// When the last ones were issued.
    pub(super) issued: Vec<i64>,
    /// How often it was sent to its node, and when it is sent again.
    pub(super) sent: u32,
    pub(super) send_again: i64,
    /// What was issued last, and what the node has: the newest last.
    pub(super) known: Vec<Known>,
}

impl Kept {
    /// Of the certificate that is called so.
    pub(super) fn read(folder: &Path, name: &str) -> Self {
        read_value(folder, &format!("{name}.json"))
    }

    /// On the disk when this returns, or said that it is not.
    pub(super) fn write(&self, folder: &Path, name: &str) {
        if let Err(why) = replace_value(folder, &format!("{name}.json"), self) {
            tracing::warn!(%why, certificate = name, "cannot keep how far a certificate is");
        }
    }

    /// It was ordered and not had.
    pub(super) fn fail(&mut self, why: &Failed, now: i64) {
        let wait = AGAIN_SECONDS.saturating_mul(1 << self.failed.min(10)).min(AGAIN_SECONDS_MAX);
        let wait = match why {
            Failed::Busy { after, .. } => i64::from(*after).clamp(AGAIN_SECONDS, BUSY_SECONDS_MAX),
            // It goes on where it is, and costs nothing.
            Failed::Pending(_) => 60,
            _ => wait,
        };
        self.next = now.saturating_add(wait);
        self.failed = self.failed.saturating_add(1);
        self.why = why.to_string();
    }

    /// There is another one. What is to be read again is remembered until that was done.
    pub(super) fn succeed(&mut self, now: i64) {
        let (mut issued, known) = (std::mem::take(&mut self.issued), std::mem::take(&mut self.known));
        issued.retain(|at| (0..OFTEN_SECONDS).contains(&(now - at)));
        issued.push(now);
        let next = now.saturating_add(APART_SECONDS);
        *self = Self { next, reload: self.reload, issued, known, ..Self::default() };
    }

    /// Whether there were so many that no other is ordered for some days.
    pub(super) fn is_often(&self, now: i64) -> bool {
        self.issued.iter().filter(|at| (0..OFTEN_SECONDS).contains(&(now - *at))).count() >= OFTEN
    }

    /// It is on its way to its node.
    pub(super) fn sent(&mut self, now: i64) {
        let wait = SENT_SECONDS.saturating_mul(1 << self.sent.min(16)).min(SENT_SECONDS_MAX);
        (self.sent, self.send_again) = (self.sent.saturating_add(1), now.saturating_add(wait));
    }

    /// Whether it may be sent.
    pub(super) const fn may_send(&self, now: i64) -> bool {
        now >= self.send_again || self.send_again - now > SENT_SECONDS_MAX
    }

    /// Remembers what the node may have: what it says it has, and what was issued last.
    pub(super) fn know(&mut self, issued: Option<&Chain>, request: Option<&Request>) {
        self.known.retain(|known| request.is_some_and(|request| request.installed == known.fingerprint));
        if let Some(chain) =
            issued.filter(|chain| self.known.iter().all(|known| known.fingerprint != chain.fingerprint))
        {
            let Chain { fingerprint, begun, ends, .. } = chain.clone();
            self.known.push(Known { fingerprint, begun, ends });
        }
    }

    /// Whether it may be ordered. A clock that went back does not make it wait for longer than it ever would.
    pub(super) const fn may(&self, now: i64) -> bool {
        now >= self.next || self.next - now > BUSY_SECONDS_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_arrive_is_sent_ever_more_rarely() {
        let (mut now, mut kept, mut waits) = (1_000_000, Kept::default(), Vec::new());
        for _ in 0..12 {
            assert!(kept.may_send(now));
            kept.sent(now);
            assert!(!kept.may_send(now) && kept.may_send(now - 86_400), "a clock that went back");
            waits.push(kept.send_again - now);
            now = kept.send_again;
        }
        assert!(waits.is_sorted() && waits[0] == 60 && waits[11] == 6 * 3_600, "{waits:?}");
        kept.succeed(now);
        assert!(kept.may_send(now), "another one");
    }

    #[test]
    fn failures_wait_longer_each_time_and_over_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let (mut now, mut kept, mut waits) = (1_000_000, Kept::read(folder, "nas"), Vec::new());
        for _ in 0..12 {
            kept.fail(&Failed::NotProved("no record".into()), now);
            kept.write(folder, "nas");
            kept = Kept::read(folder, "nas");
            assert!(!kept.may(now));
            waits.push(kept.next - now);
            now = kept.next;
            assert!(kept.may(now));
        }
        assert!(waits.is_sorted() && waits[0] == 600 && waits[11] == 86_400, "{waits:?}");
        assert!(kept.may(now - 20 * 86_400), "a clock that went back");
        kept.fail(&Failed::Busy { after: 7_200, why: String::new() }, now);
        assert_eq!(kept.next - now, 7_200);
        kept.fail(&Failed::Busy { after: 200_000, why: String::new() }, now);
        assert!(!kept.may(now + 60), "more than a day is more than a day");
        kept.reload = true;
        kept.succeed(now);
        assert!(!kept.may(now + 60) && kept.reload && kept.failed == 0, "never one after the other");
        let week = 7 * 86_400;
        for _ in 0..3 {
            assert!(!kept.is_often(now));
            kept.succeed(now);
        }
        assert!(kept.is_often(now + week - 1) && !kept.is_often(now + week) && !kept.is_often(now - 1));
        std::fs::write(folder.join("nas.json"), "{").unwrap();
        assert_eq!(Kept::read(folder, "nas"), Kept::default());
    }
}
