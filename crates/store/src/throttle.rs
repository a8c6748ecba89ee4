//! A wrapper that lets only so many bytes a second in, so that a backup leaves room on the line and on the disk.

use std::fmt;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use crate::{Body, Entry, Result, SpoolFile, Store, locked};

/// What time it is, and waiting; given from outside, so that tests do not sleep.
pub trait Pace: Send + Sync {
    /// Time since any moment, by a clock that never jumps.
    fn now(&self) -> Duration;
    /// Waits.
    fn sleep(&self, time: Duration);
}

/// Delays each `put` until those before it had the time that the rate gives them. An object is put at once and paid for
/// by the next one: over minutes the rate holds, within one object it does not.
pub struct Throttle<S, P> {
    inner: S,
    pace: P,
    bytes_per_second: u64,
    /// When everything so far is paid for.
    paid: Mutex<Duration>,
}

impl<S, P> fmt::Debug for Throttle<S, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Throttle").field("bytes_per_second", &self.bytes_per_second).finish_non_exhaustive()
    }
}

impl<S: Store, P: Pace> Throttle<S, P> {
    /// At most `bytes_per_second`, one at least.
    pub fn new(inner: S, bytes_per_second: u64, pace: P) -> Self {
        Self { inner, pace, bytes_per_second: bytes_per_second.max(1), paid: Mutex::new(Duration::ZERO) }
    }

    /// Waits until what was put before is paid for, and owes `bytes` more.
    fn pay(&self, bytes: u64) {
        let cost = Duration::from_nanos((u128::from(bytes) * 1_000_000_000 / u128::from(self.bytes_per_second)) as u64);
        let now = self.pace.now();
        let wait = {
            let mut paid = locked(&self.paid);
            let wait = paid.saturating_sub(now);
            *paid = (*paid).max(now) + cost;
            wait
        };
        if !wait.is_zero() {
            self.pace.sleep(wait);
        }
    }
}

impl<S: Store, P: Pace> Store for Throttle<S, P> {
    fn put(&self, name: &str, body: Body<'_>) -> Result<()> {
        self.pay(body.len()?);
        self.inner.put(name, body)
    }

    fn sync(&self) -> Result<()> {
        self.inner.sync()
    }

    fn get(&self, name: &str, offset: u64, buf: &mut [u8]) -> Result<()> {
        self.inner.get(name, offset, buf)
    }

    fn list(&self, prefix: &str, each: &mut dyn FnMut(&Entry) -> Result<()>) -> Result<()> {
        self.inner.list(prefix, each)
    }

    fn stat(&self, name: &str) -> Result<u64> {
        self.inner.stat(name)
    }

    fn delete(&self, name: &str) -> Result<()> {
        self.inner.delete(name)
    }

    fn spool(&self, fallback: &Path) -> Result<SpoolFile> {
        self.inner.spool(fallback)
    }

    fn free(&self) -> Result<Option<u64>> {
        self.inner.free()
    }

    fn only_adds(&self) -> Result<bool> {
        self.inner.only_adds()
    }

    fn puts_at_once(&self) -> usize {
        self.inner.puts_at_once()
    }

    fn rest(&self) {
        self.inner.rest();
    }

    fn place(&self) -> String {
        self.inner.place()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::LocalStore;

    /// A clock that moves by sleeping.
    #[derive(Default)]
    struct Still(Mutex<Duration>);

    impl Pace for Arc<Still> {
        fn now(&self) -> Duration {
            *locked(&self.0)
        }

        fn sleep(&self, time: Duration) {
            *locked(&self.0) += time;
        }
    }

    #[test]
    fn the_rate_holds_over_many_objects() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(Still::default());
        let store = Throttle::new(LocalStore::create(&folder.path().join("s")).unwrap(), 1000, clock.clone());
        for number in 0..20 {
            store.put(&format!("a/{number}"), Body::Bytes(&[0; 500])).unwrap();
        }
        // The last one is not paid for yet.
        assert_eq!(clock.now(), Duration::from_millis(19 * 500));
        // What was not used is not saved up.
        clock.sleep(Duration::from_secs(3600));
        store.put("b/1", Body::Bytes(&[0; 2000])).unwrap();
        let before = clock.now();
        store.put("b/2", Body::Bytes(&[0; 1])).unwrap();
        assert_eq!(clock.now() - before, Duration::from_secs(2));
    }
}
