//! A wrapper that makes a store fail now and then, as a seed says.

use std::path::Path;
use std::sync::Mutex;

use crate::rng::Rng;
use crate::{Body, Entry, Error, Kind, Result, SpoolFile, Store, locked};

/// How often, in calls of a thousand.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rates {
    /// The call fails and nothing happened.
    pub before: u16,
    /// The call fails, but what it was to do is done.
    pub after: u16,
}

/// Passes calls on, except for those that fail with `Kind::Io`.
#[derive(Debug)]
pub struct Fault<S> {
    inner: S,
    rates: Rates,
    rng: Mutex<Rng>,
    /// Calls about other objects never fail.
    only: Option<String>,
}

impl<S> Fault<S> {
    /// Fails calls to `inner` at `rates`; the same seed and calls, the same failures.
    pub fn new(inner: S, rates: Rates, seed: u64) -> Self {
        Self { inner, rates, rng: Mutex::new(Rng::new(seed)), only: None }
    }

    /// A bad sector under object `name`: every read of it fails, and nothing else does.
    pub fn bad_sector(inner: S, name: &str) -> Self {
        let always = Rates { before: 1000, after: 0 };
        Self { only: Some(name.to_owned()), ..Self::new(inner, always, 0) }
    }

    /// The store underneath.
    pub fn inner(&self) -> &S {
        &self.inner
    }

    fn act<T>(&self, what: &str, name: &str, action: impl FnOnce(&S) -> Result<T>) -> Result<T> {
        self.strike(self.rates.before, what, name)?;
        let result = action(&self.inner)?;
        self.strike(self.rates.after, what, name)?;
        Ok(result)
    }

    fn strike(&self, per_mille: u16, what: &str, name: &str) -> Result<()> {
        if self.only.as_ref().is_some_and(|only| only != name || what != "get") {
            return Ok(());
        }
        if locked(&self.rng).below(1000) < usize::from(per_mille) {
            return Err(Error::new(Kind::Io, format!("{what} {name}: injected failure")));
        }
        Ok(())
    }
}

impl<S: Store> Store for Fault<S> {
    fn put(&self, name: &str, body: Body<'_>) -> Result<()> {
        self.act("put", name, |inner| inner.put(name, body))
    }
    fn sync(&self) -> Result<()> {
        self.act("sync", "", |inner| inner.sync())
    }
    fn get(&self, name: &str, offset: u64, buf: &mut [u8]) -> Result<()> {
        self.act("get", name, |inner| inner.get(name, offset, buf))
    }
    fn list(&self, prefix: &str, each: &mut dyn FnMut(&Entry) -> Result<()>) -> Result<()> {
        self.act("list", prefix, |inner| inner.list(prefix, each))
    }
    fn stat(&self, name: &str) -> Result<u64> {
        self.act("stat", name, |inner| inner.stat(name))
    }
    fn delete(&self, name: &str) -> Result<()> {
        self.act("delete", name, |inner| inner.delete(name))
    }
    fn spool(&self, fallback: &Path) -> Result<SpoolFile> {
        self.inner.spool(fallback)
    }
    fn free(&self) -> Result<Option<u64>> {
        self.inner.free()
    }
    fn place(&self) -> String {
        self.inner.place()
    }
}
