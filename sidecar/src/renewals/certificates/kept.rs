//! What is remembered of a certificate over a restart beside the certificate itself: when the authority wants to be asked,
//! and how often ordering failed, so that a program that starts again and again is not counted as a flood.

use std::path::Path;

use atalaya_acme::Failed;
use atalaya_renew::when::Window;
use serde::{Deserialize, Serialize};

use crate::private_file::{read_value, replace_value};

/// After a failure it is tried again after so many seconds, then twice as many, up to a day.
const AGAIN_SECONDS: i64 = 600;
const AGAIN_SECONDS_MAX: i64 = 86_400;
/// An authority may have itself left alone for so long.
const BUSY_SECONDS_MAX: i64 = 7 * 86_400;
/// Between two certificates: whatever makes one due at once makes the next due as well.
const APART_SECONDS: i64 = 3_600;

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
        *self = Self { next: now.saturating_add(APART_SECONDS), reload: self.reload, ..Self::default() };
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
        std::fs::write(folder.join("nas.json"), "{").unwrap();
        assert_eq!(Kept::read(folder, "nas"), Kept::default());
    }
}
