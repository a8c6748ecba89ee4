//! A wrapper that tries again when a store fails for a reason that may pass.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::time::Duration;

use crate::limits::{COMPARE_BYTES, RETRY_BUSY_AHEAD, RETRY_WAIT_MAX, RETRY_WAIT_MIN};
use crate::{Body, Entry, Error, Kind, Result, SpoolFile, Store};

/// Waits between two tries; given from outside, so that tests do not sleep.
type Sleeper = Box<dyn Fn(Duration) + Send + Sync>;

/// Tries a call again after `Kind::Io` and `Kind::Busy`, waiting twice as long each time.
pub struct Retry<S> {
    inner: S,
    tries: u32,
    sleep: Sleeper,
}

impl<S> fmt::Debug for Retry<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retry").field("tries", &self.tries).finish_non_exhaustive()
    }
}

impl<S: Store> Retry<S> {
    /// At most `tries` tries in all for each call to `inner`.
    pub fn new(inner: S, tries: u32, sleep: impl Fn(Duration) + Send + Sync + 'static) -> Self {
        Self { inner, tries, sleep: Box::new(sleep) }
    }

    /// The store underneath.
    pub fn inner(&self) -> &S {
        &self.inner
    }

    /// `call` is told the number of failures before.
    fn again<T>(&self, mut call: impl FnMut(u32) -> Result<T>) -> Result<T> {
        let mut failed = 0;
        loop {
            match call(failed) {
                Err(err) if may_pass(err.kind) && failed + 1 < self.tries => {
                    (self.sleep)(wait(err.kind, failed));
                    failed += 1;
                }
                done => return done,
            }
        }
    }

    /// Whether `name` is what an earlier try of ours left: exactly `body`.
    fn is_ours(&self, name: &str, body: Body<'_>) -> Result<bool> {
        let len = body.len()?;
        if self.stat(name)? != len {
            return Ok(false);
        }
        let (mut theirs, mut ours) = (vec![0; COMPARE_BYTES], vec![0; COMPARE_BYTES]);
        let mut offset = 0;
        while offset < len {
            let want = usize::try_from(len - offset).unwrap_or(usize::MAX).min(COMPARE_BYTES);
            body.read_at(offset, &mut ours[..want])?;
            self.get(name, offset, &mut theirs[..want])?;
            if ours[..want] != theirs[..want] {
                return Ok(false);
            }
            offset += want as u64;
        }
        Ok(true)
    }
}

/// Whether the same call may do later.
pub(crate) fn may_pass(kind: Kind) -> bool {
    matches!(kind, Kind::Io | Kind::Busy)
}

/// How long to wait after so many failures before; longer where patience was asked for.
pub(crate) fn wait(kind: Kind, failed: u32) -> Duration {
    let failed = if kind == Kind::Busy { failed + RETRY_BUSY_AHEAD } else { failed };
    RETRY_WAIT_MIN.saturating_mul(1 << failed.min(16)).min(RETRY_WAIT_MAX)
}

/// Between half of `wait` and all of it, by chance: many that were refused at one moment do not come back at one moment.
#[must_use]
pub fn jittered(wait: Duration) -> Duration {
    let chance = RandomState::new().hash_one(std::process::id()) % 1024;
    wait.mul_f64(0.5 + chance as f64 / 2048.0)
}

impl<S: Store> Store for Retry<S> {
    fn put(&self, name: &str, body: Body<'_>) -> Result<()> {
        let mut failures = 0;
        let done = self.again(|failed| {
            failures = failed;
            self.inner.put(name, body)
        });
        match done {
            // Perhaps an earlier try got through and only its answer was lost.
            Err(err) if err.kind == Kind::Exists && failures > 0 && !self.is_ours(name, body)? => Err(err),
            Err(err) if err.kind == Kind::Exists && failures > 0 => Ok(()),
            done => done,
        }
    }

    fn sync(&self) -> Result<()> {
        self.again(|_| self.inner.sync())
    }

    fn get(&self, name: &str, offset: u64, buf: &mut [u8]) -> Result<()> {
        self.again(|_| self.inner.get(name, offset, buf))
    }

    /// Tried again only while nothing was listed yet: `each` must not see an object twice.
    fn list(&self, prefix: &str, each: &mut dyn FnMut(&Entry) -> Result<()>) -> Result<()> {
        let mut begun = false;
        let mut result = Ok(());
        self.again(|_| {
            result = self.inner.list(prefix, &mut |entry| {
                begun = true;
                each(entry)
            });
            match &result {
                Err(err) if may_pass(err.kind) && !begun => Err(Error::clone(err)),
                _ => Ok(()),
            }
        })?;
        result
    }

    fn stat(&self, name: &str) -> Result<u64> {
        self.again(|_| self.inner.stat(name))
    }

    /// `Kind::NotFound` only from a first try: after a failed one nobody can tell who deleted it.
    fn delete(&self, name: &str) -> Result<()> {
        self.again(|failed| match self.inner.delete(name) {
            Err(err) if err.kind == Kind::NotFound && failed > 0 => Ok(()),
            done => done,
        })
    }

    fn spool(&self, fallback: &Path) -> Result<SpoolFile> {
        self.inner.spool(fallback)
    }

    fn free(&self) -> Result<Option<u64>> {
        self.again(|_| self.inner.free())
    }

    fn only_adds(&self) -> Result<bool> {
        self.again(|_| self.inner.only_adds())
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
